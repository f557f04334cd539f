package scriptbundle

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"virgo/collect/collecttest"
)

// TestRealPrograms shows that the usual programs open a bundle.
func TestRealPrograms(t *testing.T) {
	path := filepath.Join(t.TempDir(), "standard-1.4.0.zip")
	if err := os.WriteFile(path, buildSample(t), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		program, debian string
		args            []string
		want            string
	}{
		{"unzip", "unzip", []string{"-t", path}, "No errors detected"},
		{"python3", "python3", []string{"-c", "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\nprint(z.testzip(), *z.namelist())", path}, "None manifest.json containers.lua"},
	} {
		program := collecttest.Program(t, c.program, c.debian)
		out, err := exec.Command(program, c.args...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), c.want) {
			t.Errorf("%s: %v: %s", c.program, err, out)
		}
	}
}
