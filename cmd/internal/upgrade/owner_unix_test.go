//go:build unix

package upgrade

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Only programs of this process's user, which nobody else can change, are replaced by a run.
func TestCheckOwn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(bin string) error
		want   string
	}{
		"as installed":      {func(string) error { return nil }, ""},
		"without virgo-run": {func(bin string) error { return os.Remove(filepath.Join(bin, "virgo-run")) }, ""},
		"of another user":   {func(bin string) error { return os.Chown(filepath.Join(bin, "virgo-run"), 12345, -1) }, "belongs to user 12345"},
		"in a folder of another user": {func(bin string) error {
			return os.Chown(bin, 12345, -1)
		}, "belongs to user 12345"},
		"that everybody can change":             {func(bin string) error { return os.Chmod(filepath.Join(bin, "virgo"), 0o777) }, "writable by others"},
		"in a folder that everybody can change": {func(bin string) error { return os.Chmod(bin, 0o777) }, "writable by others"},
		"missing":                               {os.RemoveAll, "no such file"},
	} {
		bin := installation(t, "0.1.0-aaaaaaa")
		if strings.Contains(name, "another user") && os.Geteuid() != 0 {
			continue
		}
		if err := tt.change(bin); err != nil {
			t.Fatal(err)
		}
		p := Find(filepath.Join(bin, "virgo"), "0.1.0-aaaaaaa")
		if err := p.CheckOwn(); (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	// Programs of root are no mistake for the runs of another user, and not theirs to replace.
	if err := Find(filepath.Join(installation(t, "0.1.0-aaaaaaa"), "virgo"), "0.1.0-aaaaaaa").checkOwn(12345); err == nil || !strings.Contains(err.Error(), "runs are made by user 12345") {
		t.Error(err)
	}
	// After the first upgrade, the folder of the version is what is replaced.
	bin := installation(t, "0.1.0-aaaaaaa")
	p := place(t, bin, "0.1.0-aaaaaaa")
	release, err := p.Lock()
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if _, err := p.Add(archive(t, "0.2.0-bbbbbbb")); err != nil {
		t.Fatal(err)
	}
	if err := p.Switch("0.2.0-bbbbbbb"); err != nil {
		t.Fatal(err)
	}
	p = place(t, bin, "0.2.0-bbbbbbb")
	if err := p.CheckOwn(); err != nil {
		t.Error(err)
	}
	if err := os.Chmod(filepath.Join(p.Lib, versionsFolder, "0.2.0-bbbbbbb", "virgo-run"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := p.CheckOwn(); err == nil {
		t.Error("a version that everybody can change is replaced")
	}
}
