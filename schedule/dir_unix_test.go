//go:build unix

package schedule

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"virgo/schedule/yaml"
	"virgo/schedule/yaml/full"
)

// Reading a pipe would block the run.
func TestLoadDirRejectsPipes(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "a.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, problems, err := LoadDir(dir, full.Parse)
	var e *yaml.Error
	if err != nil || len(problems) != 1 || !errors.As(problems[0].Err, &e) || s.HasValid() {
		t.Errorf("%v, problems %v, error %v", s, problems, err)
	}
}

// Others put a check into checks.d, or change one that is there: it is not read, the mistake says what to
// do, and all other checks run.
func TestLoadDirOfOthers(t *testing.T) {
	const good, evil = "id: good\ntype: agent.memory\n", "id: evil\ntype: agent.plugin\ndetails:\n  file: anything\n"
	write := func(t *testing.T, path, text string, mode os.FileMode) {
		t.Helper()
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name   string
		attack func(t *testing.T, dir string) (unsafe string)
		good   bool // the other check is still there
	}{
		{"a file that others can write to", func(t *testing.T, dir string) string {
			write(t, dir+"/evil.yaml", evil, 0o646)
			return dir + "/evil.yaml"
		}, true},
		{"a link to one", func(t *testing.T, dir string) string {
			outside, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			write(t, outside+"/evil", evil, 0o666)
			if err := os.Symlink(outside+"/evil", dir+"/evil.yaml"); err != nil {
				t.Fatal(err)
			}
			return outside + "/evil"
		}, true},
		{"a file of another user", func(t *testing.T, dir string) string {
			if os.Geteuid() != 0 {
				t.Skip("only root can give files away")
			}
			write(t, dir+"/evil.yaml", evil, 0o644)
			if err := os.Chown(dir+"/evil.yaml", 4711, 4711); err != nil {
				t.Fatal(err)
			}
			return dir + "/evil.yaml"
		}, true},
		{"the folder", func(t *testing.T, dir string) string {
			write(t, dir+"/evil.yaml", evil, 0o600)
			if err := os.Chmod(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			return dir
		}, false},
		{"the folder above", func(t *testing.T, dir string) string {
			write(t, dir+"/evil.yaml", evil, 0o600)
			if err := os.Chmod(filepath.Dir(dir), 0o777); err != nil {
				t.Fatal(err)
			}
			return filepath.Dir(dir)
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			above, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(above, "checks.d")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			write(t, dir+"/good.yaml", good, 0o600)
			unsafe := tt.attack(t, dir)
			s, problems, err := LoadDir(dir, full.Parse)
			if err != nil || len(problems) != 1 {
				t.Fatalf("%v, problems %v", err, problems)
			}
			found := make(map[string]Check)
			for _, c := range s.Checks {
				found[c.ID] = c
			}
			_, hasGood := found["good"]
			if _, hasEvil := found["evil"]; hasEvil || hasGood != tt.good {
				t.Errorf("checks %v", s.Checks)
			}
			text := found[FaultsID].Fault
			which := unsafe
			if unsafe == dir || unsafe == dir+"/evil.yaml" {
				which = "it"
			}
			if !strings.Contains(text, "is not used: "+which+" ") || !strings.Contains(text, "; ch") || !strings.Contains(text, " "+unsafe) {
				t.Errorf("%q does not say what is wrong with %q", text, unsafe)
			}
		})
	}
}
