package program

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/notify"
	"virgo/schedule/ownership"
	"virgo/schedule/shorttext"
)

const (
	// maxErrorBytes of the end of standard error are in an error.
	maxErrorBytes = 500
	// waitDelay is how long output may stay open behind the program's end.
	waitDelay = time.Second
	// codeNever is the exit code of a message that is never taken, EX_DATAERR of sysexits.h.
	codeNever = 65
	// maxVariableBytes bounds a variable: the kernel refuses longer ones.
	maxVariableBytes = 64 << 10
)

// A Driver runs one program.
type Driver struct {
	args []string
	// base is the environment that every program gets.
	base []string
	// trusted returns why a file must not be run.
	trusted func(path string) error
}

// New returns a driver. getenv returns a variable of this process.
func New(c notify.CommandConfig, getenv func(string) string) *Driver {
	d := &Driver{args: c.Args, trusted: func(path string) error { return ownership.Check(path) }}
	for _, name := range passedOn {
		if value := getenv(name); value != "" {
			d.base = append(d.base, name+"="+value)
		}
	}
	return d
}

// Send is of [notify.Driver].
func (d *Driver) Send(ctx context.Context, m *notify.Message) error {
	name := filepath.Base(d.args[0])
	if err := d.trusted(d.args[0]); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, d.args[0], d.args[1:]...)
	cmd.Env = append(append([]string(nil), d.base...), variables(m)...)
	cmd.Stdin = bytes.NewReader(append(m.JSON(), '\n'))
	errs := &tail{most: maxErrorBytes}
	cmd.Stderr = errs
	cmd.Dir = filepath.Dir(d.args[0])
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
	case errors.As(err, &exit) && exit.ExitCode() == codeNever:
		return &notify.Permanent{Err: fmt.Errorf("%s ended with code %d%s", name, codeNever, errs)}
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return fmt.Errorf("%s ended with code %d%s", name, exit.ExitCode(), errs)
	case errors.As(err, &exit):
		return fmt.Errorf("%s ended by a signal%s", name, errs)
	}
	return fmt.Errorf("running %s: %w", name, err)
}

// variables are the main fields of a message.
func variables(m *notify.Message) []string {
	host := ""
	if len(m.Events) > 0 {
		host = m.Events[0].Standing.Host
	}
	var list []string
	for _, v := range [][2]string{{"ID", m.ID}, {"KIND", string(m.Kind)}, {"STATE", m.State.String()}, {"TITLE", m.Title}, {"TEXT", m.Text},
		{"LINK", m.Link}, {"HOST", host}, {"ESCALATION", strconv.Itoa(m.Escalation)}} {
		list = append(list, "VIRGO_ALARM_"+v[0]+"="+shorttext.Truncate(strings.ReplaceAll(v[1], "\x00", ""), maxVariableBytes))
	}
	return list
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
