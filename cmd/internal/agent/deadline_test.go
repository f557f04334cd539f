package agent

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A command that is overdue for want of CPU time does not blame the disk.
func TestOverdueErrorNamesItsCause(t *testing.T) {
	for _, tc := range []struct {
		waited     time.Duration
		want, hint string
		not        string
	}{
		{0, `a system call hangs, most likely on the disk of "/s"`, "check that disk", "processor"},
		{5 * time.Second, "the disk", "check that disk", "processor"},
		{40 * time.Second, "it had no processor for 40s of that time", "too little CPU time", "disk"},
	} {
		err := overdueError(50*time.Second, tc.waited, "/s")
		if text := err.Error(); !strings.HasPrefix(text, "not finished 2s after the deadline of 50s: ") ||
			!strings.Contains(text, tc.want) || !strings.Contains(Hint(err), tc.hint) || strings.Contains(text+Hint(err), tc.not) {
			t.Errorf("after waiting %v: %v; %s", tc.waited, err, Hint(err))
		}
	}
}

// A command that hangs past its deadline ends the program with the exit code that it has for that.
func TestOverdueCommandEndsTheProgram(t *testing.T) {
	for _, own := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := New(t.Context(), Stdio{Out: io.Discard, Err: io.Discard}, func(string) string { return "" }, nil)
			want := ExitUnexpected
			if own {
				want = 3
				p.Overdue = func(err error) error { return WithCode(3, errors.Join(err)) }
			}
			hang, end := context.WithCancel(context.Background())
			defer end()
			code := p.Main(func() error {
				_, cancel := p.Deadline(time.Minute)
				defer cancel()
				<-hang.Done()
				return nil
			})
			if code != want {
				t.Errorf("exit code %d, want %d", code, want)
			}
		})
	}
}
