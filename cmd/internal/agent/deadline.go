package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"virgo/cmd/internal/footprint"
)

// overdueGrace is the time that a command has to return after its deadline.
const overdueGrace = 2 * time.Second

// Deadline bounds a command: its context ends after d, and shortly later the program, whatever
// hangs.
func (p *Program) Deadline(d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(p.Context, d)
	timer := time.AfterFunc(d+overdueGrace, func() { p.overdue <- overdueError(d, waitedForProcessor(), p.Paths().State) })
	return ctx, func() { timer.Stop(); cancel() }
}

// overdueError returns the error of a command that has not ended by its deadline d, during which it
// waited for a processor for some time.
func overdueError(d, waited time.Duration, state string) error {
	err := fmt.Errorf("not finished %s after the deadline of %s", overdueGrace, d)
	if waited > d/4 {
		return WithHint(
			fmt.Errorf("%w: it had no processor for %s of that time", err, waited.Round(100*time.Millisecond)),
			"this host, or a limit of its container or control group, has too little CPU time left; "+
				"the next run continues from what is stored",
		)
	}
	return WithHint(
		fmt.Errorf("%w: a system call hangs, most likely on the disk of %q", err, state),
		"check that disk; the next run continues from what is stored",
	)
}

// Main runs the command, prints its error, and returns the exit code. It does not wait for a command
// that is overdue.
func (p *Program) Main(command func() error) int {
	done := make(chan error, 1)
	go func() {
		footprint.GrowStack()
		done <- command()
	}()
	var err error
	select {
	case err = <-done:
		p.CloseWorker()
	case err = <-p.overdue:
		p.groups.Close() // this process may hang as well, and the next run must start
		if p.Overdue != nil {
			err = p.Overdue(err)
		}
	}
	p.ClearProgress()
	err = p.asInterrupted(err)
	if err != nil {
		p.PrintError(p.Err, err)
	}
	code := ExitCode(err)
	if code == ExitInterrupted && p.Interrupts.Terminated() {
		code = ExitTerminated
	}
	return code
}

// asInterrupted returns err, or context.Canceled with its hint where a signal is why the command
// failed. Lost results are told all the same, and what was printed already is not printed again.
func (p *Program) asInterrupted(err error) error {
	var own *ExitError
	switch {
	case err == nil, p.Context.Err() == nil, errors.Is(err, p.Context.Err()) && !errors.As(err, &own):
		return err
	case errors.As(err, &own) && (own.Err == nil || own.Code == ExitLost):
		return err
	}
	return p.Context.Err()
}
