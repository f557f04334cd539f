package ownership

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
)

// setList replaces the access list of a file. Wine keeps of it what the modes of Unix can say: what the
// owner and what everybody may do.
func setList(t *testing.T, path, sddl string) {
	t.Helper()
	list, _, err := descriptor(t, sddl).DACL()
	if err != nil {
		t.Fatal(err)
	}
	if err := windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, list, nil); err != nil {
		t.Fatal(err)
	}
}

func everybody(t *testing.T, path string) { t.Helper(); setList(t, path, "D:P(A;OICI;FA;;;WD)") }

// tree makes a folder with a file in it, which only this user can change.
func tree(t *testing.T) (dir, file string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "a", "b")
	file = filepath.Join(dir, "f")
	if err := errors.Join(MkdirAll(dir, 0o755), os.WriteFile(file, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	return dir, file
}

func TestCheckReadsLists(t *testing.T) {
	if a, err := currentAccounts(); err != nil || !a.privileged {
		t.Skipf("lists hold for administrators: %+v, %v", a, err)
	}
	for name, tt := range map[string]struct {
		open  func(dir, file string) string // the path of what everybody may change
		fault bool
	}{
		"nothing":        {func(string, string) string { return "" }, false},
		"the file":       {func(_, file string) string { return file }, true},
		"its folder":     {func(dir, _ string) string { return dir }, true},
		"a folder above": {func(dir, _ string) string { return filepath.Dir(dir) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir, file := tree(t)
			path := tt.open(dir, file)
			if path != "" {
				everybody(t, path)
			}
			err := Check(file)
			var fault *Fault
			if errors.As(err, &fault) != tt.fault {
				t.Fatalf("%v", err)
			}
			if tt.fault && (fault.Path != path || !strings.HasPrefix(fault.Error(), path+" can be changed by ") || fault.Hint() == "") {
				t.Errorf("%+v, want a fault of %s", fault, path)
			}
		})
	}
}

func TestCheckOfNoFile(t *testing.T) {
	dir, _ := tree(t)
	for _, path := range []string{filepath.Join(dir, "none"), filepath.Join(dir, "none", "f")} {
		if err := Check(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if resolved, info, err := Resolve(dir); resolved != dir || err != nil || !info.IsDir() {
		t.Errorf("%s, %v, %v", resolved, info, err)
	}
}

// A task of the system does not trust the user who installs it. Wine has every file belong to that user.
func TestCheckForSystem(t *testing.T) {
	_, file := tree(t)
	a, err := currentAccounts()
	if err != nil {
		t.Fatal(err)
	}
	var fault *Fault
	if err := CheckForSystem(file); !errors.As(err, &fault) || !strings.Contains(fault.Why, "belongs to ") && !strings.Contains(fault.Why, "can be changed by ") {
		t.Errorf("a file of %s: %v", a.user, err)
	}
}

// A folder is made with nobody else in its list, and so are those above it that were missing.
func TestMkdirAll(t *testing.T) {
	top := filepath.Join(t.TempDir(), "x")
	dir := filepath.Join(top, "y")
	if err := errors.Join(MkdirAll(dir, 0o755), MkdirAll(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{top, dir} {
		sd, err := descriptorOf(path)
		if err != nil {
			t.Fatal(err)
		}
		if list := sd.String(); strings.Contains(list, ";WD)") || strings.Contains(list, ";BU)") || strings.Contains(list, ";AU)") {
			t.Errorf("%s has %s", path, list)
		}
	}
	file := filepath.Join(dir, "f")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := MkdirAll(filepath.Join(file, "z"), 0o755); err == nil {
		t.Error("a folder in a file")
	}
}

// A folder of an earlier version is protected; one of somebody else, or one that is protected, stays.
func TestProtect(t *testing.T) {
	if a, err := currentAccounts(); err != nil || !a.privileged {
		t.Skipf("only administrators protect folders: %+v, %v", a, err)
	}
	dir, _ := tree(t)
	everybody(t, dir)
	if err := Check(dir); err == nil {
		t.Fatal("everybody may change the folder")
	}
	if err := errors.Join(Protect(dir), Check(dir)); err != nil {
		t.Error(err)
	}
	sd, err := descriptorOf(dir)
	if err != nil {
		t.Fatal(err)
	}
	before := sd.String()
	if strings.Contains(before, ";WD)") {
		t.Errorf("everybody is still in %s", before)
	}
	if err := Protect(dir); err != nil {
		t.Error(err)
	}
	if sd, err = descriptorOf(dir); err != nil || sd.String() != before {
		t.Errorf("%v, %v", sd, err)
	}
	if err := Protect(filepath.Join(dir, "none")); err != nil {
		t.Error(err)
	}
}

func TestLinkIsFollowed(t *testing.T) {
	dir, file := tree(t)
	link := filepath.Join(t.TempDir(), "link")
	err := os.Symlink(dir, link)
	if err == nil {
		_, err = os.Lstat(link) // Wine 8 makes links that it does not find
	}
	if err != nil {
		t.Skipf("no links here: %v", err)
	}
	if resolved, _, err := Resolve(filepath.Join(link, "f")); err != nil || !strings.EqualFold(resolved, file) {
		t.Errorf("%s, %v", resolved, err)
	}
	loop := filepath.Join(t.TempDir(), "loop")
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	if err := Check(loop); err == nil {
		t.Error("a loop of links")
	}
}
