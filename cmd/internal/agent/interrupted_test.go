package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"virgo/cmd/internal/run"
	"virgo/spool"
)

func TestInterruptedRunSaysWhatIsKept(t *testing.T) {
	for _, tt := range []struct {
		rep  run.Report
		want string
	}{
		{run.Report{Due: 6, Kept: 4, Released: 2}, "4 of 6 results are stored, the next run makes the others"},
		{run.Report{Due: 6, Kept: 6}, "6 of 6 results are stored, the next run delivers what waits"},
		{run.Report{Due: 6, Kept: 6, Delivery: run.Delivery{Delivered: 3}},
			"6 of 6 results are stored, 3 were delivered, the next run delivers what waits"},
		{run.Report{}, "the next run delivers what waits"},
	} {
		if got := interruptedRun(tt.rep); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// A signal is why a command failed, whatever it says; but lost results are told, and what was
// printed already is not printed again.
func TestInterruptionOfACommand(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name    string
		ctx     context.Context
		err     error
		code    int
		printed string
	}{
		{"done before the signal", ctx, nil, ExitOK, ""},
		{"says what is kept", ctx, WithHint(context.Canceled, "2 results"), ExitInterrupted, "virgo: interrupted: 2 results\n"},
		{"another error", ctx, errors.New("connection closed"), ExitInterrupted, "virgo: interrupted\n"},
		{"with a code", ctx, WithCode(ExitNotDelivered, fmt.Errorf("x: %w", context.Canceled)), ExitInterrupted, "virgo: interrupted\n"},
		{"lost results", ctx, WithCode(ExitLost, errors.New("3 are lost")), ExitLost, "virgo: error: 3 are lost\n"},
		{"printed already", ctx, &ExitError{Code: 9}, 9, ""},
		{"no signal", t.Context(), WithCode(ExitBusy, spool.ErrLocked), ExitBusy, "virgo: error: " + spool.ErrLocked.Error() + "\n"},
	} {
		var out strings.Builder
		p := New(tt.ctx, Stdio{Err: &out, Out: &out}, func(string) string { return "" }, nil)
		if got := p.Main(func() error { return tt.err }); got != tt.code || out.String() != tt.printed {
			t.Errorf("%s: exit code %d, want %d; printed %q", tt.name, got, tt.code, out.String())
		}
	}
}
