package footprint

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

const childVariable = "VIRGO_TEST_FOOTPRINT_CHILD"

// inNewProcess reports whether this process was started for the test t alone, so that its threads are
// those of a program that starts. Otherwise it starts such a process.
func inNewProcess(t *testing.T) bool {
	t.Helper()
	if os.Getenv(childVariable) != "" {
		return true
	}
	if unix.Access("/proc/1/timerslack_ns", unix.W_OK) != nil {
		t.Skip("no file with the timer slack of a process")
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), childVariable+"=1")
	out, err := cmd.CombinedOutput()
	switch {
	case err != nil:
		t.Errorf("%v\n%s", err, out)
	case strings.Contains(string(out), "--- SKIP"):
		t.Skipf("%s", out)
	case !strings.Contains(string(out), "--- PASS"):
		t.Errorf("the test did not run:\n%s", out)
	}
	return false
}

// slacks returns the timer slack of each thread of this process.
func slacks(t *testing.T) map[string]string {
	t.Helper()
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]string)
	for _, thread := range threads {
		b, err := os.ReadFile("/proc/" + thread.Name() + "/timerslack_ns")
		if errors.Is(err, unix.EPERM) {
			t.Skip("the timer slack of another thread needs CAP_SYS_NICE")
		}
		if err == nil { // else it has ended
			found[thread.Name()] = strings.TrimSpace(string(b))
		}
	}
	return found
}

func TestRelaxMonitorChangesTheMonitorThreadAlone(t *testing.T) {
	if !inNewProcess(t) {
		return
	}
	slacks(t)              // skips the test where these are not to be known
	runtime.LockOSThread() // it ends with the test
	RelaxMonitor()
	monitor, after := secondThread(), slacks(t)
	if got := after[monitor]; got != strconv.Itoa(monitorSlack) {
		t.Errorf("the monitor thread has a slack of %s ns, want %d", got, monitorSlack)
	}
	// A thread that the monitor thread has started meanwhile has its slack, and is not asked.
	for _, thread := range []int{unix.Getpid(), unix.Gettid()} {
		if got := after[strconv.Itoa(thread)]; got != strconv.Itoa(defaultSlack) {
			t.Errorf("thread %d has a slack of %s ns, want %d", thread, got, defaultSlack)
		}
	}

	// While a goroutine is busy, the monitor thread sleeps in this system call again and again. The
	// other threads wait for a futex or for files.
	runtime.GOMAXPROCS(2)
	var done atomic.Bool
	defer done.Store(true)
	go func() {
		for !done.Load() {
		}
	}()
	asleep, elsewhere := 0, 0
	for range 1000 {
		call, err := os.ReadFile("/proc/self/task/" + monitor + "/syscall")
		switch {
		case err != nil:
			t.Skipf("the kernel does not tell the system call of a thread: %v", err)
		case strings.HasPrefix(string(call), fmt.Sprintf("%d ", unix.SYS_NANOSLEEP)):
			asleep++
		case !strings.HasPrefix(string(call), "running"):
			elsewhere++
		}
	}
	if asleep < elsewhere {
		t.Errorf("thread %s slept %d times and was in other system calls %d times", monitor, asleep, elsewhere)
	}
}

func TestRelaxMonitorRespectsALargerSlack(t *testing.T) {
	if !inNewProcess(t) {
		return
	}
	before := slacks(t)
	runtime.LockOSThread() // it ends with the test
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, defaultSlack+1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	RelaxMonitor()
	monitor := secondThread()
	if got := slacks(t)[monitor]; got != before[monitor] {
		t.Errorf("the monitor thread has a slack of %s ns, before it was %s", got, before[monitor])
	}
}
