package atomicfile

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"virgo/spool/fsynctest"
)

// dirVariable holds the folder in which the test binary, as its own child, writes files.
const dirVariable = "VIRGO_TEST_ATOMICFILE"

// TestPowerLossChild is the child of TestPowerLoss and does nothing by itself.
func TestPowerLossChild(t *testing.T) {
	root := os.Getenv(dirVariable)
	if root == "" {
		return
	}
	dir := filepath.Join(root, "new", "folder")
	if err := MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	fmt.Println("created the folder")
	if err := create(t, filepath.Join(dir, "placed"), "text").Place(); err != nil {
		t.Fatal(err)
	}
	fmt.Println("placed a file")
	if err := create(t, filepath.Join(dir, "placed"), "other").Replace(); err != nil {
		t.Fatal(err)
	}
	fmt.Println("replaced a file")
}

func TestPowerLoss(t *testing.T) {
	fsynctest.Need(t)
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	trace := fsynctest.Run(t, fsynctest.Child(t, "TestPowerLossChild", dirVariable, root), root)
	for _, fault := range trace.Faults {
		t.Error(fault)
	}
	if trace.Lines < 3 {
		t.Errorf("%d lines: the child did not do all steps", trace.Lines)
	}
	if want := filepath.Join(root, "new", "folder", "placed"); !slices.Equal(trace.Renamed, []string{want}) {
		t.Errorf("renamed %q, want %q", trace.Renamed, want)
	}
}
