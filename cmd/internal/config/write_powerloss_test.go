package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"virgo/spool/fsynctest"
)

// writeVariable holds the path at which the test binary, as its own child, writes a configuration.
const writeVariable = "VIRGO_TEST_WRITE_CONFIG"

// TestWriteChild is the child of TestWriteSurvivesPowerLoss and does nothing by itself.
func TestWriteChild(t *testing.T) {
	path := os.Getenv(writeVariable)
	if path == "" {
		return
	}
	c := defaults(nil)
	c.Endpoints = []string{"a:1"}
	for range 2 { // a new file, then one that is replaced
		if err := c.Write(path); err != nil {
			t.Fatal(err)
		}
		fmt.Println("written")
	}
}

func TestWriteSurvivesPowerLoss(t *testing.T) {
	fsynctest.Need(t)
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, "etc", "virgo", "virgo.yaml")
	trace := fsynctest.Run(t, fsynctest.Child(t, "TestWriteChild", writeVariable, path), root)
	for _, fault := range trace.Faults {
		t.Error(fault)
	}
	if trace.Lines < 2 {
		t.Errorf("%d lines: the child did not write twice", trace.Lines)
	}
	if !slices.Equal(trace.Renamed, []string{path, path}) {
		t.Errorf("renamed %q, want %q twice", trace.Renamed, path)
	}
	for _, dir := range []string{filepath.Dir(path), filepath.Dir(filepath.Dir(path))} {
		if !slices.Contains(trace.Created, dir) {
			t.Errorf("%s is not among the created %q", dir, trace.Created)
		}
	}
}
