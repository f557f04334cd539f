package upgrade

import (
	"testing"

	"virgo/spool/winetest"
)

func TestUnderWine(t *testing.T) { winetest.RunTests(t, "TestSwitchOnWindows|TestPackAndOpen") }
