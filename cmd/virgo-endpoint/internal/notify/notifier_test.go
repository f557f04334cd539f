package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/cmd/virgo-endpoint/internal/watch/watchtest"
	"virgo/schedule/alarm"
)

// A recorder is a driver that notes what it gets, and answers as it is told.
type recorder struct {
	mu    sync.Mutex
	got   []*Message
	times []time.Time
	reply func(attempt int) error
	hang  chan struct{} // if set, Send does not come back before it is closed
}

func (r *recorder) Send(_ context.Context, m *Message) error {
	r.mu.Lock()
	r.got = append(r.got, m)
	r.times = append(r.times, time.Now())
	n, reply, hang := len(r.got), r.reply, r.hang
	r.mu.Unlock()
	if hang != nil {
		<-hang
	}
	if reply == nil {
		return nil
	}
	return reply(n)
}

func (r *recorder) titles() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for _, m := range r.got {
		list = append(list, m.Title)
	}
	return strings.Join(list, "\n")
}

func (r *recorder) messages() []*Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*Message(nil), r.got...)
}

// A bench is a notifier with recorders a and b, in a bubble of synctest. What it has is changed while it is stopped.
type bench struct {
	*Notifier
	t      *testing.T
	config *Config
	memory *watchtest.Memory
	a, b   *recorder
	beats  *beats
	log    *bytes.Buffer
	mu     sync.Mutex // for states
	states map[watch.Key]watch.Standing
	stop   func()
}

// newBench returns a bench that runs.
func newBench(t *testing.T, routes string) *bench {
	t.Helper()
	b := stoppedBench(t, routes)
	b.stop = b.run()
	return b
}

func stoppedBench(t *testing.T, routes string) *bench {
	t.Helper()
	c, problems := load(t, "notifiers:\n  a: {command: [/bin/a]}\n  b: {command: [/bin/b]}\n"+routes)
	if problems != "" {
		t.Fatal(problems)
	}
	b := &bench{t: t, config: c, memory: &watchtest.Memory{}, a: &recorder{}, b: &recorder{}, beats: &beats{}, log: new(bytes.Buffer),
		states: make(map[watch.Key]watch.Standing), stop: func() {}}
	b.renew()
	t.Cleanup(func() { b.stop() })
	return b
}

// renew makes the notifier that another process would have.
func (b *bench) renew() {
	b.Notifier = New(Options{Config: b.config, Queue: b.memory.Queue(), Drivers: map[string]Driver{"a": b.a, "b": b.b}, Zone: time.UTC,
		WebURL: "https://virgo.example.com/", Log: slog.New(slog.NewTextHandler(b.log, nil)),
		Standing: b.find, HTTP: &http.Client{Transport: b.beats}})
}

// run sends until the returned function is called.
func (b *bench) run() (stop func()) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*24*time.Hour)
	done := make(chan struct{})
	go func() { defer close(done); b.Run(ctx) }()
	return func() { cancel(); <-done }
}

func (b *bench) find(k watch.Key) (watch.Standing, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, ok := b.states[k]
	return s, ok
}

// change changes all states; one that is not kept is over.
func (b *bench) change(how func(s *watch.Standing) (keep bool)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for k, s := range b.states {
		if how(&s) {
			b.states[k] = s
		} else {
			delete(b.states, k)
		}
	}
}

// tell queues an event of now.
func (b *bench) tell(was, is alarm.State, change func(*watch.Event)) {
	b.t.Helper()
	e := event(was, is)
	e.At, e.Standing.Since = time.Now(), time.Now()
	if change != nil {
		change(&e)
	}
	b.mu.Lock()
	b.states[e.Standing.Key] = e.Standing
	b.mu.Unlock()
	if err := b.memory.Queue().Add(b.t.Context(), b.Route(e)); err != nil {
		b.t.Fatal(err)
	}
}

func wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestEventsOfAMinuteAreOneMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "routes: [{notify: [a]}]\n")
		b.tell(alarm.OK, alarm.Warning, nil)
		wait(10 * time.Second)
		b.tell(alarm.OK, alarm.Critical, func(e *watch.Event) {
			e.Standing.Rule, e.Standing.Dimension, e.Standing.Text = "memory", "", "memory over 97 %"
		})
		b.tell(alarm.OK, alarm.Warning, func(e *watch.Event) { e.Standing.Agent, e.Standing.AgentID, e.Standing.Host = 18, "web2", "web2" })
		if len(b.a.messages()) > 0 {
			t.Error("sent before the minute was over")
		}
		wait(time.Minute)
		want := "web1: CRITICAL memory over 97 %, and 1 more\nweb2: WARNING disk of / over 90 %"
		if got := b.a.titles(); got != want || b.b.titles() != "" {
			t.Errorf("got  %q, %q\nwant %q", got, b.b.titles(), want)
		}
		m := b.a.messages()[0]
		for _, part := range []string{"value        93.4", "threshold    90", "since        2000-01-01 00:00:00 +00:00",
			"https://virgo.example.com/hosts/web1-id?from=1999-12-31T23:00:00Z&to=2000-01-01T00:05:00Z#alarm"} {
			if !strings.Contains(m.Text, part) {
				t.Errorf("%q is missing in\n%s", part, m.Text)
			}
		}
		if states, _ := b.States(t.Context()); states[0].Waiting != 0 || states[0].LastOK.IsZero() {
			t.Errorf("%+v", states)
		}
	})
}

func TestManyHostsAreOneMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "routes: [{notify: [a]}]\n")
		for i := range 25 {
			b.tell(alarm.OK, alarm.Warning, func(e *watch.Event) {
				e.Standing.Agent, e.Standing.AgentID = intake.AgentNumber(100+i), fmt.Sprint("host-", i)
				e.Standing.Host = fmt.Sprint("host-", i)
			})
		}
		wait(time.Minute)
		if got := b.a.titles(); got != "25 hosts: 25 WARNING" {
			t.Error(got)
		}
		if m := b.a.messages()[0]; !strings.Contains(m.Text, "and 15 more\nhttps://virgo.example.com/alarms\n") || !strings.Contains(m.HTML, "host-9: WARNING") {
			t.Errorf("%s\n%s", m.Text, m.HTML)
		}
	})
}

// A server that is away delays, and loses nothing; the end of an alarm is never told before its begin.
func TestFailuresAreTriedAgainInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "routes: [{notify: [a]}]\nfallback: [b]\ngroup: 1s\n")
		b.a.reply = func(n int) error {
			if n <= 5 {
				return errors.New("connection refused")
			}
			return nil
		}
		b.tell(alarm.OK, alarm.Critical, nil)
		wait(15 * time.Second)
		b.tell(alarm.Critical, alarm.OK, func(e *watch.Event) { e.Standing.From = e.At.Add(-10 * time.Second) })
		wait(time.Hour)
		var pauses []string
		for i := 1; i < len(b.a.times); i++ {
			pauses = append(pauses, b.a.times[i].Sub(b.a.times[i-1]).Round(time.Second).String())
		}
		if got := strings.Join(pauses, " "); got != "10s 30s 1m0s 2m0s 5m0s" {
			t.Error(got)
		}
		all := b.a.messages()
		m := all[len(all)-1]
		if !strings.HasPrefix(m.Title, "web1: OK disk of / over 90 % (after 10 s)") || !strings.Contains(m.Text, "before, at 2000-01-01 00:00:00 +00:00: web1: CRITICAL disk") {
			t.Errorf("%s\n%s", m.Title, m.Text)
		}
		want := `the notifier "a" has failed since 2000-01-01 00:00:01 +00:00: connection refused; 2 waiting` + "\n" +
			`the notifier "a" works again; it had failed for 8 min`
		if got := b.b.titles(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

func TestADriverThatHangsGetsNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "routes: [{notify: [a]}]\ngroup: 1s\n")
		b.a.hang = make(chan struct{})
		b.tell(alarm.OK, alarm.Critical, nil)
		wait(5 * time.Second)
		b.tell(alarm.OK, alarm.Critical, func(e *watch.Event) { e.Standing.Agent++ })
		wait(10 * time.Minute)
		if n := len(b.a.messages()); n != 1 {
			t.Errorf("%d messages were given to a driver that hangs", n)
		}
		if got := b.b.titles(); !strings.HasPrefix(got, `the notifier "a" has failed since `) || !strings.Contains(got, "it did not come back within 30s") {
			t.Error(got)
		}
		b.a.mu.Lock()
		close(b.a.hang)
		b.a.hang = nil
		b.a.mu.Unlock()
		wait(time.Second)
		if n := len(b.a.messages()); n != 2 { // it said yes in the end, so the first one is not sent again
			t.Errorf("%d messages", n)
		}
	})
}

// What was sent when the process was killed is sent again, with the same id.
func TestKilledBetweenSendAndSettle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := stoppedBench(t, "routes: [{notify: [a]}]\ngroup: 1s\n")
		b.tell(alarm.OK, alarm.Critical, nil)
		b.memory.Queue().Add(t.Context(), nil)
		b.queue = unsettled{b.memory.Queue()}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		b.Run(ctx)
		cancel()
		b.renew()
		b.stop = b.run()
		wait(20 * time.Second)
		if m := b.a.messages(); len(m) != 2 || m[0].ID != m[1].ID || !bytes.Equal(m[0].JSON(), m[1].JSON()) {
			t.Errorf("%d messages: %s", len(m), b.a.titles())
		}
		wait(10 * time.Minute)
		if m := b.a.messages(); len(m) != 2 {
			t.Errorf("%d messages", len(m))
		}
	})
}

// unsettled is a queue whose process ends before anything is settled.
type unsettled struct{ watch.Queue }

func (unsettled) Settle(context.Context, string, []int64, watch.Outcome) error {
	return errors.New("killed")
}

func TestEscalation(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(s *watch.Standing)
		want      string
	}{
		"nobody looks": {nil, "nobody looks after this: web1: CRITICAL disk of / over 90 %"},
		"acknowledged": {func(s *watch.Standing) { s.AckedBy = "eva" }, ""},
		"ended":        {func(s *watch.Standing) { s.State = alarm.OK }, ""},
		"changed":      {func(s *watch.Standing) { s.Since = s.Since.Add(time.Minute) }, ""},
		"silenced":     {func(s *watch.Standing) { s.SilencedBy = 3 }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, "routes: [{notify: [a], escalate: [{after: 30m, to: [b]}]}]\ngroup: 1s\n")
				b.tell(alarm.OK, alarm.Critical, nil)
				wait(5 * time.Minute)
				if c.meanwhile != nil {
					b.change(func(s *watch.Standing) bool { c.meanwhile(s); return true })
				}
				wait(time.Hour)
				if got := b.b.titles(); got != c.want {
					t.Errorf("got  %q\nwant %q", got, c.want)
				}
				if name != "silenced" {
					return
				}
				b.change(func(s *watch.Standing) bool { s.SilencedBy = 0; return true }) // the silence ended
				wait(2 * time.Minute)
				if got := b.b.titles(); !strings.Contains(got, "nobody looks") {
					t.Errorf("after the silence: %q", got)
				}
			})
		})
	}
}

func TestReminders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "routes: [{notify: [a], repeat: 1h}]\ngroup: 1s\n")
		b.tell(alarm.OK, alarm.Critical, nil)
		wait(150 * time.Minute)
		want := "web1: CRITICAL disk of / over 90 %" + strings.Repeat("\nstill open: web1: CRITICAL disk of / over 90 %", 2)
		if got := b.a.titles(); got != want {
			t.Errorf("got %s", got)
		}
		b.change(func(*watch.Standing) bool { return false })
		wait(5 * time.Hour)
		if got := b.a.titles(); got != want {
			t.Errorf("got %s", got)
		}
	})
}

// A kill while a reminder is settled costs none that follow; one that fails once on the tenth day is tried again.
func TestRemindersOfAnAlarmThatLasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := stoppedBench(t, "routes: [{notify: [a], repeat: 24h}]\ngroup: 1s\n")
		b.queue = addsNothing{b.memory.Queue()}
		b.stop = b.run()
		b.tell(alarm.OK, alarm.Critical, nil)
		wait(9*24*time.Hour + time.Hour)
		b.a.mu.Lock()
		told := len(b.a.got)
		b.a.reply = func(attempt int) error {
			if attempt == told+1 {
				return errors.New("busy")
			}
			return nil
		}
		b.a.mu.Unlock()
		wait(2 * 24 * time.Hour)
		if told != 10 || len(b.a.messages()) != told+3 || strings.Contains(b.log.String(), "given up") || b.b.titles() != "" {
			t.Errorf("%d, then %d messages; %q; %s", told, len(b.a.messages()), b.b.titles(), b.log)
		}
	})
}

// addsNothing is a queue whose process ends whenever rows are added in a transaction of their own.
type addsNothing struct{ watch.Queue }

func (addsNothing) Add(context.Context, []watch.Row) error { return errors.New("killed") }

// What cannot be sent is told by others: nothing is thrown away.
func TestGivenUp(t *testing.T) {
	for name, c := range map[string]struct {
		reply error
		want  string
	}{
		"for days": {errors.New("connection refused"), `what the notifier "a" was to tell could not be sent for 3 d 0 h: connection refused`},
		"for ever": {&Permanent{errors.New("status 413")}, `what the notifier "a" was to tell was refused for ever: status 413`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, "routes: [{notify: [a]}]\ngroup: 1s\n")
				b.a.reply = func(int) error { return c.reply }
				b.tell(alarm.OK, alarm.Critical, nil)
				wait(4 * 24 * time.Hour)
				found := false
				for _, m := range b.b.messages() {
					if m.Title == c.want || m.Title == c.want+", and 1 more" {
						found = true
						if !strings.Contains(m.Text, "- web1: CRITICAL disk of / over 90 %") {
							t.Errorf("the alarm is missing: %s", m.Text)
						}
					}
				}
				if !found {
					t.Errorf("%q was not told, but\n%s", c.want, b.b.titles())
				}
				if states, _ := b.States(t.Context()); states[0].Waiting != 0 {
					t.Errorf("%+v", states[0])
				}
			})
		})
	}
}

func TestRowsOfANotifierThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "routes: [{notify: [a]}]\n")
		rows := b.Route(event(alarm.OK, alarm.Critical))
		rows[0].Notifier, rows[0].Due = "old", time.Now()
		if err := b.memory.Queue().Add(t.Context(), rows); err != nil {
			t.Fatal(err)
		}
		wait(2 * time.Minute)
		want := `there is no notifier "old" in notify.yaml; it was to tell this`
		if b.a.titles() != want || b.b.titles() != want {
			t.Errorf("%q, %q", b.a.titles(), b.b.titles())
		}
	})
}

// A mistake in notify.yaml makes its notifier fail, which another one tells; corrected, it sends what waited.
func TestReplace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "routes: [{notify: [a]}]\ngroup: 1s\n")
		good := b.config
		bad := *good
		bad.Notifiers = []NotifierConfig{{Name: "a", Timeout: DefaultTimeout, Fault: errors.New("line 3: no such file")}, good.Notifiers[1]}
		b.Replace(&bad, map[string]Driver{"b": b.b})
		b.tell(alarm.OK, alarm.Critical, nil)
		wait(10 * time.Minute)
		if got := b.b.titles(); !strings.Contains(got, `the notifier "a" has failed`) || !strings.Contains(got, "line 3: no such file") {
			t.Error(got)
		}
		b.Replace(good, map[string]Driver{"a": b.a, "b": b.b})
		wait(time.Hour)
		if got := b.a.titles(); got != "web1: CRITICAL disk of / over 90 %" {
			t.Error(got)
		}
	})
}

func TestTest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "")
		if err := b.Test(t.Context(), "a"); err != nil || b.a.titles() != "virgo: a test of the notifier a" {
			t.Errorf("%v, %q", err, b.a.titles())
		}
		if err := b.Test(t.Context(), "c"); !errors.Is(err, ErrNoSuchNotifier) {
			t.Error(err)
		}
		b.b.reply = func(int) error { return errors.New("status 500") }
		if err := b.Test(t.Context(), "b"); err == nil || err.Error() != "status 500" {
			t.Error(err)
		}
		b.b.hang = make(chan struct{})
		if err := b.Test(t.Context(), "b"); err == nil || err.Error() != "it did not come back within 30s" {
			t.Error(err)
		}
		if err := b.Test(t.Context(), "b"); !errors.Is(err, ErrTestRuns) || len(b.b.messages()) != 2 {
			t.Errorf("beside one that hangs: %v, %d messages", err, len(b.b.messages()))
		}
		close(b.b.hang)
		synctest.Wait()
		if err := b.Test(t.Context(), "b"); err == nil || err.Error() != "status 500" {
			t.Error(err)
		}
	})
}

// Who was told how a test ended may start the next one at once.
func TestTestsFollowEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := stoppedBench(t, "")
		for i := range 1000 {
			if err := b.Test(t.Context(), "a"); err != nil {
				t.Fatalf("test %d: %v", i+1, err)
			}
		}
	})
}
