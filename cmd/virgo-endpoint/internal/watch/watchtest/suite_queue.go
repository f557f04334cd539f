package watchtest

import (
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

func row(notifier string, due time.Duration) watch.Row {
	return watch.Row{Notifier: notifier, Group: "web1 14:05", Due: Now().Add(due), Created: Now(), Level: 2, Event: []byte(`{"a":1}`)}
}

func due(t *testing.T, s Store, notifier string, at time.Duration, limit int) []watch.Row {
	t.Helper()
	return must[[]watch.Row](t)(s.Queue().Due(t.Context(), notifier, Now().Add(at), limit))
}

func ids(rows []watch.Row) []int64 {
	var list []int64
	for _, r := range rows {
		list = append(list, r.ID)
	}
	return list
}

func testQueue(t *testing.T, open Opener) {
	s, again := open(t), open(t)
	if next := must[time.Time](t)(s.Queue().Next(t.Context())); !next.IsZero() {
		t.Errorf("an empty queue has something at %v", next)
	}
	do(t, s.Queue().Add(t.Context(), []watch.Row{row("ops", time.Minute), row("ops", 0), row("hook", -time.Hour), row("ops", 0)}))
	save(t, s, watch.AlarmsStep{Queued: []watch.Row{row("ops", -time.Minute)}})
	now := due(t, again, "ops", 0, 10)
	if len(now) != 3 || !now[0].Due.Equal(Now().Add(-time.Minute)) || now[1].ID >= now[2].ID {
		t.Fatalf("due: %+v", now)
	}
	expected := row("ops", 0)
	expected.ID = now[1].ID
	want(t, "row", now[1], expected)
	want(t, "limit", ids(due(t, s, "ops", time.Hour, 2)), ids(now[:2]))
	want(t, "next", must[time.Time](t)(s.Queue().Next(t.Context())), Now().Add(-time.Hour))
	do(t, s.Queue().Settle(t.Context(), "ops", ids(now[:1]), watch.Outcome{Sent: true, At: Now()}))
	do(t, s.Queue().Settle(t.Context(), "ops", ids(now[1:2]), watch.Outcome{Due: Now().Add(time.Hour), Err: "no route", At: Now()}))
	// Rows of another notifier, and those that are gone, are nobody's.
	do(t, s.Queue().Settle(t.Context(), "hook", ids(now), watch.Outcome{Sent: true, At: Now()}))
	do(t, again.Queue().Settle(t.Context(), "ops", ids(now[:1]), watch.Outcome{Dropped: true}))
	want(t, "left now", ids(due(t, again, "ops", 0, 10)), ids(now[2:]))
	later := due(t, again, "ops", time.Hour, 10)
	if last := later[len(later)-1]; len(later) != 3 || last.ID != now[1].ID || last.Attempt != 1 || last.Err != "no route" {
		t.Errorf("later: %+v", later)
	}
	do(t, s.Queue().Settle(t.Context(), "ops", ids(later), watch.Outcome{Dropped: true, Next: []watch.Row{row("ops", 0)}}))
	if after := due(t, s, "ops", 0, 10); len(after) != 1 || after[0].ID <= later[0].ID {
		t.Errorf("a number is used again: %+v", after)
	}
}

func testNotifiers(t *testing.T, open Opener) {
	s := open(t)
	at := func(m int) time.Time { return Now().Add(time.Duration(m) * time.Minute) }
	settle := func(name string, o watch.Outcome) {
		t.Helper()
		do(t, s.Queue().Settle(t.Context(), name, nil, o))
	}
	wantState := func(expected ...watch.NotifierState) {
		t.Helper()
		want(t, "notifiers", must[[]watch.NotifierState](t)(s.Queue().Notifiers(t.Context())), expected)
	}
	wantState()
	settle("ops", watch.Outcome{Sent: true, At: at(0)})
	settle("ops", watch.Outcome{Err: "refused", Due: at(2), At: at(1)})
	settle("ops", watch.Outcome{Err: "no route", Dropped: true, At: at(2)})
	older, newer := row("hook", time.Hour), row("hook", time.Minute)
	older.Created = at(-5)
	do(t, s.Queue().Add(t.Context(), []watch.Row{newer, older}))
	hook := watch.NotifierState{Name: "hook", Waiting: 2, OldestWaiting: at(-5)}
	wantState(hook, watch.NotifierState{Name: "ops", LastOK: at(0), FailingSince: at(1), Failures: 2, Err: "no route"})
	settle("ops", watch.Outcome{Dropped: true, At: at(3)}) // nobody needed it any more: that is no fault
	wantState(hook, watch.NotifierState{Name: "ops", LastOK: at(0), FailingSince: at(1), Failures: 2, Err: "no route"})
	settle("ops", watch.Outcome{Sent: true, At: at(4)})
	wantState(hook, watch.NotifierState{Name: "ops", LastOK: at(4)})
}

func testHeld(t *testing.T, open Opener) {
	s, again := open(t), open(t)
	list := []watch.Change{change("a", time.Minute, alarm.Critical), change("b", 0, alarm.Critical), change("c", 0, alarm.Critical)}
	for i := range list {
		list[i].Kind = watch.Silenced
	}
	for i, id := range save(t, s, watch.AlarmsStep{Changes: list, Held: map[int64][]int{7: {0, 1}, 8: {1}}}) {
		list[i].ID = id
	}
	held := func(silence int64) []watch.Change {
		t.Helper()
		return must[[]watch.Change](t)(again.Queue().Held(t.Context(), silence))
	}
	want(t, "held", held(7), []watch.Change{list[1], list[0]})
	want(t, "held", held(8), []watch.Change{list[1]})
	do(t, s.Queue().Release(t.Context(), 7, []watch.Row{row("ops", 0)}))
	want(t, "held", len(held(7)), 0)
	want(t, "held", len(held(8)), 1)
	want(t, "rows", len(due(t, again, "ops", 0, 10)), 1)
	want(t, "changes", len(changes(t, s, watch.ChangeFilter{})), 3)
}
