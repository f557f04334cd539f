package collecttest

import (
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const (
	// timerSlack is what the systemd unit of `virgo install` gives a run, in nanoseconds.
	timerSlack = 2_000_000
	// DefaultTimerSlack is the kernel's default, as /proc/PID/timerslack_ns shows it.
	DefaultTimerSlack = "50000"
	// PrintTimerSlack is a command for sh, which prints its own without starting another program.
	PrintTimerSlack = "read -r ns </proc/self/timerslack_ns; echo $ns"
	// slackVariable is set in the test binary that WithTimerSlack runs.
	slackVariable = "VIRGO_TEST_TIMER_SLACK"
)

// WithTimerSlack reports whether all threads of this process have a timer slack of 2 ms, as those of a
// run that systemd started. If they do not, it runs the test t once more in a process where they do,
// and fails t if it fails there; t then has nothing more to do.
func WithTimerSlack(t *testing.T) bool {
	t.Helper()
	if os.Getenv(slackVariable) != "" {
		if ns, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0); err != nil || ns != timerSlack {
			t.Fatalf("the timer slack is %d ns, %v; want %d", ns, err, timerSlack)
		}
		return true
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+regexp.QuoteMeta(t.Name())+"$", "-test.v")
	cmd.Env = append(os.Environ(), slackVariable+"=1")
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := startWithSlack(cmd, timerSlack); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	if err != nil || !strings.Contains(out.String(), "--- PASS: "+t.Name()+" ") {
		t.Errorf("with a timer slack of 2 ms: %v\n%s", err, out.String())
	}
	return false
}

// startWithSlack starts a program whose threads have a timer slack of ns nanoseconds.
func startWithSlack(cmd *exec.Cmd, ns uintptr) error {
	runtime.LockOSThread() // the slack is the thread's, and the child inherits it
	defer runtime.UnlockOSThread()
	own, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil {
		return os.NewSyscallError("prctl(PR_GET_TIMERSLACK)", err)
	}
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, ns, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl(PR_SET_TIMERSLACK)", err)
	}
	defer unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(own), 0, 0, 0)
	return cmd.Start()
}
