//go:build unix

package ownership

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// stranger is a user who is neither root nor the one of this test.
const stranger = 4711

// tree makes folders and files below a new folder, whose path it returns without links.
func tree(t *testing.T, paths ...string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		path := filepath.Join(dir, p)
		if strings.HasSuffix(p, "/") {
			err = os.MkdirAll(path, 0o755)
		} else if err = os.MkdirAll(filepath.Dir(path), 0o755); err == nil {
			err = os.WriteFile(path, []byte("x"), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func chmod(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// give makes a file or link the stranger's; it skips the test where that takes root.
func give(t *testing.T, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	if err := os.Lchown(path, stranger, stranger); err != nil {
		t.Fatal(err)
	}
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name    string
		prepare func(t *testing.T, dir string)
		fault   string // the path that the fault is about; empty: none
		want    string
		fix     string
	}{
		{"nothing wrong", nil, "", "", ""},
		{"the file", func(t *testing.T, dir string) { chmod(t, dir+"/a/b/f", 0o646) }, "/a/b/f", "is writable by others (mode 0646)", "chmod go-w "},
		{"its folder", func(t *testing.T, dir string) { chmod(t, dir+"/a/b", 0o757) }, "/a/b", "is writable by others (mode 0757)", "chmod go-w "},
		{"a folder above", func(t *testing.T, dir string) { chmod(t, dir+"/a", 0o777) }, "/a", "is writable by others (mode 0777)", "chmod go-w "},
		{"a folder above, sticky", func(t *testing.T, dir string) { chmod(t, dir+"/a", 0o777|fs.ModeSticky) }, "", "", ""},
		{"its folder, sticky", func(t *testing.T, dir string) { chmod(t, dir+"/a/b", 0o777|fs.ModeSticky) }, "", "", ""},
		{"second name in a sticky folder", func(t *testing.T, dir string) {
			chmod(t, dir+"/a/b", 0o777|fs.ModeSticky)
			if err := os.Link(dir+"/a/b/f", dir+"/other"); err != nil {
				t.Fatal(err)
			}
		}, "/a/b/f", "has a second name", "cp -p "},
		{"second name elsewhere", func(t *testing.T, dir string) {
			if err := os.Link(dir+"/a/b/f", dir+"/other"); err != nil {
				t.Fatal(err)
			}
		}, "", "", ""},
		{"a stranger's file", func(t *testing.T, dir string) { give(t, dir+"/a/b/f") }, "/a/b/f", "belongs to user 4711, who could change it", "chown root "},
		{"a stranger's file in a sticky folder", func(t *testing.T, dir string) {
			chmod(t, dir+"/a/b", 0o777|fs.ModeSticky)
			give(t, dir+"/a/b/f")
		}, "/a/b/f", "belongs to user 4711", "chown root "},
		{"a stranger's folder above", func(t *testing.T, dir string) { give(t, dir+"/a") }, "/a", "belongs to user 4711", "chown root "},
		{"a stranger's sticky folder", func(t *testing.T, dir string) {
			give(t, dir+"/a")
			chmod(t, dir+"/a", 0o777|fs.ModeSticky)
		}, "/a", "belongs to user 4711", "chown root "},
		{"a strange group", func(t *testing.T, dir string) {
			if err := os.Lchown(dir+"/a", -1, stranger); err != nil {
				t.Skip("only root can give files to another group")
			}
			chmod(t, dir+"/a", 0o775)
		}, "/a", "is writable by others (mode 0775)", "chmod go-w "},
		{"no file", func(t *testing.T, dir string) { os.Remove(dir + "/a/b/f") }, "", "no such file", ""},
		{"a file on the way", func(t *testing.T, dir string) {
			os.RemoveAll(dir + "/a/b")
			os.WriteFile(dir+"/a/b", nil, 0o644)
		}, "", "not a directory", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, "a/b/f")
			if tt.prepare != nil {
				tt.prepare(t, dir)
			}
			expect(t, Check(dir+"/a/b/f"), dir, tt.fault, tt.want, tt.fix)
		})
	}
}

func expect(t *testing.T, err error, dir, path, want, fix string) {
	t.Helper()
	var fault *Fault
	if isFault := errors.As(err, &fault); isFault != (path != "") {
		t.Fatalf("%v, want a fault of %q", err, path)
	}
	if want == "" {
		if err != nil {
			t.Fatalf("%v, want nothing", err)
		}
		return
	}
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %q", err, want)
	}
	if fault != nil && (fault.Path != dir+path || !strings.HasPrefix(err.Error(), dir+path+" ") ||
		!strings.HasPrefix(fault.Hint(), fix) || !strings.Contains(fault.Hint(), dir+path)) {
		t.Errorf("%+v, want %q about %q", fault, fix, path)
	}
}

// Links are followed, and held to the rule with all folders on their way.
func TestCheckFollowsLinks(t *testing.T) {
	link := func(t *testing.T, target, path string) {
		t.Helper()
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name    string
		prepare func(t *testing.T, dir string)
		fault   string
		want    string
	}{
		{"relative", func(t *testing.T, dir string) { link(t, "../x/f", dir+"/a/f") }, "", ""},
		{"absolute", func(t *testing.T, dir string) { link(t, dir+"/x/f", dir+"/a/f") }, "", ""},
		{"of a folder", func(t *testing.T, dir string) { os.Remove(dir + "/a"); link(t, "x/./../x/", dir+"/a") }, "", ""},
		{"to an unsafe folder", func(t *testing.T, dir string) { link(t, "../x/f", dir+"/a/f"); chmod(t, dir+"/x", 0o757) }, "/x", "writable by others"},
		{"to an unsafe file", func(t *testing.T, dir string) { link(t, "../x/f", dir+"/a/f"); chmod(t, dir+"/x/f", 0o666) }, "/x/f", "writable by others"},
		{"a stranger's, where only root may make one", func(t *testing.T, dir string) { link(t, "../x/f", dir+"/a/f"); give(t, dir+"/a/f") }, "", ""},
		{"a stranger's, in a sticky folder", func(t *testing.T, dir string) {
			chmod(t, dir+"/a", 0o777|fs.ModeSticky)
			link(t, "../x/f", dir+"/a/f")
			give(t, dir+"/a/f")
		}, "/a/f", "belongs to user 4711"},
		{"in a circle", func(t *testing.T, dir string) { link(t, "f", dir+"/a/f") }, "", "too many levels"},
		{"to nothing", func(t *testing.T, dir string) { link(t, "nothing", dir+"/a/f") }, "", "no such file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, "a/", "x/f")
			tt.prepare(t, dir)
			resolved, info, err := Resolve(dir + "/a/f")
			expect(t, err, dir, tt.fault, tt.want, "")
			if err == nil && (resolved != dir+"/x/f" || !info.Mode().IsRegular()) {
				t.Errorf("it leads to %q, %v", resolved, info.Mode())
			}
		})
	}
}

// Another user may be trusted besides.
func TestCheckTrustsFurtherUsers(t *testing.T) {
	dir := tree(t, "a/f")
	give(t, dir+"/a/f")
	give(t, dir+"/a")
	if err := Check(dir+"/a/f", 1, stranger); err != nil {
		t.Error(err)
	}
	if err := Check(dir+"/a/f", 1); err == nil {
		t.Error("a stranger's file is accepted")
	}
}

// An entry of a folder that was accepted is held to the same rule, without its folder.
func TestCheckIn(t *testing.T) {
	dir := tree(t, "open/a/f", "x/g")
	chmod(t, dir+"/open", 0o777)
	if err := CheckIn(dir+"/open/a", "f"); err != nil {
		t.Error(err)
	}
	chmod(t, dir+"/open/a/f", 0o646)
	expect(t, CheckIn(dir+"/open/a", "f"), dir, "/open/a/f", "writable by others", "chmod go-w ")
	if err := os.Symlink("../../x/g", dir+"/open/a/link"); err != nil {
		t.Fatal(err)
	}
	chmod(t, dir+"/x", 0o757)
	expect(t, CheckIn(dir+"/open/a", "link"), dir, "/open", "writable by others", "chmod go-w ")
	chmod(t, dir+"/open", 0o755)
	expect(t, CheckIn(dir+"/open/a", "link"), dir, "/x", "writable by others", "chmod go-w ")
	if err := CheckIn(dir, "nothing"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// The command that is shown corrects it, whatever the path is.
func TestFixIsForAShell(t *testing.T) {
	dir := tree(t, "it's a/f")
	chmod(t, dir+"/it's a", 0o757)
	var fault *Fault
	if err := Check(dir + "/it's a/f"); !errors.As(err, &fault) || fault.Fix != `chmod go-w '`+dir+`/it'\''s a'` {
		t.Errorf("%v: %+v", err, fault)
	}
}

// Relative paths are those of the current folder.
func TestCheckOfARelativePath(t *testing.T) {
	dir := tree(t, "a/f")
	t.Chdir(dir)
	resolved, _, err := Resolve("a/../a//f")
	if err != nil || resolved != dir+"/a/f" {
		t.Errorf("%q, %v", resolved, err)
	}
}

// A stranger who puts another folder in the place of one on the way, again and again, never has his own
// file accepted: the folder that lets him do so is a fault in itself.
func TestRenameRace(t *testing.T) {
	dir := tree(t, "open/good/f", "open/evil/f")
	chmod(t, dir+"/open", 0o777)
	chmod(t, dir+"/open/evil/f", 0o644)
	stop := make(chan struct{})
	swapped := make(chan int)
	go func() {
		n := 0
		defer func() { swapped <- n }()
		for {
			select {
			case <-stop:
				return
			default:
			}
			os.Rename(dir+"/open/good", dir+"/open/away")
			os.Rename(dir+"/open/evil", dir+"/open/good")
			os.Rename(dir+"/open/good", dir+"/open/evil")
			os.Rename(dir+"/open/away", dir+"/open/good")
			n++
		}
	}()
	for range 2000 {
		if err := Check(dir + "/open/good/f"); err == nil {
			t.Error("the file was accepted")
			break
		}
	}
	close(stop)
	t.Log(<-swapped, "swaps")
}

func TestUserOfAMissingInode(t *testing.T) {
	var st syscall.Stat_t
	if err := lstat("/nothing/there", &st); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "/nothing/there") {
		t.Error(err)
	}
}
