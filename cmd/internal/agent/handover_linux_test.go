package agent

import (
	"os"
	"path/filepath"
	"testing"
)

// The file that was checked is started, also where another one has replaced it since.
func TestStartPathIsOfTheCheckedFile(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "virgo"), filepath.Join(dir, "other")
	for name, text := range map[string]string{path: "checked", other: "other"} {
		if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := startPath(f); got != path {
		t.Errorf("starts %q, want %q, by which ps shows it", got, path)
	}
	if err := os.Rename(other, path); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(startPath(f))
	if string(got) != "checked" || err != nil {
		t.Errorf("starts a program with the text %q (%v)", got, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(startPath(f)); string(got) != "checked" || err != nil {
		t.Errorf("starts a program with the text %q (%v)", got, err)
	}
}
