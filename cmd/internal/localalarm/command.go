package localalarm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"virgo/collect/timerslack"
	"virgo/schedule/ownership"
	"virgo/schedule/shorttext"
)

const (
	// commandTime and webhookTime bound one attempt.
	commandTime = 20 * time.Second
	webhookTime = 10 * time.Second
	// commandDelay is how long output may stay open behind the program's end.
	commandDelay = time.Second
	// maxErrorBytes of the end of standard error are in the error.
	maxErrorBytes = 500
	// maxVariableBytes bounds a variable of the command.
	maxVariableBytes = 4 << 10
)

// Command is the way by a program of the owner: it gets the change as JSON on its standard input, and its fields as
// variables VIRGO_ALARM_*. environ is its environment besides.
func Command(args []string, environ func() []string) Way {
	return Way{Name: "alarm.command", Send: func(ctx context.Context, c *Change) error {
		return runCommand(ctx, args, environ(), c)
	}}
}

func runCommand(ctx context.Context, args, environ []string, c *Change) error {
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	name := filepath.Base(args[0])
	if err := ownership.Check(args[0]); err != nil {
		return err
	}
	input, err := json.Marshal(c)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(environ, variables(c)...)
	cmd.Stdin = bytes.NewReader(append(input, '\n'))
	errs := &tail{}
	cmd.Stderr = errs
	cmd.Dir = filepath.Dir(args[0])
	cmd.WaitDelay = commandDelay
	ownGroup(cmd)
	if err = timerslack.ForChild(cmd.Start); err == nil {
		err = cmd.Wait()
	}
	if errors.Is(err, exec.ErrWaitDelay) { // a child of it has its output open
		err = nil
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s was killed: it did not end in time%s", name, errs)
	case err == nil:
		return nil
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return fmt.Errorf("%s ended with code %d%s", name, exit.ExitCode(), errs)
	case errors.As(err, &exit):
		return fmt.Errorf("%s ended by a signal%s", name, errs)
	}
	return fmt.Errorf("running %s: %w", name, err)
}

// variables returns the fields of a change for a shell script.
func variables(c *Change) []string {
	var list []string
	for _, v := range [][2]string{
		{"ID", c.ID}, {"STATE", c.State}, {"WAS", c.Was}, {"HOST", c.Host}, {"CHECK", c.CheckID}, {"NAME", c.Alarm},
		{"DIMENSION", c.Dimension}, {"TEXT", c.Text}, {"TITLE", c.Host + ": " + c.State + " " + c.Name()},
	} {
		value := strings.ReplaceAll(shorttext.Truncate(shorttext.Sanitize(v[1]), maxVariableBytes), "\x00", "")
		list = append(list, "VIRGO_ALARM_"+v[0]+"="+value)
	}
	return list
}

// A tail keeps the end of what is written to it.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if len(t.b) > maxErrorBytes {
		t.b = append([]byte(nil), t.b[len(t.b)-maxErrorBytes:]...)
	}
	return len(p), nil
}

// String returns what continues an error.
func (t *tail) String() string {
	text := strings.Join(strings.Fields(shorttext.Sanitize(shorttext.Valid(string(t.b)))), " ")
	if text == "" {
		return ""
	}
	return ": " + text
}
