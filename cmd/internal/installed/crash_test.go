package installed

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"virgo/spool/fsynctest"
)

// crashVariable holds the state folder and the number of the step at which the test binary, as its own child, dies.
const crashVariable = "VIRGO_TEST_INSTALLED"

// TestChild is the child of the tests here and does nothing by itself. It replaces bundle 1.0.0 by 2.0.0 and goes back.
func TestChild(t *testing.T) {
	text := os.Getenv(crashVariable)
	if text == "" {
		return
	}
	dir := filepath.Dir(text)
	last, err := strconv.Atoi(filepath.Base(text))
	if err != nil {
		t.Fatal(err)
	}
	f, steps := New(dir), 0
	f.Hook = func(step string) {
		if steps++; steps == last {
			fmt.Println("died after", step)
			if p, err := os.FindProcess(os.Getpid()); err == nil {
				_ = p.Kill()
			}
			select {}
		}
	}
	l, err := f.Lock()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("made the folder")
	i, err := l.Install(candidate("2.0.0", "two"), Allow{}, at(1))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("installed")
	if _, err := l.SwitchBack(i.Current.SHA256, "no", at(2)); err != nil {
		t.Fatal(err)
	}
	fmt.Println("went back, the end")
}

func child(t *testing.T, dir string, step int) *exec.Cmd {
	t.Helper()
	return fsynctest.Child(t, "TestChild", crashVariable, filepath.Join(dir, strconv.Itoa(step)))
}

// Whenever the process dies, the current bundle is a good one, and the next process finishes.
func TestKilledAtEachStep(t *testing.T) {
	seen := map[string]bool{}
	for step := 1; ; step++ {
		dir := t.TempDir()
		f := New(dir)
		l := lock(t, f)
		install(t, l, "1.0.0", "one")
		l.Unlock()
		out, err := child(t, dir, step).CombinedOutput()
		if err == nil {
			if step < 10 {
				t.Errorf("only %d steps", step)
			}
			break
		}
		text, version, damaged := content(t, f)
		seen[version] = true
		if damaged || !slices.Contains([]string{"1.0.0 one", "2.0.0 two"}, version+" "+text) {
			t.Errorf("%s%q of %q, damaged: %v", out, text, version, damaged)
		}
		l = lock(t, f)
		if i, err := l.Install(candidate("3.0.0", "three"), Allow{}, at(3)); err != nil || i.Previous.Version != "1.0.0" { // 2.0.0 is on trial
			t.Errorf("%s, then: %+v, %v", out, i, err)
		}
		if files := names(t, f); len(files) != 2*2+2 {
			t.Errorf("%sfiles %q", out, files)
		}
		l.Unlock()
	}
	if !seen["1.0.0"] || !seen["2.0.0"] {
		t.Errorf("seen %v", seen)
	}
}

// A power failure undoes nothing that was said to be done, and leaves no name without its content.
func TestPowerLoss(t *testing.T) {
	fsynctest.Need(t)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	l := lock(t, New(dir))
	install(t, l, "1.0.0", "one")
	l.Unlock()
	trace := fsynctest.Run(t, child(t, dir, 0), dir)
	for _, fault := range trace.Faults {
		t.Error(fault)
	}
	if trace.Lines < 3 || !slices.Contains(trace.Renamed, filepath.Join(l.Dir, truthName)) {
		t.Errorf("%d lines, renamed %q", trace.Lines, trace.Renamed)
	}
}
