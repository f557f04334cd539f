package spool

import (
	"testing"

	"virgo/spool/winetest"
)

// Everything that replaces the file, or locks it, is different on Windows.
func TestUnderWine(t *testing.T) {
	winetest.RunTests(t, "TestSeveralProcesses|TestKilled(WhileReplacing|AtEachHook)|TestFile(Shrinks|InUseIsReplacedLater)|"+
		"TestEarlierVersionWritesMeanwhile|TestFailedRepairIsRepeated|TestReplacedAfterPanic|TestView(CreatesNoLock|)|"+
		"Test(Marker|Unknown|Repair|Damaged|Unstored|Wait|Deliver|DiskError|EmptyFile|Retry).*")
}
