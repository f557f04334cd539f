package alarm

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

// each returns a step in which so many hosts send a usual result each, at different seconds of the minute.
func (e *endpoint) each(t *testing.T, from, to int) func() {
	return func() {
		minute := e.now
		for i := from; i < to; i++ {
			e.now = minute.Add(time.Duration(i) * time.Second / 2)
			e.store(t, fmt.Sprintf("host%d", i), e.result("root", "agent.filesystem", nil, disk(50)...))
		}
		e.now = minute
		e.follow(t)
	}
}

// A whole fleet that goes silent is one notification, and one when it is back.
func TestSilentFleet(t *testing.T) {
	e := newEndpoint(t, nil)
	e.pass(t, 10*time.Minute, e.each(t, 0, 20))
	e.pass(t, 10*time.Minute, nil)
	got := e.events(t)
	if want := []string{"fleet fleet OK>SILENT * 20 members"}; !slices.Equal(says(got), want) {
		t.Fatalf("told %q", says(got))
	}
	if got[0].Text != "20 of 20 hosts are silent" {
		t.Errorf("%q", got[0].Text)
	}
	if n := len(e.States(StateFilter{States: []alarm.State{alarm.Silent}})); n != 20 {
		t.Errorf("%d hosts are silent", n)
	}
	e.pass(t, 5*time.Minute, e.each(t, 0, 20))
	if got := says(e.events(t)); !slices.Equal(got, []string{"fleet fleet SILENT>OK * 20 members"}) {
		t.Errorf("told %q", got)
	}
	if list := e.Standing(); len(list) != 0 {
		t.Errorf("%+v", list)
	}
	// Each change is recorded, of every host and of the fleet.
	if got := e.changes(t); len(got) != 42 {
		t.Errorf("%d changes", len(got))
	}
}

// Hosts that go silent behind most of the others join what was told.
func TestSilentFleetGrows(t *testing.T) {
	e := newEndpoint(t, nil)
	e.pass(t, 5*time.Minute, e.each(t, 0, 10))
	e.pass(t, 10*time.Minute, e.each(t, 0, 4))
	if got := says(e.events(t)); !slices.Equal(got, []string{"fleet fleet OK>SILENT * 6 members"}) {
		t.Fatalf("told %q", got)
	}
	e.pass(t, 10*time.Minute, e.each(t, 0, 2))
	if got := says(e.events(t)); len(got) > 0 {
		t.Errorf("told %q", got)
	}
	e.pass(t, 5*time.Minute, e.each(t, 0, 5))
	got := e.events(t)
	if !slices.Equal(says(got), []string{"fleet fleet SILENT>OK * 3 members"}) {
		t.Fatalf("told %q", says(got))
	}
	if want := "3 of 10 hosts are back, 5 are still silent"; got[0].Text != want {
		t.Errorf("%q, want %q", got[0].Text, want)
	}
}

// Of a fleet that is well, single hosts are told one by one; most of a tag's hosts are told by the tag.
func TestSilentTag(t *testing.T) {
	e := newEndpoint(t, nil)
	e.pass(t, 5*time.Minute, e.each(t, 0, 20))
	for i := range 4 {
		if _, err := e.TagAgent(t.Context(), fmt.Sprintf("host%d", i), []string{"web"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	e.pass(t, 5*time.Minute, e.each(t, 0, 20))
	e.pass(t, 10*time.Minute, e.each(t, 3, 18)) // three of four with the tag, and two others
	got := says(e.events(t))
	slices.Sort(got)
	if want := []string{"alarm silent OK>SILENT host18", "alarm silent OK>SILENT host19", "fleet fleet OK>SILENT web 3 members"}; !slices.Equal(got, want) {
		t.Errorf("told %q", got)
	}
	e.start(t)
	e.pass(t, 5*time.Minute, e.each(t, 0, 20))
	got = says(e.events(t))
	slices.Sort(got)
	if want := []string{"alarm silent SILENT>OK host18", "alarm silent SILENT>OK host19", "fleet fleet SILENT>OK web 3 members"}; !slices.Equal(got, want) {
		t.Errorf("told %q", got)
	}
}

// While the endpoint is away nobody is silent, and what hosts made meanwhile raises nothing. It is told once that it was away.
func TestEndpointAway(t *testing.T) {
	e := newEndpoint(t, nil)
	e.pass(t, 10*time.Minute, e.each(t, 0, 5))
	left := e.now
	e.now = e.now.Add(18 * time.Minute)
	e.start(t)
	for i := range 5 {
		var backlog []intake.Result
		for m := 1; m < 18; m++ {
			backlog = append(backlog, e.result("root", "agent.filesystem", late(left.Add(time.Duration(m)*time.Minute)), disk(99)...))
		}
		e.put(t, fmt.Sprintf("host%d", i), backlog...)
	}
	e.pass(t, 20*time.Minute, e.each(t, 0, 5))
	got := e.events(t)
	if want := []string{"away endpoint-away UNKNOWN>OK"}; !slices.Equal(says(got), want) {
		t.Fatalf("told %q", says(got))
	}
	if !strings.Contains(got[0].Text, "was away from") {
		t.Errorf("%q", got[0].Text)
	}
	if got := e.changes(t, watch.Late); len(got) != 5 {
		t.Errorf("of late results is recorded %q", got)
	}
	if got := e.changes(t, watch.Real); len(got) != 0 {
		t.Errorf("changed %q", got)
	}
}

// Results of a host that has nothing to do, for a day: no rule of the default set says anything.
func TestUsualDay(t *testing.T) {
	e := newEndpoint(t, nil)
	minutes := 0
	e.pass(t, 24*time.Hour, func() {
		if minutes++; minutes%2 == 0 { // the ticks are what takes time here
			return
		}
		e.put(t, "web1", e.usual()...)
	})
	if got := e.changes(t); len(got) > 0 {
		t.Errorf("changed %q", got)
	}
	if got := says(e.events(t)); len(got) > 0 {
		t.Errorf("told %q", got)
	}
	if list := e.States(StateFilter{States: []alarm.State{alarm.OK, alarm.Warning, alarm.Unknown}}); len(list) > 0 {
		t.Errorf("remembered %+v", list)
	}
}
