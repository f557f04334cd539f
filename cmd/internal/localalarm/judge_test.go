package localalarm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/alarm"
	"virgo/spool"
)

var start = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// A bench is a host's spool, with one check that has alarms.
type bench struct {
	t     *testing.T
	sp    *spool.Spool
	own   schedule.Schedule
	now   time.Time
	lines []string
	sent  []Change
	fail  error
}

const alarms = `{"high":{"warning":"last(\"x\") > 10"},"long":{"critical":"average(\"x\", \"10m\") > 10","for":"2p"}}`

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, now: start}
	var err error
	b.sp, err = spool.Open(filepath.Join(t.TempDir(), "state"), spool.Options{Now: func() time.Time { return b.now }})
	if err != nil {
		t.Fatal(err)
	}
	b.own.Checks = []schedule.Check{{ID: "c", Type: "test", Period: time.Minute, Alarms: []byte(alarms)}}
	return b
}

func (b *bench) judge() *Judge {
	way := Way{Name: "test", Send: func(_ context.Context, c *Change) error {
		if b.fail != nil {
			return b.fail
		}
		b.sent = append(b.sent, *c)
		return nil
	}}
	j := New(Options{
		AgentID: "me", Host: "host", Now: func() time.Time { return b.now },
		Notice: func(format string, args ...any) { b.lines = append(b.lines, fmt.Sprintf(format, args...)) },
		Ways:   []Way{way},
	})
	if !j.Wants(&b.own) {
		b.t.Fatal("the check has no alarms")
	}
	return j
}

func (b *bench) result(value string) collect.Result {
	return collect.Result{
		CheckID: "c", State: collect.Available, Status: "success", Time: b.now,
		Metrics: []collect.Metric{{Name: "x", Type: "int64", Value: value}},
	}
}

var errKilled = errors.New("killed")

// run is one run a minute later. A run that is killed does not commit, or does not tell.
func (b *bench) run(value string, killed string) {
	b.t.Helper()
	b.now = b.now.Add(time.Minute)
	b.again(value, killed)
}

func (b *bench) again(value, killed string) {
	b.t.Helper()
	j := b.judge()
	err := b.sp.Update(b.t.Context(), func(tx *spool.Tx) error {
		if err := j.Judge(tx, &b.own.Checks[0], b.result(value)); err != nil {
			return err
		}
		if killed == "before the commit" {
			return errKilled
		}
		return nil
	})
	if err != nil && !errors.Is(err, errKilled) {
		b.t.Fatal(err)
	}
	if killed != "" {
		return
	}
	j.Tell(b.t.Context(), b.sp, func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithCancel(ctx) })
}

func (b *bench) told() string {
	var all []string
	for _, c := range b.sent {
		all = append(all, c.Alarm+" "+c.Was+"→"+c.State)
	}
	return strings.Join(all, ", ")
}

func TestChangesAreToldOnce(t *testing.T) {
	b := newBench(t)
	for _, value := range []string{"1", "20", "20", "20", "20", "20", "20", "20", "1"} {
		b.run(value, "")
	}
	if got, want := b.told(), "high OK→WARNING, long OK→CRITICAL, high WARNING→OK"; got != want {
		t.Errorf("told %s, want %s", got, want)
	}
	if len(b.lines) != 3 || !strings.HasPrefix(b.lines[0], "alarm: c/high WARNING: high: 20 (limit 10), since ") {
		t.Errorf("%q", b.lines)
	}
	ids := map[string]bool{}
	for _, c := range b.sent {
		if ids[c.ID] || c.SchemaVersion != 1 || c.AgentID != "me" || c.Host != "host" || c.CheckID != "c" {
			t.Errorf("%+v", c)
		}
		ids[c.ID] = true
	}
	var standing []Standing
	err := b.sp.View(t.Context(), func(tx *spool.Tx) (err error) {
		standing, err = List(tx)
		return err
	})
	if err != nil || len(standing) != 2 || standing[0].Alarm != "long" || standing[0].State.String() != "CRITICAL" || standing[1].Alarm != "high" {
		t.Errorf("%+v %v", standing, err)
	}
}

// TestKilledRuns ends runs between all their steps: no change is lost, and none is judged twice.
func TestKilledRuns(t *testing.T) {
	b := newBench(t)
	b.run("1", "")
	b.run("20", "before the commit")
	b.again("20", "after the commit") // the transaction is repeated with the same result
	b.again("20", "after the commit") // and once more, since its end was not known
	if len(b.sent) != 0 {
		t.Fatal("told by a run that was killed")
	}
	b.run("20", "")
	if got, want := b.told(), "high OK→WARNING"; got != want {
		t.Errorf("told %s, want %s", got, want)
	}
	// A result that is judged again does not count twice for 2p.
	for range 5 {
		b.run("1", "")
	}
	b.sent = nil
	for range 2 {
		b.run("1000", "")
		b.again("1000", "")
	}
	if got, want := b.told(), "high OK→WARNING, long OK→CRITICAL"; got != want {
		t.Errorf("told %s, want %s", got, want)
	}
}

func TestWhatFailsIsTriedAgainForADay(t *testing.T) {
	b := newBench(t)
	b.run("1", "")
	b.fail = errors.New("no gateway")
	b.run("20", "")
	b.run("20", "")
	if len(b.lines) != 2 || b.lines[1] != "test: no gateway; it is tried again for a day" {
		t.Errorf("%q", b.lines)
	}
	b.fail = nil
	b.run("20", "")
	if b.told() != "high OK→WARNING" {
		t.Errorf("told %s", b.told())
	}
	b.fail, b.lines = errors.New("no gateway"), nil
	b.run("1", "")
	b.now = b.now.Add(25 * time.Hour)
	b.run("1", "")
	if len(b.lines) != 3 || !strings.HasPrefix(b.lines[2], "nobody was told within a day: alarm: c/high OK") {
		t.Errorf("%q", b.lines)
	}
	b.fail = nil
	b.run("1", "")
	if b.told() != "high OK→WARNING" {
		t.Errorf("told %s", b.told())
	}
}

func TestClockThatIsSetBack(t *testing.T) {
	b := newBench(t)
	b.run("1", "")
	b.run("2", "")
	b.now = b.now.Add(-5 * time.Hour)
	b.run("20", "")
	if b.told() != "high OK→WARNING" {
		t.Errorf("told %s", b.told())
	}
	b.run("1", "")
	if b.told() != "high OK→WARNING, high WARNING→OK" {
		t.Errorf("told %s", b.told())
	}
}

// TestForeignAlarmsAreNotJudged changes the check to those whose alarms are not the host's matter.
func TestForeignAlarmsAreNotJudged(t *testing.T) {
	for name, change := range map[string]func(*schedule.Check){
		"of an endpoint": func(c *schedule.Check) { c.FromEndpoint = true },
		"with a fault":   func(c *schedule.Check) { c.Fault = "it is wrong" },
		"disabled":       func(c *schedule.Check) { c.Disabled = true },
		"without alarms": func(c *schedule.Check) { c.Alarms = nil },
	} {
		own := schedule.Schedule{Checks: []schedule.Check{{ID: "c", Alarms: []byte(alarms)}}}
		change(&own.Checks[0])
		if New(Options{}).Wants(&own) {
			t.Errorf("a check %s is judged", name)
		}
	}
	b := newBench(t)
	j := b.judge()
	err := b.sp.Update(t.Context(), func(tx *spool.Tx) error {
		c := b.own.Checks[0]
		c.FromEndpoint = true
		return j.Judge(tx, &c, b.result("20"))
	})
	if err != nil || j.added != 0 {
		t.Errorf("%v, %d changes", err, j.added)
	}
}

// TestStateIsForgotten removes a rule, then the check.
func TestStateIsForgotten(t *testing.T) {
	b := newBench(t)
	b.run("20", "")
	list := func() (names []string) {
		err := b.sp.View(t.Context(), func(tx *spool.Tx) error {
			standing, err := List(tx)
			for _, s := range standing {
				names = append(names, s.CheckID+"/"+s.Alarm)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	b.own.Checks[0].Alarms = []byte(`{"high":{"warning":"last(\"x\") > 10"}}`)
	b.run("20", "")
	if got := list(); !slices.Equal(got, []string{"c/high"}) {
		t.Errorf("%q", got)
	}
	b.own.Checks[0].ID = "other"
	b.run("20", "")
	if got := list(); !slices.Equal(got, []string{"other/high"}) {
		t.Errorf("%q", got)
	}
}

func TestStateThatIsDamagedBeginsAnew(t *testing.T) {
	b := newBench(t)
	b.run("20", "")
	for _, damaged := range []string{"", "x", `{"version":1,"memory":"AAAA","states":[{"rule":"check/c/high","machine":"AAAA"}]}`, `{"version":2}`} {
		err := b.sp.Update(t.Context(), func(tx *spool.Tx) error { return tx.Put(stateSpace, "c", []byte(damaged)) })
		if err != nil {
			t.Fatal(err)
		}
		b.sent = nil
		b.run("20", "")
		if b.told() != "high OK→WARNING" {
			t.Errorf("%q: told %s", damaged, b.told())
		}
	}
}

func TestWebhook(t *testing.T) {
	var got Change
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(body, &got) != nil || r.Header.Get("Webhook-Id") != got.ID {
			t.Errorf("%s %v %v", body, r.Header, err)
		}
		if status/100 == 3 {
			w.Header().Set("Location", "http://127.0.0.1:1/")
		}
		w.WriteHeader(status)
	}))
	defer server.Close()
	address := server.URL + "/S3CRET"
	way := Webhook(func() (string, error) { return address, nil }, NewClient(nil))
	change := Change{ID: "1", Text: "full"}
	if err := way.Send(t.Context(), &change); err != nil || got.Text != "full" {
		t.Errorf("%+v %v", got, err)
	}
	for _, status = range []int{302, 404, 500} {
		if err := way.Send(t.Context(), &change); err == nil || err.Error() != fmt.Sprintf("it answered %d", status) {
			t.Errorf("%d: %v", status, err)
		}
	}
	server.Close()
	for _, address = range []string{server.URL + "/S3CRET", "S3CRET", "ftp://S3CRET", "http://[S3CRET"} {
		if err := way.Send(t.Context(), &change); err == nil || strings.Contains(err.Error(), "S3CRET") {
			t.Errorf("%s: %v", address, err)
		}
	}
	way = Webhook(func() (string, error) { return "", errKilled }, NewClient(nil))
	if err := way.Send(t.Context(), &change); !errors.Is(err, errKilled) {
		t.Error(err)
	}
}

func TestCommandOfOthersIsNotRun(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.sh")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nexit 0\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o777); err != nil {
		t.Fatal(err)
	}
	err := Command([]string{path}, func() []string { return nil }).Send(t.Context(), &Change{})
	if err == nil {
		t.Skip("the modes of this system do not say who may write")
	}
	if !strings.Contains(err.Error(), "writable") {
		t.Error(err)
	}
}

// More changes than one run tells wait for a way that fails: the other way is told of later ones all the same.
func TestAWayThatFailsHoldsUpNoOther(t *testing.T) {
	b := newBench(t)
	var dead, alive []string
	gone := errors.New("no gateway")
	run := func(value string) {
		b.now = b.now.Add(time.Minute)
		j := b.judge()
		j.opt.Ways = []Way{
			{Name: "dead", Send: func(_ context.Context, c *Change) error {
				if gone == nil {
					dead = append(dead, c.ID)
				}
				return gone
			}},
			{Name: "alive", Send: func(_ context.Context, c *Change) error { alive = append(alive, c.ID); return nil }},
		}
		if err := b.sp.Update(t.Context(), func(tx *spool.Tx) error {
			if value == "" {
				for range 3 * maxTold / 2 {
					r := alarm.Rule{ID: alarm.CheckRulePrefix + "c/high", Checks: alarm.CheckMatch{IDs: []string{"c"}}}
					if err := j.queue(tx, &b.own.Checks[0], &r, &state{}, alarm.Transition{State: alarm.Warning, At: b.now}); err != nil {
						return err
					}
				}
			}
			j.queued = max(j.queued, 1)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		j.Tell(t.Context(), b.sp, func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithCancel(ctx) })
	}
	run("")
	run("nothing new")
	if len(alive) != 3*maxTold/2 || len(b.lines) != 3*maxTold/2+1 {
		t.Errorf("told %d, lines %d", len(alive), len(b.lines))
	}
	gone = nil
	run("nothing new")
	if len(dead) != maxTold {
		t.Errorf("%d at once", len(dead))
	}
	run("nothing new")
	if !slices.Equal(dead, alive) {
		t.Errorf("other ones, or in another order: %d and %d", len(dead), len(alive))
	}
}
