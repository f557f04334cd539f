package host

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

// captured returns options for one of the trees of testdata.
func captured(host, moment string) Options {
	dir := filepath.Join("testdata", host, moment)
	return Options{Proc: filepath.Join(dir, "proc"), Sys: filepath.Join(dir, "sys")}
}

// changed returns a copy of a captured tree's proc with one file replaced.
func changed(t *testing.T, host, moment, file, text string) Options {
	t.Helper()
	opt := captured(host, moment)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(opt.Proc)); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, file), text)
	opt.Proc = dir
	return opt
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func request(target string, previous []byte) collect.Request {
	r := collect.Request{Check: schedule.Check{ID: "c"}, Previous: previous, Now: time.Now}
	if target != "" {
		r.Check.Details = schedule.Details{"target": target}
	}
	return r
}

// runCheck runs a check once in a synctest bubble, and returns how long it waited.
func runCheck(t *testing.T, c collect.Checker, req collect.Request) (r collect.Report, waited time.Duration, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r, err = c.Check(context.Background(), req)
		waited = time.Since(start)
	})
	return r, waited, err
}

// mustRun is runCheck for a check that must succeed.
func mustRun(t *testing.T, c collect.Checker, req collect.Request) collect.Report {
	t.Helper()
	r, _, err := runCheck(t, c, req)
	if err != nil || r.Unavailable {
		t.Fatalf("%v, %q", err, r.Status)
	}
	return r
}

// value is the value of a metric, "" where it is not there.
func value(r collect.Report, dimension, name string) string {
	for _, m := range r.Metrics {
		if m.Dimension == dimension && m.Name == name {
			return m.Value
		}
	}
	return ""
}

func number(t *testing.T, r collect.Report, dimension, name string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(value(r, dimension, name), 64)
	if err != nil {
		t.Fatalf("%s %s: %v", dimension, name, err)
	}
	return f
}

// expect compares metrics given as lines "name value".
func expect(t *testing.T, r collect.Report, dimension, want string) {
	t.Helper()
	for line := range strings.Lines(want) {
		name, v, _ := strings.Cut(strings.TrimSpace(line), " ")
		if got := value(r, dimension, name); name != "" && got != v {
			t.Errorf("%s %s: got %q, want %q", dimension, name, got, v)
		}
	}
}

func dimensions(r collect.Report) string {
	var names []string
	for i, m := range r.Metrics {
		if i == 0 || m.Dimension != r.Metrics[i-1].Dimension {
			names = append(names, m.Dimension)
		}
	}
	return strings.Join(names, " ")
}

// expired returns a context that is done.
func expired(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// unwrapped returns the first error of a joined one.
func unwrapped(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()[0]
	}
	return err
}
