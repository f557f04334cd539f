package alarm

import (
	"slices"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

func disk(used float64) []metric {
	return []metric{{"/", "used", used}, {"/", "avail", 100 - used}}
}

// A disk that is too full for long enough is told once, and its end too.
func TestDiskFillsAndIsCleared(t *testing.T) {
	e := newEndpoint(t, nil)
	used := 50.0
	minute := func() { e.put(t, "web1", e.result("root", "agent.filesystem", nil, disk(used)...)) }
	e.pass(t, 20*time.Minute, minute)
	used = 95
	e.pass(t, 9*time.Minute, minute)
	if got := e.events(t); len(got) > 0 {
		t.Fatalf("told before its time: %q", says(got))
	}
	e.pass(t, 3*time.Minute, minute)
	got := e.events(t)
	if want := []string{"alarm disk OK>WARNING web1 /"}; !slices.Equal(says(got), want) {
		t.Fatalf("told %q", says(got))
	}
	if s := got[0].Standing; s.Value == nil || *s.Value != 95 || s.Threshold == nil || *s.Threshold != 90 || s.Host != "WEB1" || s.Text == "" {
		t.Errorf("%+v", s)
	}
	if list := e.States(StateFilter{}); len(list) != 1 || list[0].State != alarm.Warning {
		t.Errorf("%+v", list)
	}
	used = 99
	e.pass(t, time.Minute, minute)
	if got := says(e.events(t)); !slices.Equal(got, []string{"alarm disk WARNING>CRITICAL web1 /"}) {
		t.Errorf("told %q", got)
	}
	used = 40
	e.pass(t, 15*time.Minute, minute)
	if got := says(e.events(t)); !slices.Equal(got, []string{"alarm disk CRITICAL>OK web1 /"}) {
		t.Errorf("told %q", got)
	}
	if list := e.Of("web1"); len(list) != 0 {
		t.Errorf("%+v", list)
	}
	_, states, err := e.alarms.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range states {
		if s.State.Open() {
			t.Errorf("still stored: %+v", s)
		}
	}
}

// A host that sends nothing any more is silent, its other alarms are seen no more, and its return is told.
func TestSilentHost(t *testing.T) {
	e := newEndpoint(t, nil)
	full := func() { e.put(t, "web1", e.result("root", "agent.filesystem", nil, disk(95)...)) }
	e.pass(t, 12*time.Minute, full)
	e.events(t)
	e.pass(t, 3*time.Minute, nil)
	if got := says(e.events(t)); len(got) > 0 {
		t.Fatalf("told too early: %q", got)
	}
	e.pass(t, 2*time.Minute, nil)
	if got := says(e.events(t)); !slices.Equal(got, []string{"alarm silent OK>SILENT web1"}) {
		t.Fatalf("told %q", got)
	}
	for _, s := range e.Of("web1") {
		if s.State != alarm.Silent || s.Rule == "disk" && s.Before != alarm.Warning {
			t.Errorf("%+v", s)
		}
	}
	e.start(t) // what is silent stays so over a restart
	e.pass(t, 5*time.Minute, nil)
	if got := says(e.events(t)); len(got) > 0 {
		t.Fatalf("told again: %q", got)
	}
	e.pass(t, time.Minute, full)
	if got := says(e.events(t)); !slices.Equal(got, []string{"alarm silent SILENT>OK web1"}) {
		t.Fatalf("told %q", got)
	}
	if list := e.Of("web1"); len(list) != 1 || list[0].Rule != "disk" || list[0].State != alarm.Warning {
		t.Errorf("%+v", list)
	}
}

// A late result, whatever it says, raises nothing and clears nothing; what it would have said is recorded.
func TestLateResultsAreRecordedOnly(t *testing.T) {
	e := newEndpoint(t, nil)
	usual := func() { e.put(t, "web1", e.result("root", "agent.filesystem", nil, disk(50)...)) }
	e.pass(t, 10*time.Minute, usual)
	away := e.now
	e.pass(t, 30*time.Minute, nil) // no connection; the disk was full meanwhile
	e.events(t)
	var backlog []intake.Result
	for m := 1; m < 30; m++ {
		used := 50.0
		if m > 5 && m < 25 {
			used = 99
		}
		backlog = append(backlog, e.result("root", "agent.filesystem", late(away.Add(time.Duration(m)*time.Minute)), disk(used)...))
	}
	e.put(t, "web1", backlog...)
	if list := e.Of("web1"); len(list) != 1 || list[0].Rule != "silent" {
		t.Errorf("late results changed states: %+v", list)
	}
	e.pass(t, 5*time.Minute, usual)
	if got := says(e.events(t)); !slices.Equal(got, []string{"alarm silent SILENT>OK web1"}) {
		t.Errorf("told %q", got)
	}
	if got := e.changes(t, watch.Late); !slices.Equal(got, []string{"12:26:00 disk OK>CRITICAL web1 /"}) {
		t.Errorf("recorded %q", got)
	}
	// The same once more, as after a kill before it was noted.
	e.put(t, "web1", e.result("root", "agent.filesystem", late(away.Add(90*time.Second)), disk(50)...))
	e.pass(t, 5*time.Minute, usual)
	if got := e.changes(t, watch.Late); len(got) != 1 {
		t.Errorf("recorded %q", got)
	}
}

// A check's own alarms come with the schedule that its host is sent, and replace the rule with the same id.
func TestAlarmsOfChecks(t *testing.T) {
	e := newEndpoint(t, nil)
	e.schedule = `{"checks":[{"id":"root","type":"agent.filesystem","period":60,"label":"main disk","alarms":{
		"disk":{"warning":"last(\"used\") > 10","for":"2p"},
		"old":{"criteria":":set consecutiveCount=2\nif (metric['/.used'] > 12) { return new AlarmStatus(CRITICAL, 'at #{/.used}'); }"}}}]}`
	e.start(t)
	used := 11.0
	minute := func() { e.put(t, "web1", e.result("root", "agent.filesystem", nil, disk(used)...)) }
	e.pass(t, 5*time.Minute, minute)
	if got := says(e.events(t)); !slices.Equal(got, []string{"alarm check/root/disk OK>WARNING web1 /"}) {
		t.Errorf("told %q", got)
	}
	used = 96 // the rule disk of the default set is not for this check
	e.pass(t, 15*time.Minute, minute)
	got := e.events(t)
	if len(got) != 1 || got[0].Standing.Rule != "check/root/old" || got[0].Standing.State != alarm.Critical {
		t.Errorf("told %q", says(got))
	}
}

// Also where a rule waits for nothing, a late result neither raises an alarm nor clears one.
func TestLateResultsChangeNoState(t *testing.T) {
	e := newEndpoint(t, map[string]string{"now.yaml": now})
	put := func(used float64, change func(*intake.Result)) {
		t.Helper()
		e.pass(t, time.Minute, func() { e.put(t, "web1", e.result("root", "agent.filesystem", change, disk(used)...)) })
	}
	put(50, nil)
	put(99, late(e.now))
	if list := e.Of("web1"); len(list) > 0 {
		t.Errorf("a late result raised %+v", list)
	}
	put(85, nil)
	put(50, late(e.now.Add(-time.Hour)))
	put(50, late(e.now))
	if list := e.Of("web1"); len(list) != 1 || list[0].State != alarm.Warning {
		t.Errorf("a late result cleared: %+v", list)
	}
	e.pass(t, time.Minute, nil)
	if list := e.Of("web1"); len(list) != 1 {
		t.Errorf("a tick cleared by a late result: %+v", list)
	}
	if got := says(e.events(t)); !slices.Equal(got, []string{"alarm now OK>WARNING web1 /"}) {
		t.Errorf("told %q", got)
	}
}

// Rules that look at ages are judged by time as well, but not by a late result.
func TestAges(t *testing.T) {
	e := newEndpoint(t, map[string]string{"age.yaml": `
- disable: [silent]
- alarm: old
  checks: {id: [root]}
  each: check
  warning: age() > 300
- alarm: broken
  checks: {id: [root]}
  each: check
  critical: not available and age() < 86400
`})
	e.put(t, "web1", e.result("root", "agent.filesystem", nil, disk(50)...))
	e.pass(t, 7*time.Minute, nil)
	if got := says(e.events(t)); !slices.Equal(got, []string{"alarm old OK>WARNING web1"}) {
		t.Errorf("told %q", got)
	}
	e.put(t, "web1", e.result("root", "agent.filesystem", func(r *intake.Result) { unavailable(r); r.Late = true }))
	e.pass(t, 3*time.Minute, nil)
	if got := says(e.events(t)); len(got) > 0 {
		t.Errorf("of a late result was told %q", got)
	}
	e.put(t, "web1", e.result("root", "agent.filesystem", unavailable))
	e.pass(t, time.Minute, nil)
	got := says(e.events(t))
	slices.Sort(got)
	if !slices.Equal(got, []string{"alarm broken OK>CRITICAL web1", "alarm old WARNING>OK web1"}) {
		t.Errorf("told %q", got)
	}
}
