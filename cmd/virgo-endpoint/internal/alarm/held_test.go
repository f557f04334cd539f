package alarm

import (
	"slices"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

func (e *endpoint) silence(t *testing.T, s watch.Silence) watch.Silence {
	t.Helper()
	s, err := e.control.Silences().Put(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A silence holds back what is told, and discards nothing: at its end one summary says what is open and what ended.
func TestSilenceHoldsBackAndSumsUp(t *testing.T) {
	for _, restart := range []bool{false, true} {
		e := newEndpoint(t, map[string]string{"now.yaml": now})
		used := map[string]float64{"web1": 50, "host1": 50, "host2": 50}
		minute := func() {
			for _, host := range []string{"web1", "host1", "host2"} {
				e.put(t, host, e.result("root", "agent.filesystem", nil, disk(used[host])...))
			}
		}
		e.pass(t, 2*time.Minute, minute)
		used["host2"] = 85 // is open before, stays so, and is not repeated
		e.pass(t, 2*time.Minute, minute)
		if got := says(e.events(t)); !slices.Equal(got, []string{"alarm now OK>WARNING host2 /"}) {
			t.Fatalf("told %q", got)
		}
		e.silence(t, watch.Silence{Kind: watch.OneTime, From: e.now, Until: e.now.Add(30 * time.Minute), Reason: "new disks"})
		e.pass(t, time.Minute, minute)
		used["web1"], used["host1"] = 85, 85
		e.pass(t, 5*time.Minute, minute)
		used["host1"] = 50
		if restart {
			e.start(t)
		}
		e.pass(t, 15*time.Minute, minute)
		if got := says(e.events(t)); len(got) > 0 {
			t.Fatalf("told %q in spite of the silence", got)
		}
		if s := e.Of("web1"); len(s) != 1 || s[0].SilencedBy == 0 || s[0].State != alarm.Warning {
			t.Errorf("%+v", s)
		}
		e.pass(t, 15*time.Minute, minute)
		got := e.events(t)
		if !slices.Equal(says(got), []string{"summary  WARNING>WARNING 2 members"}) {
			t.Fatalf("told %q", says(got))
		}
		if want := "silence (new disks) ended: 1 still open, 1 ended meanwhile"; got[0].Text != want {
			t.Errorf("%q, want %q", got[0].Text, want)
		}
		if m := got[0].Members; m[0].AgentID != "web1" || m[0].State != alarm.Warning || m[1].AgentID != "host1" || m[1].State != alarm.OK {
			t.Errorf("%+v", m)
		}
		if got := e.changes(t, watch.Silenced); len(got) != 3 {
			t.Errorf("held back %q", got)
		}
		used["web1"] = 50
		e.pass(t, 3*time.Minute, minute)
		if got := says(e.events(t)); !slices.Equal(got, []string{"alarm now WARNING>OK web1 /"}) {
			t.Errorf("told %q", got)
		}
	}
}

// now is a rule without waiting.
const now = `
- disable: [disk]
- alarm: now
  checks: {type: [agent.filesystem]}
  warning: last("used") > 80
  critical: last("used") > 95
`

// Quiet hours let critical alarms through if they are to; each night has its own summary, none if nothing happened.
func TestQuietHours(t *testing.T) {
	e := newEndpoint(t, map[string]string{"now.yaml": now})
	used := 50.0
	minute := func() { e.put(t, "web1", e.result("root", "agent.filesystem", nil, disk(used)...)) }
	e.silence(t, watch.Silence{Kind: watch.Quiet, Hosts: []string{"web*"}, From: e.now, Start: 13 * 60, Length: 30 * time.Minute, Zone: "UTC", PassCritical: true})
	e.pass(t, 65*time.Minute, minute) // 13:05
	used = 85
	e.pass(t, 5*time.Minute, minute)
	if got := says(e.events(t)); len(got) > 0 {
		t.Fatalf("told %q", got)
	}
	used = 99
	e.pass(t, 5*time.Minute, minute)
	if got := says(e.events(t)); !slices.Equal(got, []string{"alarm now WARNING>CRITICAL web1 /"}) {
		t.Fatalf("told %q", got)
	}
	used = 50
	e.pass(t, 20*time.Minute, minute) // 13:35
	if got := says(e.events(t)); !slices.Equal(got, []string{"summary  CRITICAL>OK 1 members"}) {
		t.Fatalf("told %q", got)
	}
	e.now = e.now.Add(23 * time.Hour)
	e.start(t)
	e.pass(t, 3*time.Hour, minute)
	if got := says(e.events(t)); !slices.Equal(got, []string{"away endpoint-away UNKNOWN>OK"}) {
		t.Errorf("told %q", got)
	}
}

// A state that goes up and down is told when that begins and ends, and not each time.
func TestFlapping(t *testing.T) {
	e := newEndpoint(t, map[string]string{"now.yaml": now})
	minutes := 0
	e.pass(t, time.Hour, func() {
		minutes++
		used := 50.0
		if minutes%2 == 0 && minutes < 30 {
			used = 85
		}
		e.put(t, "web1", e.result("root", "agent.filesystem", nil, disk(used)...))
	})
	var flaps, others int
	for _, ev := range e.events(t) {
		if ev.Standing.Flapping {
			flaps++
		} else {
			others++
		}
	}
	if flaps != 1 || others != 5 { // four before it was noticed, and its end
		t.Errorf("%d of flapping, %d others: %q", flaps, others, e.changes(t))
	}
	if got := e.changes(t, watch.Flapped); len(got) != 2 {
		t.Errorf("%q", got)
	}
}

// Whoever acknowledged an alarm is named until it is over, also where another process noted it.
func TestAcknowledged(t *testing.T) {
	e := newEndpoint(t, map[string]string{"now.yaml": now})
	used := 85.0
	minute := func() { e.put(t, "web1", e.result("root", "agent.filesystem", nil, disk(used)...)) }
	e.pass(t, 3*time.Minute, minute)
	s := e.Standing()
	if len(s) != 1 {
		t.Fatalf("%+v", s)
	}
	if err := e.alarms.Acknowledge(t.Context(), s[0].Key, "ann", e.now); err != nil {
		t.Fatal(err)
	}
	e.pass(t, 2*time.Minute, minute)
	if found, ok := e.Find(s[0].Key); !ok || found.AckedBy != "ann" {
		t.Errorf("%+v", found)
	}
	used = 50
	e.pass(t, 2*time.Minute, minute)
	if _, ok := e.Find(s[0].Key); ok {
		t.Error("it is over")
	}
	used = 85
	e.pass(t, 2*time.Minute, minute)
	if found, ok := e.Find(s[0].Key); !ok || found.AckedBy != "" {
		t.Errorf("a new alarm is acknowledged: %+v", found)
	}
}

// What an agent was removed, or a rule taken away, is over.
func TestGone(t *testing.T) {
	e := newEndpoint(t, map[string]string{"now.yaml": now})
	minute := func() {
		e.put(t, "web1", e.result("root", "agent.filesystem", nil, disk(85)...))
		e.put(t, "host1", e.result("root", "agent.filesystem", nil, disk(85)...))
	}
	e.pass(t, 3*time.Minute, minute)
	e.events(t)
	if err := e.RemoveAgent(t.Context(), "web1", e.now); err != nil {
		t.Fatal(err)
	}
	e.pass(t, 2*time.Minute, nil)
	if list := e.Standing(); len(list) != 1 || list[0].AgentID != "host1" {
		t.Errorf("%+v", list)
	}
	if got := says(e.events(t)); len(got) > 0 {
		t.Errorf("whoever removes an agent knows that: %q", got)
	}
	e.rules(t, "now.yaml", "- disable: [disk]\n")
	e.pass(t, time.Minute, func() { e.put(t, "host1", e.result("root", "agent.filesystem", nil, disk(85)...)) })
	if got := says(e.events(t)); !slices.Equal(got, []string{"alarm now WARNING>OK host1 /"}) {
		t.Errorf("told %q", got)
	}
}

// A silence holds from the next result on, whenever the engine looked last: whoever silences a host stops it the next moment.
func TestSilenceHoldsFromTheNextResult(t *testing.T) {
	e := newEndpoint(t, map[string]string{"now.yaml": now})
	e.put(t, "web1", e.result("root", "agent.filesystem", nil, disk(50)...))
	e.silence(t, watch.Silence{Kind: watch.OneTime, From: e.now, Until: e.now.Add(time.Hour)})
	e.now = e.now.Add(time.Second)
	e.put(t, "web1", e.result("root", "agent.filesystem", nil, disk(85)...))
	if got := says(e.events(t)); len(got) > 0 {
		t.Errorf("told %q", got)
	}
	if s := e.Of("web1"); len(s) != 1 || s[0].State != alarm.Warning {
		t.Errorf("%+v", s)
	}
}
