package schedule

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"virgo/schedule/strictyaml"
)

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLoadDir(t *testing.T) {
	dir := folder(t, map[string]string{
		"20-b.yaml":       "- id: b\n  type: t\n- id: c\n  type: t\n",
		"10-a.yaml":       "id: a\ntype: t\n",
		"30-none.yaml":    "# nothing\n",
		".hidden.yaml":    "not: taken\n",
		"README":          "not taken",
		"a.yaml~":         "not: taken\n",
		"sub.yaml/x.yaml": "not: taken\n",
	})
	s, err := LoadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range s.Checks {
		got = append(got, c.ID)
	}
	if strings.Join(got, " ") != "a b c" {
		t.Errorf("checks %v", got)
	}
}

func TestLoadDirThatIsNotThere(t *testing.T) {
	s, err := LoadDir(filepath.Join(t.TempDir(), "no", "such"))
	if err != nil || len(s.Checks) != 0 {
		t.Errorf("%v, %v", s, err)
	}
}

func TestLoadDirIsStrict(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"a mistake", map[string]string{"a.yaml": "id: a\ntype: t\n", "b.yaml": "id: b\ntpye: t\n"}, `b.yaml:2: unknown key "tpye"`},
		{"an id of two files", map[string]string{"a.yaml": "- id: x\n  type: t\n- id: y\n  type: t\n", "b.yaml": "\nid: y\ntype: t\n"}, `b.yaml:2: check "y": id is given twice, first in `},
		{"a file that would be passed over", map[string]string{"a.yml": "id: x\ntype: t\n"}, "a.yml: only files named *.yaml are read"},
		{"too large", map[string]string{"a.yaml": strings.Repeat("#\n", strictyaml.MaxBytes/2+1)}, "a.yaml: larger than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := LoadDir(folder(t, c.files))
			var e *strictyaml.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestLoadDirOfAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadDir(path); err == nil {
		t.Error("a file is taken for a folder")
	}
}

func TestLoadFile(t *testing.T) {
	dir := folder(t, map[string]string{"a.yaml": "id: a\ntype: t\n"})
	if checks, err := LoadFile(filepath.Join(dir, "a.yaml")); err != nil || len(checks) != 1 {
		t.Errorf("%v, %v", checks, err)
	}
	if _, err := LoadFile(filepath.Join(dir, "b.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	if _, err := LoadFile(dir); err == nil {
		t.Error("a folder is taken for a file")
	}
}
