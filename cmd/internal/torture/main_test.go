package torture

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// TestMain makes and removes a folder for the programs that tests build; in a child it is an agent instead.
func TestMain(m *testing.M) {
	if part := os.Getenv(childVariable); part != "" {
		os.Exit(runAsAgent(part))
	}
	if os.Getenv("VIRGO_TEST") != "all" && os.Getenv("VIRGO_TORTURE") == "" {
		// go test then says "[no tests to run]" in this package's line.
		fmt.Fprintln(os.Stderr, "torture: left out, because these tests take minutes: VIRGO_TEST=all runs them")
		if err := flag.Set("test.run", "^$"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	dir, err := os.MkdirTemp("", "virgo-torture")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	built.dir = dir
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// built are the real programs, built once per process and only when needed.
var built struct {
	dir  string
	once sync.Once
	err  error
}

// program returns the path of a real program: "virgo", "virgo-run" or "virgo-endpoint".
func program(t testing.TB, name string) string {
	t.Helper()
	built.once.Do(func() {
		build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", built.dir+string(filepath.Separator),
			"virgo/cmd/virgo", "virgo/cmd/virgo-run", "virgo/cmd/virgo-endpoint")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("go build: %w: %s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(built.dir, name)
}

// exitOf returns the exit code of a program, or -1 where a signal ended it.
func exitOf(t testing.TB, err error) int {
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
