package notify

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

var noon = time.Date(2026, 11, 29, 12, 0, 5, 0, time.UTC)

func ptr(v float64) *float64 { return &v }

// event is one of a disk of web1 that fills.
func event(was, is alarm.State) watch.Event {
	return watch.Event{Change: 7, Kind: watch.AlarmEvent, Was: was, At: noon, Standing: watch.Standing{
		Key:     watch.Key{Rule: "disk", Agent: 17, CheckID: "root", Dimension: "/"},
		AgentID: "web1-id", Host: "web1", Tags: []string{"web", "db"}, State: is, Since: noon,
		Value: ptr(93.4), Threshold: ptr(90), Text: "disk of / over 90 %"}}
}

// told are the notifiers of rows with their level and how long after the event they are due.
func told(rows []watch.Row) string {
	var list []string
	for _, r := range rows {
		list = append(list, fmt.Sprintf("%s/%d+%v", r.Notifier, r.Level, r.Due.Sub(noon)))
	}
	return strings.Join(list, " ")
}

func TestRoute(t *testing.T) {
	c, problems := load(t, example)
	if problems != "" {
		t.Fatal(problems)
	}
	other := event(alarm.OK, alarm.Critical)
	other.Standing.Tags = nil
	testHost := other
	testHost.Standing.Host = "test-7"
	ruled := event(alarm.OK, alarm.Critical)
	ruled.Notify, ruled.Escalate = []string{"sms"}, []watch.Escalation{{After: time.Hour, To: []string{"npABC"}}}
	planned := event(alarm.OK, alarm.Warning)
	planned.Notify = []string{"npABC", "npNONE"}
	unknown := event(alarm.OK, alarm.Warning)
	unknown.Notify = []string{"npNONE"}
	ended := event(alarm.Critical, alarm.OK)
	ended.Standing.From = noon.Add(-time.Hour)
	soon := ended
	soon.Standing.From = noon.Add(-10 * time.Minute)
	acked := ended
	acked.Standing.AckedBy, acked.Standing.AckedAt = "eva", noon.Add(-50*time.Minute)
	fleet := watch.Event{Kind: watch.FleetEvent, At: noon, Members: []watch.Standing{{Host: "a"}, {Host: "b", Tags: []string{"db"}, State: alarm.Critical}}}
	for name, one := range map[string]struct {
		event watch.Event
		want  string
	}{
		"critical of db": {event(alarm.OK, alarm.Critical), "ops/0+25s sms/0+25s ops/-1+4h0m0s sms/-1+4h0m0s chat/1+30m0s"},
		"warning of db":  {event(alarm.OK, alarm.Warning), "ops/0+25s"},
		"critical else":  {other, "ops/0+25s"},
		"muted host":     {testHost, ""},
		"of the rule":    {ruled, "sms/0+25s ops/1+1h0m0s chat/1+1h0m0s"},
		"of a plan":      {planned, "ops/0+25s chat/0+25s"},
		"unknown plan":   {unknown, "ops/0+25s"},
		"end, escalated": {ended, "ops/0+25s sms/0+25s chat/0+25s"},
		"end before":     {soon, "ops/0+25s sms/0+25s"},
		"acked before":   {acked, "ops/0+25s sms/0+25s"},
		"fleet":          {fleet, "ops/0+25s sms/0+25s ops/-1+4h0m0s sms/-1+4h0m0s chat/1+30m0s"},
		"test":           {watch.Event{Kind: watch.TestEvent, At: noon}, "ops/0+0s"},
	} {
		t.Run(name, func(t *testing.T) {
			rows := c.Route(one.event)
			if got := told(rows); got != one.want {
				t.Errorf("got  %s\nwant %s", got, one.want)
			}
			for _, r := range rows {
				if !r.Created.Equal(noon) || r.Group == "" || !json.Valid(r.Event) {
					t.Errorf("%+v", r)
				}
			}
		})
	}
}

func TestRouteWithoutRoutesTellsAll(t *testing.T) {
	c, _ := load(t, "notifiers:\n  a: {command: [/bin/a]}\n  b: {command: [/bin/b]}\n")
	if got := told(c.Route(event(alarm.OK, alarm.Warning))); got != "a/0+55s b/0+55s" {
		t.Error(got)
	}
	if rows := (&Config{}).Route(event(alarm.OK, alarm.Critical)); rows != nil {
		t.Error(rows)
	}
	c, _ = load(t, "notifiers:\n  a: {command: [/bin/a]}\n  b: {command: [/bin/b]}\nroutes:\n- {notify: [a], continue: true}\n- {notify: [a, b]}\n")
	if got := told(c.Route(event(alarm.OK, alarm.Warning))); got != "a/0+55s b/0+55s" {
		t.Error(got)
	}
}

// A forecast can be infinite, which JSON cannot say; the event is told all the same.
func TestInfiniteValuesAreTold(t *testing.T) {
	c, _ := load(t, example)
	e := event(alarm.OK, alarm.Critical)
	e.Standing.Value, e.Standing.Threshold = ptr(math.Inf(1)), ptr(math.NaN())
	e.Members = slices.Repeat([]watch.Standing{{Value: ptr(math.Inf(-1))}}, 3*MaxMembers)
	var back watch.Event
	if err := json.Unmarshal(c.Route(e)[0].Event, &back); err != nil || back.Standing.Host != "web1" || back.Standing.Value != nil || len(back.Members) != MaxMembers {
		t.Errorf("%+v, %v", back, err)
	}
	if e.Standing.Value == nil {
		t.Error("the caller's event was changed")
	}
}
