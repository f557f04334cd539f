//go:build unix

package upgrade

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"virgo/cmd/internal/programs"
)

// program returns a shell script that is a program of a build.
func program(name, build string) []byte {
	version, commit, _ := strings.Cut(build, "-")
	return fmt.Appendf(nil, "#!/bin/sh\necho '%s %s (%s)'\n", name, version, commit)
}

func archive(t *testing.T, build string) *programs.Archive {
	t.Helper()
	version, commit, _ := strings.Cut(build, "-")
	b, err := programs.Pack(programs.Manifest{Version: version, Commit: commit, OS: runtime.GOOS, Arch: runtime.GOARCH}, map[string][]byte{
		"virgo": program("virgo", build), "virgo-run": program("virgo-run", build),
	})
	if err != nil {
		t.Fatal(err)
	}
	a, err := programs.Open(b)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// installation makes a folder with the programs of a build, as a person copies them there.
func installation(t *testing.T, build string) (bin string) {
	t.Helper()
	bin, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range programs.Names(runtime.GOOS) {
		if err := os.WriteFile(filepath.Join(bin, name), program(name, build), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return bin
}

// place returns the place of the program that BIN/virgo is now.
func place(t *testing.T, bin, build string) Place {
	t.Helper()
	exe, err := filepath.EvalSymlinks(filepath.Join(bin, "virgo"))
	if err != nil {
		t.Fatal(err)
	}
	return Find(exe, build)
}

// runs returns the build of both programs as they are started, which must be the same one.
func runs(t *testing.T, bin string) string {
	t.Helper()
	var builds []string
	for _, name := range programs.Names(runtime.GOOS) {
		out, err := exec.Command(filepath.Join(bin, name)).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
		version, commit, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(string(out)), name+" "), " ")
		builds = append(builds, version+"-"+strings.Trim(commit, "()"))
	}
	if builds[0] != builds[1] {
		t.Fatalf("virgo is %s, and virgo-run %s", builds[0], builds[1])
	}
	return builds[0]
}

func upgradeTo(t *testing.T, p Place, build string) {
	t.Helper()
	release, err := p.Lock()
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if _, err := p.Add(archive(t, build)); err != nil {
		t.Fatal(err)
	}
	if err := p.Switch(build); err != nil {
		t.Fatal(err)
	}
	if err := p.Prune(); err != nil {
		t.Fatal(err)
	}
}

func versions(t *testing.T, p Place) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(p.Lib, versionsFolder))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestUpgradesAndTheWayBack(t *testing.T) {
	bin := installation(t, "0.1.0-aa")
	p := place(t, bin, "0.1.0-aa")
	if previous, err := p.Previous(); previous != "" || err != nil {
		t.Errorf("previous version %q, %v", previous, err)
	}
	upgradeTo(t, p, "0.2.0-bb")
	if got := runs(t, bin); got != "0.2.0-bb" {
		t.Errorf("runs %s", got)
	}
	p = place(t, bin, "0.2.0-bb")
	if p.Build != "0.2.0-bb" || p.Bin != bin {
		t.Errorf("%+v", p)
	}
	upgradeTo(t, p, "0.3.0-cc")
	if got := runs(t, bin); got != "0.3.0-cc" {
		t.Errorf("runs %s", got)
	}
	if got := versions(t, p); !slices.Equal(got, []string{"0.2.0-bb", "0.3.0-cc"}) {
		t.Errorf("versions %q", got)
	}

	// Back, and forth again.
	p = place(t, bin, "0.3.0-cc")
	for _, want := range []string{"0.2.0-bb", "0.3.0-cc"} {
		previous, err := p.Previous()
		if err != nil || previous != want {
			t.Fatalf("previous %q, %v", previous, err)
		}
		if err := p.Switch(previous); err != nil {
			t.Fatal(err)
		}
		if got := runs(t, bin); got != want {
			t.Errorf("runs %s, want %s", got, want)
		}
	}

	// A path for timers that stays.
	exe, err := filepath.EvalSymlinks(filepath.Join(bin, "virgo"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := Stable(exe), filepath.Join(p.Lib, "current", "virgo"); got != want {
		t.Errorf("stable path %s, want %s", got, want)
	}
	if got := Stable("/usr/bin/virgo"); got != "/usr/bin/virgo" {
		t.Errorf("stable path %s", got)
	}

	// A person copies other programs over the links.
	for _, name := range programs.Names(runtime.GOOS) {
		path := filepath.Join(bin, name)
		if err := errors.Join(os.Remove(path), os.WriteFile(path, program(name, "0.9.0-dd"), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	p = place(t, bin, "0.9.0-dd")
	upgradeTo(t, p, "1.0.0-ee")
	if got := runs(t, bin); got != "1.0.0-ee" {
		t.Errorf("runs %s", got)
	}
	if previous, _ := p.Previous(); previous != "0.9.0-dd" {
		t.Errorf("previous %s", previous)
	}
}

// A host with virgo alone keeps it so.
func TestWithoutVirgoRun(t *testing.T) {
	bin := installation(t, "0.1.0-aa")
	if err := os.Remove(filepath.Join(bin, "virgo-run")); err != nil {
		t.Fatal(err)
	}
	upgradeTo(t, place(t, bin, "0.1.0-aa"), "0.2.0-bb")
	if _, err := os.Lstat(filepath.Join(bin, "virgo-run")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("virgo-run: %v", err)
	}
}

// Whatever step of the first switch is the last one that was done, both programs are of one build, and the next
// upgrade goes on.
func TestInterruptedFirstUpgrade(t *testing.T) {
	steps := []func(p Place) error{
		func(p Place) error { return os.MkdirAll(p.version("0.1.0-aa")+temporary, 0o755) },
		Place.keepRunning,
		func(p Place) error { return p.link(currentName, p.Build) },
		func(p Place) error { return os.WriteFile(filepath.Join(p.Lib, binName), []byte(p.Bin+"\n"), 0o600) },
		func(p Place) error { return os.Symlink("elsewhere", filepath.Join(p.Bin, "virgo"+temporary)) },
		func(p Place) error {
			return replaceByLink(filepath.Join(p.Bin, "virgo"), filepath.Join(p.Lib, currentName, "virgo"))
		},
		func(p Place) error {
			return replaceByLink(filepath.Join(p.Bin, "virgo-run"), filepath.Join(p.Lib, currentName, "virgo-run"))
		},
		func(p Place) error { return p.link(previousName, "0.1.0-aa") },
		func(p Place) error { return p.link(currentName, "0.2.0-bb") },
	}
	for last := range steps {
		bin := installation(t, "0.1.0-aa")
		p := place(t, bin, "0.1.0-aa")
		release, err := p.Lock()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Add(archive(t, "0.2.0-bb")); err != nil {
			t.Fatal(err)
		}
		for _, step := range steps[:last+1] {
			if err := step(p); err != nil {
				t.Fatal(err)
			}
		}
		release()
		build := runs(t, bin)
		if want := "0.1.0-aa"; last < len(steps)-1 && build != want {
			t.Errorf("after step %d %s runs", last, build)
		}
		upgradeTo(t, place(t, bin, build), "0.3.0-cc")
		if got := runs(t, bin); got != "0.3.0-cc" {
			t.Errorf("after step %d, and another upgrade, %s runs", last, got)
		}
		p = place(t, bin, "0.3.0-cc")
		if previous, _ := p.Previous(); previous != build {
			t.Errorf("after step %d: previous %s, want %s", last, previous, build)
		}
		left, err := filepath.Glob(filepath.Join(bin, "*"+temporary))
		if err != nil || len(left) != 0 {
			t.Errorf("after step %d: %q, %v", last, left, err)
		}
	}
}

func TestOneUpgradeAtATime(t *testing.T) {
	p := place(t, installation(t, "0.1.0-aa"), "0.1.0-aa")
	release, err := p.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Lock(); !errors.Is(err, ErrBusy) {
		t.Errorf("a second upgrade: %v", err)
	}
	release()
	release, err = p.Lock()
	if err != nil {
		t.Fatal(err)
	}
	release()
}

// Nobody else may put programs where they are taken from.
func TestFolderOfOthersIsRefused(t *testing.T) {
	bin := installation(t, "0.1.0-aa")
	if err := os.Chmod(bin, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := place(t, bin, "0.1.0-aa").Lock(); err == nil {
		t.Error("everybody may write to the folder of the programs")
	}
}

func TestWhatIsUsedIsNotRemoved(t *testing.T) {
	bin := installation(t, "0.1.0-aa")
	upgradeTo(t, place(t, bin, "0.1.0-aa"), "0.2.0-bb")
	p := place(t, bin, "0.2.0-bb")
	if _, err := p.Add(archive(t, "0.2.0-bb")); err == nil {
		t.Error("the version that is used was replaced")
	}
	if err := p.Discard("0.2.0-bb"); err != nil || runs(t, bin) != "0.2.0-bb" {
		t.Errorf("the version that is used was removed: %v", err)
	}
	if err := p.Discard("0.1.0-aa"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(p.version("0.1.0-aa")); err != nil {
		t.Errorf("the version to go back to was removed: %v", err)
	}
	half := archive(t, "0.3.0-cc") // whose folder would be taken for one that is half done
	half.Manifest.Version, half.Manifest.Commit = "0.3.0-rc.tmp", ""
	if _, err := p.Add(half); err == nil || !strings.Contains(err.Error(), "ends with .tmp") {
		t.Errorf("%v", err)
	}
	if err := p.Switch("0.9.0-zz"); err == nil || runs(t, bin) != "0.2.0-bb" {
		t.Errorf("switched to a version that is not there: %v", err)
	}
}
