package folder

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFileSet(t *testing.T) {
	dir := Dir(t.TempDir())
	set := dir.RuleFiles()
	if names, err := set.Names(); err != nil || len(names) != 0 {
		t.Errorf("no folder: %q, %v", names, err)
	}
	if _, err := set.Read("web"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	for _, name := range []string{"web", "db.1"} {
		if err := set.Write(name, []byte("[]\n")); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir.AlarmsDir(), "README"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if names, err := set.Names(); err != nil || !slices.Equal(names, []string{"db.1", "web"}) {
		t.Errorf("%q, %v", names, err)
	}
	if data, err := set.Read("web"); err != nil || string(data) != "[]\n" {
		t.Errorf("%q, %v", data, err)
	}
	if err := set.Remove("web"); err != nil {
		t.Error(err)
	}
	if err := set.Remove("web"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removed twice: %v", err)
	}
}

// No name leads out of the folder, and none is that of a hidden file.
func TestFileSetNames(t *testing.T) {
	set := Dir(t.TempDir()).ScheduleFiles()
	for _, name := range []string{"", ".", "..", "../x", "a/b", `a\b`, ".hidden", "a b", "ä", "a\x00", strings.Repeat("x", 251)} {
		_, read := set.Read(name)
		if err := set.Write(name, nil); !errors.Is(err, ErrBadFileName) || !errors.Is(read, ErrBadFileName) || !errors.Is(set.Remove(name), ErrBadFileName) {
			t.Errorf("%q: %v, %v", name, err, read)
		}
	}
	if names, err := set.Names(); err != nil || len(names) > 0 {
		t.Errorf("%q, %v", names, err)
	}
}

// What is checked before it is written is what a file is checked for.
func TestCheckBytes(t *testing.T) {
	for text, want := range map[string]string{
		"- {id: a, type: agent.cpu}\n":                                 "",
		"- {id: a, type: agent.cpu}\n- {id: b, type: agent.nothing}\n": "new.yaml:2",
		"": "the file is empty", "- {id: a, typ: agent.cpu}\n": "no check of new.yaml can run",
		strings.Repeat("#", MaxScheduleBytes+1): "larger than",
	} {
		mistakes, err := CheckBytes("new.yaml", []byte(text))
		got := ""
		if err != nil {
			got = err.Error()
		} else if len(mistakes) > 0 {
			got = Describe(mistakes[0])
		}
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%.40q: %q, want %q", text, got, want)
		}
	}
}
