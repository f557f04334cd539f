package collecttest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// confinedVariable is set in the test binary that KernelOnly runs.
const confinedVariable = "VIRGO_TEST_CONFINED"

// Confined reports whether this process is one that [KernelOnly] started: a test prepares there what its
// check needs without what a confined check cannot have.
func Confined() bool { return os.Getenv(confinedVariable) != "" }

// KernelOnly reports whether the check works in a process that can neither start a program nor open
// a socket, and otherwise what happened there. It runs the test t once more in a process of its
// own, whose call of [Conform] or KernelOnly runs the check there. Linux only: elsewhere it skips
// the test.
func KernelOnly(t *testing.T, s Subject) (ok bool, output string) {
	t.Helper()
	if Confined() {
		runConfined(t, s)
		return true, ""
	}
	levels := strings.Split(t.Name(), "/")
	for i, name := range levels {
		levels[i] = "^" + regexp.QuoteMeta(name) + "$"
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+strings.Join(levels, "/"), "-test.v")
	cmd.Env = append(os.Environ(), confinedVariable+"=1")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		t.Fatal(err)
	case bytes.Contains(out, []byte(unsupported)):
		t.Skip(unsupported)
	case err == nil && !bytes.Contains(out, []byte(confinedWorks)):
		t.Fatalf("the check was not run in a process of its own:\n%s", out)
	case err != nil:
		return false, err.Error() + "\n" + string(out)
	}
	return true, ""
}

const (
	confinedWorks = "the check works without programs and sockets"
	unsupported   = "this system cannot keep a process from starting programs and opening sockets"
)

func runConfined(t *testing.T, s Subject) {
	t.Helper()
	if err := confine(); err != nil {
		t.Skipf("%s: %v", unsupported, err)
	}
	reports(t, s, run(t, t.Context(), s, s.Details, nil)[0])
	if !t.Failed() {
		t.Log(confinedWorks)
	}
}

// kernelOnly holds a check to what its type says ([collect.Type.KernelOnly]).
func kernelOnly(t *testing.T, s Subject) {
	if ok, output := KernelOnly(t, s); !ok {
		t.Errorf("the type says KernelOnly and the check does not work without programs and sockets: %s", output)
	}
}
