package folder

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestBackupFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"server.pem", "server-key.pem", "endpoint.db", "schedules/default.yaml", "schedules/.hidden", "other/x",
		"upgrades/channels.json", "upgrades/keys/a.pub", "upgrades/more/x"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "address")); err != nil {
		t.Log(err)
	}
	elsewhere := t.TempDir()
	if err := os.WriteFile(filepath.Join(elsewhere, "x.pem"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, filepath.Join(dir, "clients")); err != nil {
		t.Log(err)
	}
	got, err := BackupFiles(Dir(dir))
	want := []string{"server.pem", "server-key.pem", "schedules/default.yaml", "upgrades/channels.json", "upgrades/keys/a.pub"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	for name, want := range map[string]bool{"server.pem": true, "schedules/web1.yaml": true, "schedules/": false, "upgrades/keys/a.pub": true, "upgrades/more/x": false, "schedules/a/b": false,
		"schedules/..": false, "other/x": false, "../server.pem": false, "/server.pem": false, "endpoint.db": false, `schedules/a\b`: false} {
		if IsBackupFile(name, maxBackupFile) != want || IsBackupFile(name, maxBackupFile+1) {
			t.Errorf("%q: want %v, and no larger one", name, want)
		}
	}
}
