package alarm

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/feed"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/cmd/virgo-endpoint/internal/watch/watchtest"
	"virgo/schedule/yaml/full"
)

// An endpoint is an engine with all around it, on a clock of its own.
type endpoint struct {
	*intaketest.Memory
	access  intake.Access
	control *watchtest.Memory
	// alarms stores states; a test may replace it before the engine starts.
	alarms watch.Alarms
	dir    string
	now    time.Time
	ids    int
	// schedule is what every host is sent; empty: hosts have checks of their own.
	schedule string
	*Engine
}

func monday(hour, minute int) time.Time { return time.Date(2026, 6, 1, hour, minute, 0, 0, time.UTC) }

// newEndpoint starts an engine with the default set and some files of rules, by name.
func newEndpoint(t testing.TB, files map[string]string) *endpoint {
	t.Helper()
	e := &endpoint{Memory: &intaketest.Memory{}, control: &watchtest.Memory{}, dir: t.TempDir(), now: monday(12, 0)}
	e.control.Now = func() time.Time { return e.now }
	e.alarms = e.control.Alarms()
	e.access = admitted(t, e.Memory)
	for name, text := range files {
		e.rules(t, name, text)
	}
	e.start(t)
	return e
}

// admitted returns an access for hosts of tests.
func admitted(t testing.TB, m *intaketest.Memory) intake.Access {
	t.Helper()
	ids := []string{"web1"}
	for i := range 1000 {
		ids = append(ids, fmt.Sprintf("host%d", i))
	}
	secret, _, err := m.AddToken(context.Background(), intake.TokenSpec{Label: "a test", Kinds: intake.Legacy, AgentIDs: ids}, monday(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	admission, err := m.Admit(context.Background(), intake.Claim{AgentID: "web1", Token: secret, Now: monday(0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	return admission.Access
}

func (e *endpoint) rules(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(e.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// start begins with what is stored, as after a restart.
func (e *endpoint) start(t testing.TB) {
	t.Helper()
	clock := func() time.Time { return e.now }
	rules := LoadRules(e.dir, full.Parse, clock)
	if problems, err := rules.Problems(); err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	var err error
	e.Engine, err = New(context.Background(), Options{
		Rules: rules, Store: e.alarms, Agents: e.Memory, History: e.Memory, Results: e.Memory, Feed: e.Memory,
		Silences: e.control.Silences(), Queue: e.control.Queue(), Settings: e.control.Settings(),
		Schedule: e.sent, Route: e.route, Now: clock, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sent is the schedule of every host.
func (e *endpoint) sent(string) (json.RawMessage, string, error) {
	if e.schedule == "" {
		return nil, "", errors.New("there is none")
	}
	return json.RawMessage(e.schedule), fmt.Sprintf("%x", sha256.Sum256([]byte(e.schedule))), nil
}

// route puts every event into the queue.
func (e *endpoint) route(ev watch.Event) []watch.Row {
	data, err := json.Marshal(ev)
	if err != nil {
		panic(err)
	}
	return []watch.Row{{Notifier: "ops", Due: e.now, Created: e.now, Event: data}}
}

// events takes what people were told since the last call.
func (e *endpoint) events(t testing.TB) []watch.Event {
	t.Helper()
	rows, err := e.control.Queue().Due(context.Background(), "ops", e.now.Add(time.Hour), 10_000)
	if err != nil {
		t.Fatal(err)
	}
	var list []watch.Event
	var ids []int64
	for _, r := range rows {
		var ev watch.Event
		if err := json.Unmarshal(r.Event, &ev); err != nil {
			t.Fatal(err)
		}
		list, ids = append(list, ev), append(ids, r.ID)
	}
	if err := e.control.Queue().Settle(context.Background(), "ops", ids, watch.Outcome{Sent: true, At: e.now}); err != nil {
		t.Fatal(err)
	}
	return list
}

// says is what events say, one line each.
func says(list []watch.Event) []string {
	var lines []string
	for i := range list {
		ev := &list[i]
		line := fmt.Sprintf("%s %s %s>%s", ev.Kind, ev.Standing.Rule, ev.Was, ev.Standing.State)
		if ev.Standing.AgentID != "" {
			line += " " + ev.Standing.AgentID
		}
		if ev.Standing.Dimension != "" {
			line += " " + ev.Standing.Dimension
		}
		if len(ev.Members) > 0 {
			line += fmt.Sprintf(" %d members", len(ev.Members))
		}
		lines = append(lines, line)
	}
	return lines
}

// A metric of a check in a test.
type metric struct {
	dimension, name string
	value           float64
}

// a result of a check, which took place at the present unless change says otherwise.
func (e *endpoint) result(check, typ string, change func(*intake.Result), metrics ...metric) intake.Result {
	e.ids++
	var entries []string
	for _, m := range metrics {
		dimension := "null"
		if m.dimension != "" {
			dimension = fmt.Sprintf("%q", m.dimension)
		}
		entries = append(entries, fmt.Sprintf(`[%s,{%q:{"t":"double","v":"%g"}}]`, dimension, m.name, m.value))
	}
	r := intake.Result{ResultID: fmt.Sprint(e.ids), CheckID: check, CheckType: typ, State: "available", Status: "ok", Time: e.now,
		Params: fmt.Appendf(nil, `{"min_check_period":60000,"metrics":[%s]}`, strings.Join(entries, ","))}
	if change != nil {
		change(&r)
	}
	return r
}

// store stores results of a host at the present.
func (e *endpoint) store(t testing.TB, agent string, results ...intake.Result) {
	t.Helper()
	outcomes, err := e.Append(context.Background(), []intake.Arrival{{AgentID: agent, Access: e.access, Received: e.now,
		Hello: &intake.Hello{Name: strings.ToUpper(agent), Remote: "192.0.2.1:1"}, Results: results}})
	if err != nil || outcomes[0].Err != nil {
		t.Fatal(err, outcomes)
	}
}

// batch returns what is stored behind a number.
func (e *endpoint) batch(t testing.TB, seq int64, limit int) []feed.Item {
	t.Helper()
	var items []feed.Item
	_, _, err := e.After(context.Background(), seq, limit, func(agent intake.AgentNumber, r *intake.Result) error {
		own := r.Clone()
		metrics, err := intake.Metrics(own.Params)
		items = append(items, feed.Item{Agent: agent, Result: &own, Metrics: metrics})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return items
}

// put stores results of a host, and lets the engine take them.
func (e *endpoint) put(t testing.TB, agent string, results ...intake.Result) {
	t.Helper()
	e.store(t, agent, results...)
	e.follow(t)
}

// follow lets the engine take all that it has not.
func (e *endpoint) follow(t testing.TB) {
	t.Helper()
	if err := e.Take(context.Background(), e.batch(t, e.step.cursor, 1_000_000)); err != nil {
		t.Fatal(err)
	}
}

// pass lets time pass, with ticks; each calls do, if there is one, once in a minute.
func (e *endpoint) pass(t testing.TB, d time.Duration, do func()) {
	t.Helper()
	for end := e.now.Add(d); e.now.Before(end); {
		e.now = e.now.Add(TickEvery)
		if do != nil && e.now.Second() == 0 {
			do()
		}
		if err := e.Tick(context.Background()); err != nil {
			t.Fatal(err)
		}
		for more := true; more; {
			var err error
			if more, err = e.ReplayLate(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// changes are all that are recorded, one line each.
func (e *endpoint) changes(t testing.TB, kinds ...watch.ChangeKind) []string {
	t.Helper()
	var lines []string
	err := e.alarms.Changes(context.Background(), watch.ChangeFilter{Kinds: kinds}, func(c watch.Change) error {
		line := fmt.Sprintf("%s %s %s>%s", c.At.UTC().Format("15:04:05"), c.Rule, c.Was, c.State)
		if c.AgentID != "" {
			line += " " + c.AgentID
		}
		if c.Dimension != "" {
			line += " " + c.Dimension
		}
		lines = append(lines, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func late(made time.Time) func(*intake.Result) {
	return func(r *intake.Result) { r.Time, r.Late = made, true }
}

func unavailable(r *intake.Result) {
	r.State, r.Status, r.Params = "unavailable", "no such file", []byte(`{"min_check_period":60000}`)
}
