// Package execute runs programs of the folder's owner: notifiers and outputs.
//
// There is no shell between, and no text of a host is among the arguments. Of the endpoint's environment a program has PATH,
// HOME, LANG and TZ alone: the rest may hold secrets. It runs in the folder that it is in, and in a process group of its own,
// which is killed when its time is over, with all that it started. Before each start package ownership is asked whether somebody
// else than root and this user could have changed it.
//
// Exit code 0 says that the program has taken what it got; 65 (EX_DATAERR) that it will never take this; every other code is
// repeated. The tail of standard error is in the error, without control characters.
package execute

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"virgo/schedule/ownership"
	"virgo/schedule/shorttext"
)

const (
	// CodeNever is the exit code of what is never taken, EX_DATAERR of sysexits.h.
	CodeNever = 65
	// MaxErrorBytes of the end of standard error are in an error.
	MaxErrorBytes = 500
	// waitDelay is how long output may stay open behind the program's end.
	waitDelay = time.Second
)

// A Program is one with its arguments; the first is its full path.
type Program struct {
	Args []string
	// Trusted returns why a file must not be run.
	Trusted func(path string) error
	// environment is what every program gets.
	environment []string
}

// New returns a program. getenv returns a variable of this process.
func New(args []string, getenv func(string) string) *Program {
	p := &Program{Args: args, Trusted: func(path string) error { return ownership.Check(path) }}
	for _, name := range passedOn {
		if value := getenv(name); value != "" {
			p.environment = append(p.environment, name+"="+value)
		}
	}
	return p
}

// An Exit is the error of a program that ended with another code than 0.
type Exit struct {
	Code int
	text string
}

func (e *Exit) Error() string { return e.text }

// Run runs the program with some bytes as standard input, and more variables. Errors: *Exit, *ownership.Fault, those of starting it.
func (p *Program) Run(ctx context.Context, input []byte, variables []string) error {
	name := filepath.Base(p.Args[0])
	if err := p.Trusted(p.Args[0]); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, p.Args[0], p.Args[1:]...)
	cmd.Env = append(append([]string(nil), p.environment...), variables...)
	cmd.Stdin = bytes.NewReader(input)
	errs := &tail{most: MaxErrorBytes}
	cmd.Stderr = errs
	cmd.Dir = filepath.Dir(p.Args[0])
	cmd.WaitDelay = waitDelay
	ownGroup(cmd)
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) { // a child of it has its output open, so the group is still its own
		killGroup(cmd)
		err = nil
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s was killed: it did not end in time%s", name, errs)
	case err == nil:
		return nil
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return &Exit{exit.ExitCode(), fmt.Sprintf("%s ended with code %d%s", name, exit.ExitCode(), errs)}
	case errors.As(err, &exit):
		return fmt.Errorf("%s ended by a signal%s", name, errs)
	}
	return fmt.Errorf("running %s: %w", name, err)
}

// A tail keeps the end of what is written.
type tail struct {
	most int
	data []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.data = append(t.data, p...)
	if over := len(t.data) - t.most; over > 0 {
		t.data = append(t.data[:0], t.data[over:]...)
	}
	return len(p), nil
}

// String continues a sentence.
func (t *tail) String() string {
	text := shorttext.Sanitize(strings.Join(strings.Fields(string(t.data)), " "))
	if text == "" {
		return ""
	}
	return ": " + text
}
