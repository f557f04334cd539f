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
	"strings"
	"time"
)

const (
	// MaxOutputBytes of standard output are kept; a program that prints more is ended.
	MaxOutputBytes = 8 << 20
	// maxErrorBytes of standard error are kept, for the message.
	maxErrorBytes = 4 << 10
	// waitDelay is how long a program that was ended may keep its output open.
	waitDelay = 500 * time.Millisecond
)

// ErrMissing is returned when a program is not on this system; the error around it names the program.
var ErrMissing = errors.New("is not installed")

// ErrTooMuch is returned when a program printed more than MaxOutputBytes, with those that were kept.
var ErrTooMuch = errors.New("printed too much")

// An ExitError is returned when a program ended with a code other than 0.
type ExitError struct {
	// Name of the program.
	Name string
	// Code it ended with; -1 where a signal ended it.
	Code int
	// Stderr is what it said, at most 4 KiB, in one line.
	Stderr string
}

func (e *ExitError) Error() string {
	if e.Stderr == "" {
		return fmt.Sprintf("%s ended with code %d", e.Name, e.Code)
	}
	return fmt.Sprintf("%s ended with code %d: %s", e.Name, e.Code, e.Stderr)
}

// Find gives the path of a program of the system's. Error: ErrMissing.
func Find(name string) (string, error) {
	if strings.ContainsAny(name, `/\`) {
		return "", fmt.Errorf("%q is no program's name", name)
	}
	for _, folder := range Folders() {
		if path, err := exec.LookPath(filepath.Join(folder, name)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s %w", name, ErrMissing)
}

// Output runs a program of the system's and gives what it printed on standard output, which is also there
// with an ExitError and with ErrTooMuch. Other errors: ErrMissing, the context's.
func Output(ctx context.Context, name string, args ...string) ([]byte, error) {
	path, err := Find(name)
	if err != nil {
		return nil, err
	}
	return Run(ctx, path, args...)
}

// Feed is Output for a program that reads input: what is secret is not on a command line.
func Feed(ctx context.Context, input, name string, args ...string) ([]byte, error) {
	path, err := Find(name)
	if err != nil {
		return nil, err
	}
	out, _, err := run(ctx, strings.NewReader(input), path, args)
	return out, err
}

// Run is Output for the program at path.
func Run(ctx context.Context, path string, args ...string) ([]byte, error) {
	out, _, err := run(ctx, nil, path, args)
	return out, err
}

// OutputAndErrors is Output for a program that ends with 0 whatever it complained of: it also gives the first
// 4 KiB of standard error.
func OutputAndErrors(ctx context.Context, name string, args ...string) (out, said []byte, err error) {
	path, err := Find(name)
	if err != nil {
		return nil, nil, err
	}
	return run(ctx, nil, path, args)
}

func run(ctx context.Context, input io.Reader, path string, args []string) (printed, complained []byte, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	name := filepath.Base(path)
	out := &limited{most: MaxOutputBytes, full: func() { cancel(ErrTooMuch) }}
	said := &limited{most: maxErrorBytes, full: func() {}}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = environment()
	cmd.Dir = rootFolder
	cmd.Stdin = input
	cmd.Stdout, cmd.Stderr = out, said
	cmd.WaitDelay = waitDelay
	ownGroup(cmd)
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil && errors.Is(context.Cause(ctx), ErrTooMuch):
		return out.Bytes(), said.Bytes(), fmt.Errorf("%s %w (over %d bytes)", name, ErrTooMuch, MaxOutputBytes)
	case ctx.Err() != nil:
		return nil, nil, ctx.Err()
	case errors.As(err, &exit):
		return out.Bytes(), said.Bytes(), &ExitError{Name: name, Code: exit.ExitCode(), Stderr: oneLine(said.String())}
	case errors.Is(err, exec.ErrWaitDelay):
		return out.Bytes(), said.Bytes(), nil // it ended well; what it left behind keeps its output open
	case errors.Is(err, os.ErrNotExist):
		return nil, nil, fmt.Errorf("%s %w", name, ErrMissing)
	case err != nil:
		return nil, nil, fmt.Errorf("running %s: %w", name, err)
	}
	return out.Bytes(), said.Bytes(), nil
}

// limited keeps the first bytes and throws away the rest, so that the program can go on.
type limited struct {
	bytes.Buffer
	most int
	full func()
}

// ReadFrom hides the buffer's, which knows no bound.
func (l *limited) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{l}, r)
}

func (l *limited) Write(p []byte) (int, error) {
	if room := l.most - l.Len(); len(p) > room {
		l.Buffer.Write(p[:room])
		l.full()
		return len(p), nil
	}
	return l.Buffer.Write(p)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
