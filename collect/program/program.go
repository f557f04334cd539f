package program

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"virgo/collect/timerslack"
	"virgo/schedule/ownership"
)

const (
	// MaxOutputBytes of standard output are read; a program that prints more is killed.
	MaxOutputBytes = 8 << 20
	// maxErrorBytes of standard error are read, for the error.
	maxErrorBytes = 4 << 10
	// waitDelay is how long a program's output may stay open after its end.
	waitDelay = 500 * time.Millisecond
)

// ErrMissing is returned when a program is not on this system; the error that wraps it names the
// program.
var ErrMissing = errors.New("is not installed")

// ErrTooMuch is returned when a program printed more than the limit, with the first bytes.
var ErrTooMuch = errors.New("printed too much")

// An ExitError is returned when a program ended with a code other than 0.
type ExitError struct {
	// Name of the program.
	Name string
	// Code it exited with; -1: a signal ended it.
	Code int
	// Stderr is its standard error, at most 4 KiB, in one line.
	Stderr string
}

func (e *ExitError) Error() string {
	if e.Stderr == "" {
		return fmt.Sprintf("%s ended with code %d", e.Name, e.Code)
	}
	return fmt.Sprintf("%s ended with code %d: %s", e.Name, e.Code, e.Stderr)
}

// Find returns the path of a program of the system. One that others than root and the agent's user may have
// put there is passed over, see checkOwner. Error: ErrMissing.
func Find(name string) (string, error) {
	if strings.ContainsAny(name, `/\`) {
		return "", fmt.Errorf("%q is not the name of a program", name)
	}
	return find(name, Folders(), checkOwner)
}

// find is Find in these folders; check returns an *ownership.Fault for a program that is passed over.
func find(name string, folders []string, check func(path string) error) (string, error) {
	var foreign *ownership.Fault
	for _, folder := range folders {
		path, err := exec.LookPath(filepath.Join(folder, name))
		if err == nil {
			err = check(path)
		}
		if err == nil {
			return path, nil
		}
		if fault := (*ownership.Fault)(nil); errors.As(err, &fault) && foreign == nil {
			foreign = fault
		}
	}
	if foreign != nil {
		return "", fmt.Errorf("%s %w: %w", name, ErrMissing, foreign)
	}
	return "", fmt.Errorf("%s %w", name, ErrMissing)
}

// Output runs a program of the system and returns its standard output, also with *ExitError and
// ErrTooMuch. Other errors: ErrMissing, the context's.
func Output(ctx context.Context, name string, args ...string) ([]byte, error) {
	path, err := Find(name)
	if err != nil {
		return nil, err
	}
	return Run(ctx, path, args...)
}

// Feed is Output for a program that reads input, which keeps secrets off the command line.
func Feed(ctx context.Context, input, name string, args ...string) ([]byte, error) {
	path, err := Find(name)
	if err != nil {
		return nil, err
	}
	out, _, err := RunWith(ctx, Options{Input: input}, path, args...)
	return out, err
}

// Run is Output for the program at path.
func Run(ctx context.Context, path string, args ...string) ([]byte, error) {
	out, _, err := RunWith(ctx, Options{}, path, args...)
	return out, err
}

// OutputAndErrors is Output for a program that exits with 0 whatever went wrong: it also returns
// the first 4 KiB of standard error.
func OutputAndErrors(ctx context.Context, name string, args ...string) (stdout, stderr []byte, err error) {
	path, err := Find(name)
	if err != nil {
		return nil, nil, err
	}
	return RunWith(ctx, Options{}, path, args...)
}

// Options of a program. The zero value are those of [Run].
type Options struct {
	// Input is what the program reads; empty: nothing.
	Input string
	// Env are further variables, NAME=VALUE. They cannot replace those that every program has.
	Env []string
	// MaxOutput is how many bytes of standard output are read; 0: MaxOutputBytes.
	MaxOutput int
	// Merge sends standard error where standard output goes.
	Merge bool
	// Start calls start, which starts the program, and returns its error; nil: it is called at once.
	Start func(start func() error) error
}

// RunWith is Run with options. It also returns the first 4 KiB of standard error.
func RunWith(ctx context.Context, o Options, path string, args ...string) (stdout, stderr []byte, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	name := filepath.Base(path)
	most := o.MaxOutput
	if most == 0 {
		most = MaxOutputBytes
	}
	out := &limited{max: most, full: func() { cancel(ErrTooMuch) }}
	errs := &limited{max: maxErrorBytes, full: func() {}}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = withVariables(environment(), o.Env)
	cmd.Dir = rootFolder
	if o.Input != "" {
		cmd.Stdin = strings.NewReader(o.Input)
	}
	cmd.Stdout, cmd.Stderr = out, errs
	if o.Merge {
		cmd.Stderr = out // one pipe for both keeps the order of what is written
	}
	cmd.WaitDelay = waitDelay
	ownGroup(cmd)
	start := func() error { return timerslack.ForChild(cmd.Start) }
	if o.Start != nil {
		err = o.Start(start)
	} else {
		err = start()
	}
	if err == nil {
		err = cmd.Wait()
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil && errors.Is(context.Cause(ctx), ErrTooMuch):
		return out.Bytes(), errs.Bytes(), fmt.Errorf("%s %w (over %d bytes)", name, ErrTooMuch, most)
	case ctx.Err() != nil:
		return nil, nil, ctx.Err()
	case errors.As(err, &exit):
		return out.Bytes(), errs.Bytes(), &ExitError{Name: name, Code: exit.ExitCode(), Stderr: oneLine(errs.String())}
	case errors.Is(err, exec.ErrWaitDelay):
		return out.Bytes(), errs.Bytes(), nil // it succeeded; a child of it has its output open
	case errors.Is(err, os.ErrNotExist):
		return nil, nil, fmt.Errorf("%s %w", name, ErrMissing)
	case err != nil:
		return nil, nil, fmt.Errorf("running %s: %w", name, err)
	}
	return out.Bytes(), errs.Bytes(), nil
}

// withVariables returns an environment with further variables. Where a name is there twice, os/exec takes the last.
func withVariables(env, further []string) []string {
	if len(further) == 0 {
		return env
	}
	if env == nil {
		env = (&exec.Cmd{}).Environ()
	}
	return slices.Concat(further, env)
}

// limited stores the first bytes and discards the rest, so that the program is not blocked.
type limited struct {
	bytes.Buffer
	max  int
	full func()
}

// ReadFrom hides the buffer's, which has no bound.
func (l *limited) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{l}, r)
}

func (l *limited) Write(p []byte) (int, error) {
	if room := l.max - l.Len(); len(p) > room {
		l.Buffer.Write(p[:room])
		l.full()
		return len(p), nil
	}
	return l.Buffer.Write(p)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
