package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

// killers are checks of which some kill the process. In the detail folder each leaves a file when
// it runs. In the first process all wait until as many as the detail all run in it; then those that
// kill do.
func killers() []collect.Type {
	var present atomic.Int64
	met := make(chan struct{})
	var first sync.Once
	// meet reports whether this is the first process, and returns once all checks run in it.
	meet := func(req collect.Request) (bool, error) {
		folder, _ := req.Check.Details.Text("folder")
		all, err := req.Check.Details.Int("all", 0)
		if err != nil {
			return false, err
		}
		note, err := os.CreateTemp(folder, req.Check.ID+".")
		if err != nil {
			return false, err
		}
		note.Close()
		if _, err := os.Stat(filepath.Join(folder, "met")); err == nil {
			return false, nil
		}
		if present.Add(1) == all {
			first.Do(func() {
				err = os.WriteFile(filepath.Join(folder, "met"), nil, 0o600)
				close(met)
			})
		}
		<-met
		return true, err
	}
	killer := func(name string, kill func()) collect.Type {
		return collect.Type{Name: name, Summary: "of the test", Checker: collect.CheckerFunc(func(_ context.Context, req collect.Request) (collect.Report, error) {
			if _, err := meet(req); err != nil {
				return collect.Report{}, err
			}
			kill()
			select {}
		})}
	}
	return []collect.Type{
		killer("t.killed", func() {
			self, err := os.FindProcess(os.Getpid())
			if err == nil {
				err = self.Kill()
			}
			fmt.Fprintln(os.Stderr, err)
		}),
		killer("t.fatal", func() { // what no recover stops
			var held sync.Mutex
			held.Unlock()
		}),
		killer("t.breaks", func() { os.Stdout.WriteString("not JSON\n") }),
		{Name: "t.bystander", Summary: "of the test", Checker: collect.CheckerFunc(func(ctx context.Context, req collect.Request) (collect.Report, error) {
			together, err := meet(req)
			if together {
				<-ctx.Done()
			}
			return collect.Report{Metrics: []collect.Metric{{Name: "ran", Type: collect.String, Value: req.Check.ID}}}, err
		})},
	}
}

// A check that kills the process has a result that says so; all others that ran in it have theirs,
// each one.
func TestDeathOfTheProcess(t *testing.T) {
	killed := "signal: killed"
	if runtime.GOOS == "windows" {
		killed = "exit status 1"
	}
	for name, c := range map[string]struct{ killers, how []string }{
		"killed":      {[]string{"t.killed"}, []string{killed}},
		"fatal error": {[]string{"t.fatal"}, []string{"fatal error: sync: unlock of unlocked mutex (exit status 2)"}},
		"not JSON":    {[]string{"t.breaks"}, []string{"not a line of the worker protocol"}},
		"several":     {[]string{"t.killed", "t.breaks", "t.killed", "t.fatal", "t.killed", "t.killed", "t.breaks"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := program(t, "")
			path, started := p.Path, atomic.Int64{}
			p.Path = func() (string, error) { started.Add(1); return path() }
			const bystanders = 20
			folder, all := t.TempDir(), bystanders+len(c.killers)
			var types []collect.Type
			for _, typ := range killers() {
				types = append(types, collect.Type{Name: typ.Name, Checker: checker{p}})
			}
			registry, err := collect.NewRegistry(types...)
			if err != nil {
				t.Fatal(err)
			}
			var jobs []collect.Job
			for i := range all {
				typ := "t.bystander"
				if i%2 == 1 && i/2 < len(c.killers) {
					typ = c.killers[i/2]
				}
				jobs = append(jobs, collect.Job{Check: schedule.Check{ID: fmt.Sprintf("c%d", i), Type: typ, Period: time.Minute, Timeout: time.Minute,
					Details: schedule.Details{"folder": folder, "all": all}}})
			}
			outcomes := make(map[int]int)
			runner := collect.Runner{Registry: registry, Concurrency: all}
			runner.Run(t.Context(), jobs, func(i int, o collect.Outcome) {
				outcomes[i]++
				if jobs[i].Check.Type == "t.bystander" {
					if o.Result.State != collect.Available || len(o.Result.Metrics) != 1 || o.Result.Metrics[0].Value != jobs[i].Check.ID {
						t.Errorf("%s: %+v", jobs[i].Check.ID, o.Result)
					}
					return
				}
				how := ""
				if c.how != nil {
					how = c.how[i/2]
				}
				if want := "the worker process died while it ran this check: " + how; o.Result.State != collect.Unavailable || !strings.HasPrefix(o.Result.Status, want) {
					t.Errorf("%s: %q, want %q", jobs[i].Check.Type, o.Result.Status, want)
				}
			})
			for i := range jobs {
				ran, err := filepath.Glob(filepath.Join(folder, jobs[i].Check.ID+".*"))
				if err != nil || len(ran) != 2 || outcomes[i] != 1 {
					t.Errorf("%s ran %d times and has %d outcomes (%v)", jobs[i].Check.ID, len(ran), outcomes[i], err)
				}
			}
			if n := started.Load(); n != int64(1+all) {
				t.Errorf("%d processes were started", n)
			}
			// The next check has a process again.
			if _, err := (checker{p}).Check(t.Context(), requestFor("t.echo", nil)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNoTimeToRunAlone(t *testing.T) {
	p := program(t, "")
	p.alone = make(chan struct{}, 1)
	p.alone <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.askAlone(ctx, &deathError{Death{How: "signal: killed"}}, nil)
	if want := "the worker process died (signal: killed) while this and other requests ran in it, and there was no time to run it alone"; err == nil || err.Error() != want {
		t.Errorf("%v, want %q", err, want)
	}
}

func TestHostInfoThatKillsTheProcess(t *testing.T) {
	p := program(t, "")
	_, err := p.HostInfo(t.Context(), "exits")
	if want := `the worker process died while it read host information "exits": exit status 7`; err == nil || err.Error() != want {
		t.Errorf("%v, want %q", err, want)
	}
	if start := (*StartError)(nil); errors.As(err, &start) {
		t.Errorf("%v is a StartError", err)
	}
	if info, err := p.HostInfo(t.Context(), "cpu"); err != nil || string(info) != `{"asked":"cpu"}` {
		t.Errorf("%s, %v", info, err)
	}
}

// However much a process prints on standard error, its beginning is stored.
func TestStderrIsBounded(t *testing.T) {
	var s stderrHead
	for range 3 {
		if n, err := s.Write([]byte("virgo: error: out of memory\n" + strings.Repeat("x", maxStderrBytes))); err != nil || n < maxStderrBytes {
			t.Fatal(n, err) // a short write would end the process
		}
	}
	if s.buf.Len() != maxStderrBytes {
		t.Errorf("%d bytes are stored", s.buf.Len())
	}
	if got := s.firstLine(); got != "out of memory" {
		t.Errorf("first line %q", got)
	}
}
