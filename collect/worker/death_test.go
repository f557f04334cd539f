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

// deadly are checks of which some kill the program. Their detail folder is where they note that they run. In the first
// process all wait until as many as the detail all are under way in it; then those that kill do.
func deadly() []collect.Type {
	var present atomic.Int64
	met := make(chan struct{})
	var first sync.Once
	// meet reports whether this is the process in which all are to meet, and returns when they have.
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
		killer("t.breaks", func() { os.Stdout.WriteString("no JSON at all\n") }),
		{Name: "t.bystander", Summary: "of the test", Checker: collect.CheckerFunc(func(ctx context.Context, req collect.Request) (collect.Report, error) {
			together, err := meet(req)
			if together {
				<-ctx.Done()
			}
			return collect.Report{Metrics: []collect.Metric{{Name: "ran", Type: collect.String, Value: req.Check.ID}}}, err
		})},
	}
}

// name is what the program is called in what is said of it.
func (p *Program) name(t *testing.T) string {
	t.Helper()
	path, err := p.Path()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Base(path)
}

// Who kills the program is told so, and all others that were under way in it have their results, each one.
func TestBystandersHaveTheirResults(t *testing.T) {
	killed := "signal: killed"
	if runtime.GOOS == "windows" {
		killed = "exit status 1"
	}
	for name, c := range map[string]struct{ killers, how []string }{
		"killed":      {[]string{"t.killed"}, []string{killed}},
		"fatal error": {[]string{"t.fatal"}, []string{"fatal error: sync: unlock of unlocked mutex (exit status 2)"}},
		"no talk":     {[]string{"t.breaks"}, []string{"a line that is none of this talk"}},
		"several":     {[]string{"t.killed", "t.breaks", "t.killed", "t.fatal", "t.killed", "t.killed", "t.breaks"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := program(t, "")
			name, path, started := p.name(t), p.Path, atomic.Int64{}
			p.Path = func() (string, error) { started.Add(1); return path() }
			const bystanders = 20
			folder, all := t.TempDir(), bystanders+len(c.killers)
			var types []collect.Type
			for _, typ := range deadly() {
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
				if want := name + " died while it ran this check: " + how; o.Result.State != collect.Unavailable || !strings.HasPrefix(o.Result.Status, want) {
					t.Errorf("%s: %q, want %q", jobs[i].Check.Type, o.Result.Status, want)
				}
			})
			for i := range jobs {
				ran, err := filepath.Glob(filepath.Join(folder, jobs[i].Check.ID+".*"))
				if err != nil || len(ran) != 2 || outcomes[i] != 1 {
					t.Errorf("%s was asked %d times, has %d outcomes (%v)", jobs[i].Check.ID, len(ran), outcomes[i], err)
				}
			}
			if n := started.Load(); n != int64(1+all) {
				t.Errorf("%d processes were started", n)
			}
			// What comes after is in one process again.
			if _, err := (checker{p}).Check(t.Context(), requestFor("t.echo", nil)); err != nil {
				t.Error(err)
			}
		})
	}
}

// Whose time is up while it waits to be tried alone is told why it has no result.
func TestNoTimeToBeAlone(t *testing.T) {
	p := program(t, "")
	p.cells = make(chan struct{}, 1)
	p.cells <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.askAlone(ctx, &deathError{"virgo-checks", "signal: killed"}, nil)
	if want := "virgo-checks died (signal: killed) while this and others were under way, and there was no time to try it alone"; err == nil || err.Error() != want {
		t.Errorf("%v, want %q", err, want)
	}
}

// A question about the host that kills the program is told as one.
func TestQuestionThatKills(t *testing.T) {
	p := program(t, "")
	_, err := p.HostInfo(t.Context(), "exits")
	if want := p.name(t) + ` died while it looked for "exits": exit status 7`; err == nil || err.Error() != want {
		t.Errorf("%v, want %q", err, want)
	}
	if start := (*StartError)(nil); errors.As(err, &start) {
		t.Errorf("%v is told to be of the start", err)
	}
	if info, err := p.HostInfo(t.Context(), "cpu"); err != nil || string(info) != `{"asked":"cpu"}` {
		t.Errorf("%s, %v", info, err)
	}
}
