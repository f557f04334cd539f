package run

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

func TestParsePeak(t *testing.T) {
	for status, want := range map[string]int64{
		"Name:\tx\nVmPeak:\t 9 kB\nVmHWM:\t    7632 kB\nVmRSS:\t 5 kB\n": 7632 << 10,
		"VmHWM:\t 5 kB\n":                     0, // only after a line: a program's name may be anything
		"Name:\tx\nVmHWM:\t 5 MB\n":           0,
		"Name:\tx\nVmHWM:\t -5 kB\n":          0,
		"Name:\tx\nVmHWM:\t 5":                0,
		"Name:\tVmHWM: 5 kB\nVmHWM:\t 6 kB\n": 6 << 10,
		"Name:\tx\nState:\tR (running)\n":     0,
		"":                                    0,
		"Name:\tx\nVmHWM:\t 99999999999999999999 kB\n": 0,
	} {
		if got := parsePeak([]byte(status)); got != want {
			t.Errorf("%q: %d, want %d", status, got, want)
		}
	}
}

const peakVariable = "VIRGO_TEST_PEAK"

// The process that starts a run, a shell or cron, may be larger than it: that is not the run's
// peak.
func TestPeakIsNotInherited(t *testing.T) {
	const heap = 128 << 20
	if os.Getenv(peakVariable) != "" {
		var ru syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
			t.Fatal(err)
		}
		fmt.Println("peak", peakBytes(), ru.Maxrss<<10)
		return
	}
	large := make([]byte, heap)
	for i := 0; i < len(large); i += 4096 {
		large[i] = 1
	}
	if own := peakBytes(); own < heap {
		t.Errorf("a process with a heap of %d bytes has a peak of %d", heap, own)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestPeakIsNotInherited$", "-test.v")
	child.Env = append(os.Environ(), peakVariable+"=1")
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_, after, _ := strings.Cut(string(out), "peak ")
	var peak, inherited int64
	if _, err := fmt.Sscan(after, &peak, &inherited); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if peak < 1<<20 || peak > heap/2 {
		t.Errorf("the child's peak is %d bytes", peak)
	}
	if inherited < heap {
		t.Logf("this kernel does not hand down ru_maxrss: %d bytes", inherited)
	}
	if large[0] != 1 { // it lives until here
		t.Error(large[0])
	}
}
