//go:build unix

package policy

import (
	"os"
	"path/filepath"
	"testing"
)

// A path is decided on by where it leads, also if nothing is there.
func TestResolve(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{
		"absolute": filepath.Join(dir, "file"), "relative": "./file", "gone": "/none/such", "chain": "gone", "up": "..", "loop": "loop",
		"there": "here", "here": "there",
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	base := filepath.Base(dir)
	for path, want := range map[string]string{
		"file": dir + "/file", "absolute": dir + "/file", "relative": dir + "/file", "gone": "/none/such", "chain": "/none/such",
		"none": dir + "/none", "none/deeper": dir + "/none/deeper", "chain/x": "/none/such/x", "up/" + base + "/file": dir + "/file",
		"file/below": dir + "/file/below", "up/" + base + "/chain": "/none/such",
	} {
		if got, err := resolve(filepath.Join(dir, path), 0); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", path, got, err, want)
		}
	}
	for _, path := range []string{"loop", "there", "loop/x"} {
		if got, err := resolve(filepath.Join(dir, path), 0); err == nil {
			t.Errorf("%s: %s", path, got)
		}
	}
	if path, err := (*Guard)(nil).Resolve("/a/../b"); err != nil || path != "/a/../b" {
		t.Errorf("without a guard: %s, %v", path, err)
	}
}
