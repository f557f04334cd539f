package fsynctest

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// calls are the system calls that the rules are about; a "?" marks one that some machines lack.
const calls = "trace=?open,openat,?creat,?mkdir,mkdirat,?rename,?renameat,renameat2,?link,linkat," +
	"?unlink,unlinkat,write,pwrite64,writev,pwritev,ftruncate,fallocate,fsync,fdatasync"

// Need skips the test if strace is missing or not permitted to trace. If VIRGO_REQUIRE_SERVICES is
// 1, the test fails instead.
func Need(t testing.TB) {
	t.Helper()
	missing := t.Skip
	if os.Getenv("VIRGO_REQUIRE_SERVICES") == "1" {
		missing = t.Fatal
	}
	if _, err := exec.LookPath("strace"); err != nil {
		missing("strace, which shows the order of syncs, is missing: install the package strace")
	}
	if out, err := exec.Command("strace", "-f", "-qq", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		missing("strace may not trace here (it needs ptrace(2)): " + string(out))
	}
}

// Child returns a command that runs one test of the test binary as a child, with an environment
// variable by which the test knows that it is the child.
func Child(t testing.TB, test, variable, value string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run=^"+test+"$")
	cmd.Env = append(os.Environ(), variable+"="+value)
	return cmd
}

// Run runs cmd under strace and applies the rules to its calls below the folder root, which must
// exist. The test fails if cmd fails, but not because of faults in the Trace. cmd.Path and cmd.Args
// are those of the program; cmd.Stdout and cmd.Stderr must be nil.
func Run(t testing.TB, cmd *exec.Cmd, root string) Trace {
	t.Helper()
	root, err := filepath.EvalSymlinks(root)
	if err != nil {
		t.Fatal(err)
	}
	var exists []string
	if err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		exists = append(exists, path)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "strace.out")
	cmd.Args = append([]string{"strace", "-f", "-qq", "-y", "-s", "64", "-e", calls, "-o", out, cmd.Path}, cmd.Args[1:]...)
	cmd.Path = strace
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, said)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	calls, err := parse(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return check(calls, root, exists)
}
