//go:build unix

package program

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/execute"
	"virgo/cmd/virgo-endpoint/internal/notify"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

const secret = "SECRET-of-the-endpoint"

// driver returns one that runs a script.
func driver(t *testing.T, script string, args ...string) (*Driver, string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "tell.sh")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	d := New(notify.CommandConfig{Args: append([]string{file}, args...)}, func(name string) string {
		return map[string]string{"PATH": "/usr/bin:/bin", "SMTP_PASSWORD": secret}[name]
	})
	d.program.Trusted = func(string) error { return nil }
	return d, dir
}

func message() *notify.Message {
	return &notify.Message{ID: "0123", Kind: watch.AlarmEvent, State: alarm.Critical, Title: "web1: CRITICAL $(reboot) `x`", Text: "two\nlines\n",
		Link: "https://v/hosts/web1", Escalation: 1, Events: []watch.Event{{Kind: watch.AlarmEvent, Standing: watch.Standing{Host: "web1", State: alarm.Critical}}}}
}

func TestProgramGetsTheMessage(t *testing.T) {
	d, dir := driver(t, `cat >input; env | sort >variables; printf '%s|' "$@" >arguments`, "+4912345", "a b")
	if err := d.Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	if got := read("arguments"); got != "+4912345|a b|" {
		t.Error(got)
	}
	var doc struct {
		ID, Title string
		Events    []struct{ Alarm struct{ Host string } }
	}
	if err := json.Unmarshal([]byte(read("input")), &doc); err != nil || doc.ID != "0123" || doc.Events[0].Alarm.Host != "web1" {
		t.Errorf("%s: %v", read("input"), err)
	}
	env := read("variables")
	for _, want := range []string{"VIRGO_ALARM_STATE=CRITICAL\n", "VIRGO_ALARM_TITLE=web1: CRITICAL $(reboot) `x`\n", "VIRGO_ALARM_HOST=web1\n", "VIRGO_ALARM_ESCALATION=1\n", "PATH=/usr/bin:/bin\n"} {
		if !strings.Contains(env, want) {
			t.Errorf("%q is missing in\n%s", want, env)
		}
	}
	if strings.Contains(env, secret) {
		t.Errorf("the endpoint's environment is passed on: %s", env)
	}
}

func TestExitCodes(t *testing.T) {
	for script, want := range map[string]string{
		"exit 0":                         "",
		"echo no credit >&2; exit 3":     "tell.sh ended with code 3: no credit",
		"exit 65":                        "tell.sh ended with code 65",
		"kill -9 $$":                     "tell.sh ended by a signal",
		`printf 'a\033[2Jb' >&2; exit 1`: "tell.sh ended with code 1: a [2Jb",
		"head -c 100000 /dev/zero | tr '\\0' x >&2; exit 1": "tell.sh ended with code 1: " + strings.Repeat("x", execute.MaxErrorBytes),
	} {
		d, _ := driver(t, script)
		err := d.Send(t.Context(), message())
		got := ""
		if err != nil {
			got = err.Error()
		}
		var permanent *notify.Permanent
		if got != want || errors.As(err, &permanent) != (script == "exit 65") {
			t.Errorf("%s: %q, want %q", script, got, want)
		}
	}
}

// When its time is over, a program is killed with all that it started; a child has a pipe open until it ends.
func TestTheWholeTreeIsKilled(t *testing.T) {
	d, dir := driver(t, `(sleep 600; echo) >fifo & (sleep 600; echo) >fifo & wait`)
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		pipe, err := os.Open(fifo) // waits for a child
		cancel()
		if err == nil {
			_, err = io.Copy(io.Discard, pipe)
			pipe.Close()
		}
		gone <- err
	}()
	if err := d.Send(ctx, message()); err == nil || err.Error() != "tell.sh was killed: it did not end in time" {
		t.Error(err)
	}
	select {
	case err := <-gone:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("a child still runs")
	}
}

// A program that ends and leaves a child with its output open has taken the message; the child is not left behind.
func TestChildrenOfAProgramThatEndedAreKilled(t *testing.T) {
	d, dir := driver(t, `exec 3>fifo; sleep 600 & exit 0`) // the child has the pipe open before the program ends
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	gone := make(chan error, 1)
	go func() {
		pipe, err := os.Open(fifo)
		if err == nil {
			_, err = io.Copy(io.Discard, pipe)
			pipe.Close()
		}
		gone <- err
	}()
	if err := d.Send(t.Context(), message()); err != nil {
		t.Error(err)
	}
	select {
	case <-gone:
	case <-time.After(time.Minute):
		t.Error("a child still runs")
	}
}

func TestOnlyTheOwnersProgramIsRun(t *testing.T) {
	d, dir := driver(t, "touch ran")
	d.program.Trusted = New(notify.CommandConfig{Args: d.program.Args}, os.Getenv).program.Trusted
	if err := os.Chmod(d.program.Args[0], 0o777); err != nil {
		t.Fatal(err)
	}
	if err := d.Send(t.Context(), message()); err == nil || !strings.Contains(err.Error(), "is writable by others") {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
		t.Error("it was run all the same")
	}
}
