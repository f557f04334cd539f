//go:build unix

package folder

import (
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// stranger is the user id of somebody else.
const stranger = 54321

// Whoever made the keys of an endpoint could be the endpoint of every host, so init uses none that somebody
// else made or can replace.
func TestInitRefusesWhatOthersMade(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: it gives files to another user")
	}
	give := func(t *testing.T, path string) {
		t.Helper()
		if err := os.Lchown(path, stranger, stranger); err != nil {
			t.Fatal(err)
		}
	}
	for name, spoil := range map[string]func(t *testing.T, dir Dir){
		"folder":       func(t *testing.T, dir Dir) { give(t, string(dir)) },
		"parent":       func(t *testing.T, dir Dir) { give(t, filepath.Dir(string(dir))) },
		"authority":    func(t *testing.T, dir Dir) { give(t, dir.caKey()) },
		"certificate":  func(t *testing.T, dir Dir) { give(t, dir.caCert()) },
		"server's key": func(t *testing.T, dir Dir) { give(t, dir.serverKey()) },
		"schedules":    func(t *testing.T, dir Dir) { give(t, dir.SchedulesDir()) },
		"clients": func(t *testing.T, dir Dir) {
			if err := os.Mkdir(dir.clientsDir(), 0o700); err != nil {
				t.Fatal(err)
			}
			give(t, dir.clientsDir())
		},
		"link to a key": func(t *testing.T, dir Dir) {
			moved := filepath.Join(t.TempDir(), "key")
			if err := errors.Join(os.Rename(dir.serverKey(), moved), os.Symlink(moved, dir.serverKey())); err != nil {
				t.Fatal(err)
			}
			give(t, moved)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := Dir(filepath.Join(t.TempDir(), "parent", "endpoint"))
			if _, err := Init(dir, []string{"localhost"}, time.Now()); err != nil {
				t.Fatal(err)
			}
			spoil(t, dir)
			_, err := Init(dir, []string{"localhost"}, time.Now())
			var owner *OwnerError
			if !errors.As(err, &owner) || !strings.Contains(owner.Error(), "belongs to user 54321") ||
				owner.Fix != "use a folder of your own" {
				t.Errorf("got %v", err)
			}
		})
	}
}

// As root in the folder of the user that the endpoint runs as, the hint is to become that user.
func TestInitNamesTheUser(t *testing.T) {
	nobody, err := user.Lookup("nobody")
	if err != nil || os.Geteuid() != 0 {
		t.Skip("needs root and a user nobody")
	}
	uid, err := strconv.Atoi(nobody.Uid)
	if err != nil {
		t.Fatal(err)
	}
	dir := Dir(t.TempDir())
	if err := os.Chown(string(dir), uid, -1); err != nil {
		t.Fatal(err)
	}
	var owner *OwnerError
	_, err = Init(dir, []string{"localhost"}, time.Now())
	if !errors.As(err, &owner) || !strings.Contains(err.Error(), "belongs to user nobody, ") ||
		!strings.Contains(owner.Fix, "runuser -u nobody -- virgo-endpoint …") {
		t.Errorf("%v", err)
	}
}

// A folder in which others can replace the keys is none.
func TestInitRefusesWhatOthersCanReplace(t *testing.T) {
	for _, test := range []struct {
		folder, parent os.FileMode
		want           string
	}{
		{0o770, 0o755, "endpoint\" has mode 0770"},
		{0o702, 0o755, "endpoint\" has mode 0702"},
		{0o700, 0o777, "parent\" has mode 0777"},
		{0o700, 0o777 | os.ModeSticky, ""}, // as /tmp
		{0o755, 0o775, ""},                 // the group is the user's own on many systems
	} {
		dir := Dir(filepath.Join(t.TempDir(), "parent", "endpoint"))
		if _, err := Init(dir, []string{"localhost"}, time.Now()); err != nil {
			t.Fatal(err)
		}
		err := errors.Join(os.Chmod(string(dir), test.folder), os.Chmod(filepath.Dir(string(dir)), test.parent))
		if err != nil {
			t.Fatal(err)
		}
		_, err = Init(dir, []string{"localhost"}, time.Now())
		var owner *OwnerError
		if test.want == "" && err != nil || test.want != "" && (!errors.As(err, &owner) || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("modes %v and %v: %v, want %q", test.folder, test.parent, err, test.want)
		}
	}
	// A folder that is to be made.
	parent := t.TempDir()
	if err := os.Chmod(parent, 0o777); err != nil {
		t.Fatal(err)
	}
	var owner *OwnerError
	if _, err := Init(Dir(filepath.Join(parent, "a", "endpoint")), []string{"localhost"}, time.Now()); !errors.As(err, &owner) {
		t.Errorf("below a folder of everybody: %v", err)
	}
}

// What a backup has, keys among it, goes into no folder that others can change or look into.
func TestPrepare(t *testing.T) {
	for _, test := range []struct {
		name      string
		own, want os.FileMode
	}{{"new", 0, 0o700}, {"empty", 0o755, 0o700}, {"of others", 0o777, 0}} {
		dir := filepath.Join(t.TempDir(), "endpoint")
		if test.own != 0 {
			if err := errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, test.own)); err != nil {
				t.Fatal(err)
			}
		}
		err := Prepare(Dir(dir))
		var owner *OwnerError
		if test.want == 0 {
			if !errors.As(err, &owner) {
				t.Errorf("%s: %v", test.name, err)
			}
			continue
		}
		if info, statErr := os.Stat(dir); err != nil || statErr != nil || info.Mode().Perm() != test.want {
			t.Errorf("%s: %v, %v, %v", test.name, err, info, statErr)
		}
	}
}

// A service is to run no program that somebody else can replace, whatever link leads to it.
func TestCheckProgram(t *testing.T) {
	for _, test := range []struct {
		program, above os.FileMode
		group          int // that both belong to; -1 for this process's
		want           string
	}{
		{0o755, 0o755, -1, ""},
		{0o757, 0o755, -1, "program\" is writable by others (mode 0757)"},
		{0o755, 0o777, -1, "bin\" is writable by others (mode 0777)"},
		{0o755, 0o755, stranger, ""},
		{0o775, 0o755, stranger, "program\" is writable by others (mode 0775)"},
		{0o755, 0o775, stranger, "bin\" is writable by others (mode 0775)"},
	} {
		if test.group >= 0 && os.Geteuid() != 0 {
			t.Log("left out without root, which gives files to another group: ", test)
			continue
		}
		bin := filepath.Join(t.TempDir(), "bin")
		path, link := filepath.Join(bin, "program"), filepath.Join(t.TempDir(), "program")
		if err := errors.Join(os.Mkdir(bin, 0o700), os.WriteFile(path, nil, 0o755), os.Symlink(path, link),
			os.Chown(path, -1, test.group), os.Chown(bin, -1, test.group),
			os.Chmod(path, test.program), os.Chmod(bin, test.above)); err != nil {
			t.Fatal(err)
		}
		for _, p := range []string{path, link} {
			err := CheckProgram(p)
			var owner *OwnerError
			if test.want == "" && err != nil || test.want != "" && (!errors.As(err, &owner) ||
				!strings.Contains(err.Error(), test.want) || !strings.Contains(owner.Fix, "chmod go-w ") ||
				!strings.Contains(owner.Fix, "copy the program to where only root can write")) {
				t.Errorf("%q, modes %v and %v, group %d: %v, want %q", p, test.program, test.above, test.group, err, test.want)
			}
		}
	}
}
