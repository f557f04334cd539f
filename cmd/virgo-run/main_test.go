package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// TestMain lets the test binary act as virgo-run, and as a virgo that records how it is started,
// where it has one of these names.
func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "virgo-run":
		main()
	case "virgo":
		os.Exit(fakeVirgo())
	}
	code := m.Run()
	if builtDir != "" {
		if err := os.RemoveAll(builtDir); err != nil && code == 0 {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// builtDir is empty until a test needs the real programs.
var builtDir string

// builtPrograms builds the real programs, once for all tests.
var builtPrograms = sync.OnceValues(func() (dir string, err error) {
	if builtDir, err = os.MkdirTemp("", "virgo-run"); err != nil {
		return "", err
	}
	if err := os.Chmod(builtDir, 0o755); err != nil { // other users start them, too
		return "", err
	}
	build := exec.Command("go", "build", "-trimpath", "-o", builtDir, "virgo/cmd/virgo-run", "virgo/cmd/virgo")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	for _, name := range []string{"virgo", "virgo-run"} { // whatever the umask
		if err := os.Chmod(filepath.Join(builtDir, name), 0o755); err != nil {
			return "", err
		}
	}
	alone := filepath.Join(builtDir, aloneDir)
	if err := os.Mkdir(alone, 0o755); err != nil {
		return "", err
	}
	if err := os.Chmod(alone, 0o755); err != nil {
		return "", err
	}
	return builtDir, os.Link(filepath.Join(builtDir, "virgo-run"), filepath.Join(alone, "virgo-run"))
})

// aloneDir has a virgo-run without a virgo beside it.
const aloneDir = "alone"

// programs returns the folder of the real programs.
func programs(t testing.TB) string {
	t.Helper()
	dir, err := builtPrograms()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// exitCode returns the exit code of a program that has ended, -1 if a signal ended it.
func exitCode(t testing.TB, err error) int {
	t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	t.Fatal(err)
	return -1
}
