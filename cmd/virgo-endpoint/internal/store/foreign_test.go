package store

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/store/archive"
)

// A trigger in a backup that somebody made would run when the endpoint writes.
func TestRestoreRefusesWhatWouldRun(t *testing.T) {
	f := newHosts(t, "web1")
	f.put(2)
	f.day()
	f.put(1)
	path := filepath.Join(t.TempDir(), "backup.tar")
	if _, err := f.s.Backup(t.Context(), path, nil, f.now); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{storeName, segmentsName + "/" + segmentName(1), historyName} {
		for what, statement := range map[string]string{
			"view":    "CREATE VIEW x AS SELECT 1",
			"trigger": "CREATE TABLE t (a); CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END",
			"virtual": "CREATE VIRTUAL TABLE x USING fts5(a)",
		} {
			crafted := craft(t, path, name, statement)
			dir := filepath.Join(t.TempDir(), "restored")
			if _, err := Restore(t.Context(), crafted, dir, noOther, nil, f.now); !errors.Is(err, archive.ErrNotBackup) {
				t.Errorf("%s in %q: %v", what, name, err)
			}
			if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
				t.Errorf("%s in %q: left %v, %v", what, name, list, err)
			}
		}
	}
}

// craft is a copy of a backup in one of whose databases something was executed.
func craft(t *testing.T, path, name, statement string) string {
	t.Helper()
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	dir := filepath.Join(t.TempDir(), "crafted")
	head, err := archive.Extract(t.Context(), in, dir, func(string, int64) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	w, err := archive.Create(dir+".tar", head.Created())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	err = filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, file)
		if err == nil {
			_, err = w.AddFile(filepath.ToSlash(rel), file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	return dir + ".tar"
}
