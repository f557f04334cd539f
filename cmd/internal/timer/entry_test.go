package timer

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// writeProgram writes an empty program and returns its path.
func writeProgram(t *testing.T, mode os.FileMode, elements ...string) string {
	t.Helper()
	path := filepath.Join(elements...)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRunCommand(t *testing.T) {
	dir := t.TempDir()
	expect := func(virgo string, want Command) {
		t.Helper()
		if got := RunCommand(virgo); got != want {
			t.Errorf("%s: got %q, want %q", virgo, got, want)
		}
	}
	alone := writeProgram(t, 0o755, dir, "alone", "virgo")
	expect(alone, Command{alone, "run"})
	both, small := writeProgram(t, 0o755, dir, "both", "virgo"), writeProgram(t, 0o755, dir, "both", runProgram)
	expect(both, Command{Program: small})
	folder := writeProgram(t, 0o755, dir, "folder", "virgo")
	if err := os.Mkdir(filepath.Join(dir, "folder", runProgram), 0o755); err != nil {
		t.Fatal(err)
	}
	expect(folder, Command{folder, "run"})
	expect(filepath.Join(dir, "gone", "virgo"), Command{filepath.Join(dir, "gone", "virgo"), "run"})
	if runtime.GOOS == "windows" {
		return // which has no mode for programs, and links for administrators only
	}
	data := writeProgram(t, 0o755, dir, "data", "virgo")
	writeProgram(t, 0o644, dir, "data", runProgram)
	expect(data, Command{data, "run"})

	// A package that links its programs into a common folder, and one whose virgo-run is not linked.
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	link := func(name, to string) string {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(bin, name)
	}
	linked := link("virgo", both)
	beside, err := filepath.EvalSymlinks(small) // the temporary folder may be a link itself
	if err != nil {
		t.Fatal(err)
	}
	expect(linked, Command{Program: beside})
	expect(linked, Command{Program: link(runProgram, small)})
	if err := os.Remove(small); err != nil {
		t.Fatal(err)
	}
	expect(linked, Command{linked, "run"}) // a link to nothing
}

// A path cannot add a line to a crontab or a unit.
func TestEntryWithoutControlCharacters(t *testing.T) {
	if err := entry.Validate(); err != nil {
		t.Error(err)
	}
	for _, word := range []string{
		"/a\n* * * * * root sh /tmp/x", "/a\rb", "/a\x1b]0;title\a", "/a\x00", "/a\x7f", "/a\u0085b", "/a\xff", "/" + strings.Repeat("a", 1000),
	} {
		for _, e := range []Entry{
			{Command: Command{Program: word}}, {Command: Command{Program: "/virgo", Subcommand: "run"}, Flags: []string{"--config=" + word}},
		} {
			err := e.Validate()
			if err == nil {
				t.Errorf("%q is valid", word)
			} else if strings.ContainsAny(err.Error(), "\n\x1b\r") {
				t.Errorf("%q: the error shows it as it is: %v", word, err)
			}
		}
	}
}
