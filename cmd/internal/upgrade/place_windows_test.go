package upgrade

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"virgo/cmd/internal/programs"
)

// On Windows the programs are files that are renamed: no link leads to them.
func TestSwitchOnWindows(t *testing.T) {
	bin := t.TempDir()
	put := func(build string) {
		t.Helper()
		for _, name := range programs.Names("windows") {
			if err := os.WriteFile(filepath.Join(bin, name), []byte(name+" "+build), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	check := func(build, previous string) {
		t.Helper()
		p := Find(filepath.Join(bin, "virgo.exe"), build)
		for _, name := range programs.Names("windows") {
			if b, err := os.ReadFile(filepath.Join(bin, name)); string(b) != name+" "+build {
				t.Errorf("%s is %q, %v", name, b, err)
			}
		}
		current, errC := p.Current()
		before, errP := p.Previous()
		if current != build || before != previous || errors.Join(errC, errP) != nil {
			t.Errorf("current %q, previous %q, %v, %v", current, before, errC, errP)
		}
		if left, _ := filepath.Glob(filepath.Join(bin, "*"+temporary)); len(left) != 0 {
			t.Errorf("left behind: %q", left)
		}
	}
	add := func(p Place, build string) {
		t.Helper()
		files := map[string][]byte{}
		for _, name := range programs.Names("windows") {
			files[name] = []byte(name + " " + build)
		}
		if err := p.put(build, files); err != nil {
			t.Fatal(err)
		}
	}
	change := func(from, to string) {
		t.Helper()
		p := Find(filepath.Join(bin, "virgo.exe"), from)
		release, err := p.Lock()
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		if _, err := os.Stat(p.version(to)); err != nil {
			add(p, to)
		}
		if err := p.Switch(to); err != nil {
			t.Fatal(err)
		}
		if err := p.Prune(); err != nil {
			t.Fatal(err)
		}
	}
	put("0.1.0")
	change("0.1.0", "0.2.0")
	check("0.2.0", "0.1.0")
	change("0.2.0", "0.1.0") // back
	check("0.1.0", "0.2.0")
	change("0.1.0", "0.2.0")
	change("0.2.0", "0.3.0")
	check("0.3.0", "0.2.0")
	p := Find(filepath.Join(bin, "virgo.exe"), "0.3.0")
	entries, err := os.ReadDir(filepath.Join(p.Lib, versionsFolder))
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if err != nil || !slices.Equal(names, []string{"0.2.0", "0.3.0"}) {
		t.Errorf("versions %q, %v", names, err)
	}

	// A version of which a program is open, as one that runs is, stays whole and is removed later.
	add(p, "0.0.1")
	name, err := syscall.UTF16PtrFromString(filepath.Join(p.version("0.0.1"), "virgo.exe"))
	if err != nil {
		t.Fatal(err)
	}
	open, err := syscall.CreateFile(name, syscall.GENERIC_READ, syscall.FILE_SHARE_READ, nil, syscall.OPEN_EXISTING, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		t.Fatal(err)
	}
	pruned := p.Prune()
	_, whole := os.Stat(filepath.Join(p.version("0.0.1"), "virgo-run.exe"))
	if err := syscall.CloseHandle(open); pruned == nil || whole != nil || err != nil {
		t.Errorf("%v, %v, %v", pruned, whole, err)
	}
	if err := p.Prune(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(p.version("0.0.1")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the version that was open is there: %v", err)
	}

	// Interrupted after each step of a switch, it is finished by the next upgrade.
	for last, step := range []func(p Place) error{
		func(p Place) error { return nil },
		func(p Place) error { return p.setAside(filepath.Join(bin, "virgo.exe"), "virgo.exe", "0.3.0") },
		func(p Place) error { return p.exchange("virgo.exe", "0.3.0", "0.4.0") },
		func(p Place) error {
			return errors.Join(p.exchange("virgo.exe", "0.3.0", "0.4.0"), p.exchange("virgo-run.exe", "0.3.0", "0.4.0"))
		},
		func(p Place) error {
			return os.WriteFile(filepath.Join(bin, "virgo.exe"+temporary), []byte("half"), 0o755)
		},
	} {
		put("0.3.0")
		p := Find(filepath.Join(bin, "virgo.exe"), "0.3.0")
		if err := errors.Join(p.write(currentName, "0.3.0"), os.RemoveAll(p.version("0.4.0"))); err != nil {
			t.Fatal(err)
		}
		add(p, "0.4.0")
		if err := errors.Join(p.write(journalName, "0.3.0 0.4.0"), step(p)); err != nil {
			t.Fatalf("step %d: %v", last, err)
		}
		release, err := p.Lock()
		if err != nil {
			t.Fatalf("step %d: %v", last, err)
		}
		release()
		check("0.4.0", "0.3.0")
	}
}
