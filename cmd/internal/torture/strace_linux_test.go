package torture

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// needProgram skips a test that lacks a program, or fails it where VIRGO_REQUIRE_SERVICES=1.
func needProgram(t testing.TB, program, debianPackage string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		missing(t, program+" is missing: it is in the Debian package "+debianPackage)
	}
}

func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("VIRGO_REQUIRE_SERVICES") == "1" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// needStrace also checks that this system lets one process trace another.
func needStrace(t testing.TB) {
	t.Helper()
	needProgram(t, "strace", "strace")
	if out, err := exec.Command("strace", "-f", "-qq", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		missing(t, "strace cannot trace here; it needs ptrace(2): "+string(out))
	}
}

// traced is virgo on this host under strace, which makes system calls fail, wait or kill: injections are in
// strace's syntax ("fdatasync:error=EIO:when=2"). With onDisk, only calls on the state's files are affected.
func (h *host) traced(ctx context.Context, onDisk bool, injections []string, args ...string) *exec.Cmd {
	h.t.Helper()
	cmd := h.command(ctx, args...)
	trace := []string{"strace", "-f", "-qq", "-o", os.DevNull}
	if onDisk {
		for _, name := range []string{"", "virgo.db", "deliver.lock"} {
			trace = append(trace, "-P", filepath.Join(h.state, name))
		}
	} else {
		trace = append(trace, "--seccomp-bpf") // which cannot filter by path
	}
	for _, i := range injections {
		trace = append(trace, "-e", "inject="+i)
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		h.t.Fatal(err)
	}
	cmd.Args = append(append(trace, cmd.Path), cmd.Args[1:]...)
	cmd.Path = strace
	return cmd
}
