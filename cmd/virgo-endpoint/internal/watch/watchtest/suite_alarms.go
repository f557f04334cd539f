package watchtest

import (
	"errors"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

// state is one of all fields.
func state(key watch.Key) watch.Saved {
	value, threshold := 93.5, 90.0
	return watch.Saved{Standing: watch.Standing{Key: key, AgentID: "web1", Host: "web1.example", Tags: []string{"db", "web"}, State: alarm.Critical,
		Before: alarm.Warning, Since: Now().Add(-time.Hour), Value: &value, Threshold: &threshold, Text: "disk of / over 90 %", SilencedBy: 3,
		Flapping: true, From: Now().Add(-2 * time.Hour), To: Now()}, Seq: 17, Machine: []byte{0, 1, 255}}
}

func keyOf(rule string) watch.Key {
	return watch.Key{Rule: rule, Agent: 5, CheckID: "root", Dimension: "/"}
}

func save(t *testing.T, s Store, step watch.AlarmsStep) []int64 {
	t.Helper()
	return must[[]int64](t)(s.Alarms().Save(t.Context(), step))
}

func load(t *testing.T, s Store) (int64, []watch.Saved) {
	t.Helper()
	cursor, states, err := s.Alarms().Load(t.Context())
	do(t, err)
	return cursor, states
}

func testStates(t *testing.T, open Opener) {
	s, again := open(t), open(t)
	cursor, states := load(t, s)
	if cursor != 0 || len(states) != 0 {
		t.Errorf("an empty store has cursor %d and states %v", cursor, states)
	}
	a, b, plain := state(keyOf("a")), state(keyOf("b")), watch.Saved{Standing: watch.Standing{Key: watch.Key{Rule: "c", Agent: 6}}, Machine: []byte{1}}
	save(t, s, watch.AlarmsStep{Cursor: 9, States: []watch.Saved{b, a, plain}})
	cursor, states = load(t, again)
	want(t, "states", states, []watch.Saved{a, b, plain})
	want(t, "cursor", cursor, int64(9))
	// What is OK and remembers nothing is not kept, and neither is what is gone.
	a.State, a.Machine = alarm.OK, nil
	b.Value, b.Threshold, b.Tags, b.Flapping = nil, nil, nil, false
	save(t, again, watch.AlarmsStep{Cursor: 12, States: []watch.Saved{a, b}, Gone: []watch.Key{plain.Key, keyOf("unknown")}})
	cursor, states = load(t, s)
	want(t, "states", states, []watch.Saved{b})
	want(t, "cursor", cursor, int64(12))
	// A cursor that is set back, after a restored backup, stays.
	save(t, s, watch.AlarmsStep{Cursor: 4})
	cursor, _ = load(t, again)
	want(t, "cursor", cursor, int64(4))
}

func testAcknowledgements(t *testing.T, open Opener) {
	s, again := open(t), open(t)
	a := state(keyOf("a"))
	a.AckedBy = "nobody: only Acknowledge does that"
	save(t, s, watch.AlarmsStep{States: []watch.Saved{a}})
	acked := func() (string, time.Time) {
		t.Helper()
		_, states := load(t, s)
		return states[0].AckedBy, states[0].AckedAt
	}
	wantAcked := func(who string, when time.Time) {
		t.Helper()
		if by, at := acked(); by != who || !at.Equal(when) {
			t.Errorf("acknowledged by %q at %v, want %q at %v", by, at, who, when)
		}
	}
	wantAcked("", time.Time{})
	before := must[int64](t)(s.Silences().Version(t.Context()))
	do(t, again.Alarms().Acknowledge(t.Context(), a.Key, "ann", Now()))
	if after := must[int64](t)(s.Silences().Version(t.Context())); after == before {
		t.Error("the version is the same after an acknowledgement")
	}
	wantAcked("ann", Now())
	// The engine does not know of it yet.
	a.State, a.AckedBy = alarm.Warning, ""
	save(t, s, watch.AlarmsStep{States: []watch.Saved{a}})
	wantAcked("ann", Now())
	a.State = alarm.OK
	save(t, s, watch.AlarmsStep{States: []watch.Saved{a}})
	wantAcked("", time.Time{})
	wantErr(t, "of a state that is OK", s.Alarms().Acknowledge(t.Context(), a.Key, "ann", Now()), watch.ErrNoSuchState)
	wantErr(t, "of no state", s.Alarms().Acknowledge(t.Context(), keyOf("b"), "ann", Now()), watch.ErrNoSuchState)
	a.State = alarm.Critical
	save(t, s, watch.AlarmsStep{States: []watch.Saved{a}})
	do(t, s.Alarms().Acknowledge(t.Context(), a.Key, "ann", Now()))
	do(t, s.Alarms().Acknowledge(t.Context(), a.Key, "", Now()))
	wantAcked("", time.Time{})
}

// change is one of all fields.
func change(rule string, at time.Duration, to alarm.State) watch.Change {
	value, threshold := 93.5, 90.0
	return watch.Change{Key: keyOf(rule), AgentID: "web1", Host: "web1.example", At: Now().Add(at), Was: alarm.OK, State: to, Value: &value,
		Threshold: &threshold, Text: "disk of / over 90 %", Seq: 17}
}

func changes(t *testing.T, s Store, f watch.ChangeFilter) []watch.Change {
	t.Helper()
	var list []watch.Change
	do(t, s.Alarms().Changes(t.Context(), f, func(c watch.Change) error {
		list = append(list, c)
		return nil
	}))
	return list
}

func testChanges(t *testing.T, open Opener) {
	s, again := open(t), open(t)
	first := change("a", 0, alarm.Critical)
	other := change("b", time.Minute, alarm.Warning)
	ids := save(t, s, watch.AlarmsStep{Changes: []watch.Change{first, other}})
	if len(ids) != 2 || ids[0] == 0 || ids[1] <= ids[0] {
		t.Fatalf("ids %v", ids)
	}
	first.ID, other.ID = ids[0], ids[1]
	late := change("a", -time.Hour, alarm.Critical)
	late.Kind, late.Until = watch.Late, Now().Add(-30*time.Minute)
	late.ID = save(t, again, watch.AlarmsStep{Changes: []watch.Change{late}})[0]
	want(t, "changes", changes(t, s, watch.ChangeFilter{}), []watch.Change{late, first, other})
	ok := change("a", 2*time.Minute, alarm.OK)
	ok.Value, ok.Threshold = nil, nil
	ok.ID = save(t, s, watch.AlarmsStep{Changes: []watch.Change{ok}})[0]
	first.Until = ok.At
	want(t, "changes", changes(t, again, watch.ChangeFilter{}), []watch.Change{late, first, other, ok})
	// Two changes of a key in one step close each other in their order.
	list := []watch.Change{change("b", 3*time.Minute, alarm.Critical), change("b", 4*time.Minute, alarm.Silent)}
	save(t, s, watch.AlarmsStep{Changes: list})
	all := changes(t, s, watch.ChangeFilter{Rule: "b"})
	for i, until := range []time.Time{list[0].At, list[1].At, {}} {
		if !all[i].Until.Equal(until) {
			t.Errorf("change %d lasts until %v, want %v", i, all[i].Until, until)
		}
	}
	stop := errors.New("stop")
	wantErr(t, "an error of the callback", s.Alarms().Changes(t.Context(), watch.ChangeFilter{}, func(watch.Change) error { return stop }), stop)
}

func testChangeFilters(t *testing.T, open Opener) {
	s := open(t)
	var list []watch.Change
	for i, to := range []alarm.State{alarm.Warning, alarm.Critical, alarm.Silent, alarm.Unknown, alarm.OK} {
		c := change("a", time.Duration(i)*time.Hour, to)
		c.Kind = watch.ChangeKind(i) // the second is late, and lasts an hour
		if c.Kind == watch.Late {
			c.Until = c.At.Add(time.Hour)
		}
		if i == 2 {
			c.Rule, c.Agent = "b", 6
		}
		list = append(list, c)
	}
	for i, id := range save(t, s, watch.AlarmsStep{Changes: list}) {
		list[i].ID = id
	}
	all := changes(t, s, watch.ChangeFilter{})
	at := func(h time.Duration) time.Time { return Now().Add(h * time.Hour) }
	for _, test := range []struct {
		name string
		f    watch.ChangeFilter
		want []int
	}{
		{"all", watch.ChangeFilter{}, []int{0, 1, 2, 3, 4}},
		{"agent", watch.ChangeFilter{Agent: 6}, []int{2}},
		{"rule", watch.ChangeFilter{Rule: "b"}, []int{2}},
		{"open", watch.ChangeFilter{OnlyOpen: true}, []int{0, 1, 2}},
		{"kinds", watch.ChangeFilter{Kinds: []watch.ChangeKind{watch.Real, watch.Flapped}}, []int{0, 3}},
		{"no kind", watch.ChangeFilter{Kinds: []watch.ChangeKind{}}, nil},
		{"from", watch.ChangeFilter{From: at(2)}, []int{0, 2, 3, 4}}, // the first lasts until the fourth
		{"to", watch.ChangeFilter{To: at(2)}, []int{0, 1}},
		{"from to", watch.ChangeFilter{From: at(3), To: at(4)}, []int{2, 3}},
		{"newest", watch.ChangeFilter{Limit: 2}, []int{4, 3}},
		{"newest of an agent", watch.ChangeFilter{Agent: 5, Limit: 9, OnlyOpen: true}, []int{1, 0}},
	} {
		var expected []watch.Change
		for _, i := range test.want {
			expected = append(expected, all[i])
		}
		want(t, test.name, changes(t, s, test.f), expected)
	}
}

func testDeletedChanges(t *testing.T, open Opener) {
	s := open(t)
	var list []watch.Change
	for i := range 10 {
		to := alarm.Critical
		if i%2 == 1 {
			to = alarm.OK
		}
		list = append(list, change("a", time.Duration(i)*time.Hour, to))
	}
	list = append(list, change("open", 0, alarm.Warning), change("unknown", 0, alarm.Unknown))
	save(t, s, watch.AlarmsStep{Changes: list, Held: map[int64][]int{1: {0, 9}}})
	before := Now().Add(5 * time.Hour)
	for _, n := range []int{3, 2, 0} { // four that ended, and the unknown one
		want(t, "deleted", must[int](t)(s.Alarms().DeleteChanges(t.Context(), before, 3)), n)
	}
	left := changes(t, s, watch.ChangeFilter{})
	want(t, "what is left", len(left), 7)
	for _, c := range left {
		if !c.Until.IsZero() && c.Until.Before(before) || c.Rule == "unknown" {
			t.Errorf("left: %+v", c)
		}
	}
	want(t, "held", len(must[[]watch.Change](t)(s.Queue().Held(t.Context(), 1))), 1)
	ids := save(t, s, watch.AlarmsStep{Changes: []watch.Change{change("a", 20*time.Hour, alarm.OK)}})
	must[int](t)(s.Alarms().DeleteChanges(t.Context(), Now().Add(100*time.Hour), 100))
	if next := save(t, s, watch.AlarmsStep{Changes: []watch.Change{change("a", 21*time.Hour, alarm.OK)}}); next[0] <= ids[0] {
		t.Errorf("the number %d is used again", next[0])
	}
}

func testForget(t *testing.T, open Opener) {
	s := open(t)
	other := state(watch.Key{Rule: "a", Agent: 6})
	c := change("a", -time.Hour, alarm.Critical)
	save(t, s, watch.AlarmsStep{Cursor: 3, States: []watch.Saved{state(keyOf("a")), state(keyOf("b")), other}, Changes: []watch.Change{c}})
	do(t, s.Alarms().Forget(t.Context(), 5))
	cursor, states := load(t, s)
	want(t, "states", states, []watch.Saved{other})
	want(t, "cursor", cursor, int64(3))
	want(t, "until", changes(t, s, watch.ChangeFilter{})[0].Until, Now())
}

// A step that cannot be stored whole leaves nothing.
func testFailedStep(t *testing.T, open Opener) {
	s := open(t)
	save(t, s, watch.AlarmsStep{Cursor: 1})
	for _, index := range []int{1, -1} {
		if _, err := s.Alarms().Save(t.Context(), watch.AlarmsStep{Cursor: 2, States: []watch.Saved{state(keyOf("a"))},
			Changes: []watch.Change{change("a", 0, alarm.Critical)}, Queued: []watch.Row{{Notifier: "ops"}}, Held: map[int64][]int{1: {index}}}); err == nil {
			t.Error("a change that is not there is held")
		}
	}
	cursor, states := load(t, s)
	rows := must[[]watch.Row](t)(s.Queue().Due(t.Context(), "ops", Now(), 10))
	if all := changes(t, s, watch.ChangeFilter{}); cursor != 1 || len(states) != 0 || len(rows) != 0 || len(all) != 0 {
		t.Errorf("cursor %d, states %v, rows %v, changes %v", cursor, states, rows, all)
	}
}
