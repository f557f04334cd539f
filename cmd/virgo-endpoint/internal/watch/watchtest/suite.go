package watchtest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// A Store is what the suite tests.
type Store interface {
	Alarms() watch.Alarms
	Queue() watch.Queue
	Silences() watch.Silences
	Cursors() watch.Cursors
	Settings() watch.Settings
	People() watch.People
	Audit() watch.Audit
	HostInfo() watch.HostInfo
}

// An Opener opens the same store again with each call, and closes it when the test ends. All openings see the same
// content. What the store does by itself it does at Now.
type Opener func(t *testing.T) Store

// Now is the time of the suite, in milliseconds.
func Now() time.Time { return time.UnixMilli(1_700_000_000_123).UTC() }

// Run tests an implementation. create makes an empty store.
func Run(t *testing.T, create func(t *testing.T) Opener) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, open Opener)
	}{
		{"States", testStates},
		{"Acknowledgements", testAcknowledgements},
		{"Changes", testChanges},
		{"ChangeFilters", testChangeFilters},
		{"DeletedChanges", testDeletedChanges},
		{"Forget", testForget},
		{"FailedStep", testFailedStep},
		{"Queue", testQueue},
		{"QueuesOfNotifiers", testNotifiers},
		{"Held", testHeld},
		{"Silences", testSilences},
		{"Cursors", testCursors},
		{"Settings", testSettings},
		{"People", testPeople},
		{"Sessions", testSessions},
		{"SessionsAreBounded", testSessionsBounded},
		{"SessionsEndWithTheirPerson", testSessionsEnd},
		{"Audit", testAudit},
		{"Questions", testQuestions},
		{"HostInfo", testHostInfo},
		{"HostInfoIsBounded", testHostInfoBounded},
		{"HostileTexts", testHostileTexts},
		{"CancelledContext", testCancelled},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, create(t)) })
	}
}

// must returns a value, and ends the test for an error.
func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// hostileTexts are texts that mean something to a database.
func hostileTexts() []string {
	return []string{"", "'", `"`, `\`, "%", "*", "a;DROP TABLE people", "\x00", "a\x00b", "ä\U0001f600", "\u202e", "NULL", "1e400", `["a"]`}
}

func testHostileTexts(t *testing.T, open Opener) {
	s, again := open(t), open(t)
	for i, text := range hostileTexts() {
		key := watch.Key{Rule: text, Agent: 1, CheckID: text, Dimension: text}
		saved := state(key)
		saved.Text, saved.Host, saved.Tags = text, text, []string{text, "b"}
		_, err := s.Alarms().Save(t.Context(), watch.AlarmsStep{States: []watch.Saved{saved}, Changes: []watch.Change{{Key: key, At: Now(), Text: text}}})
		do(t, err)
		name := fmt.Sprint(i, text)
		must[watch.Person](t)(s.People().Put(t.Context(), watch.Person{Name: name, Role: watch.View, Password: text}))
		must[watch.Silence](t)(s.Silences().Put(t.Context(), watch.Silence{Hosts: []string{text}, Tags: []string{}, Rules: []string{text, text}, Reason: text}))
		do(t, s.Settings().SetSetting(t.Context(), name, text))
		agent := intake.AgentNumber(i)
		do(t, s.HostInfo().Ask(t.Context(), watch.Question{Agent: agent, Type: text, AgentID: text, By: text}))
		do(t, s.HostInfo().Settle(t.Context(), watch.Info{Question: watch.Question{Agent: agent, Type: text}, Outcome: watch.InfoRefused, Error: text, Metrics: []byte(text)}))
		info := must[watch.Info](t)(again.HostInfo().Info(t.Context(), agent, text))
		want(t, "info", []string{info.Type, info.AgentID, info.By, info.Error, string(info.Metrics)}, []string{text, text, text, text, text})
		want(t, "setting", must[string](t)(again.Settings().Setting(t.Context(), name)), text)
		want(t, "person", must[watch.Person](t)(again.People().Person(t.Context(), name)).Password, text)
	}
	texts := hostileTexts()
	_, states, err := again.Alarms().Load(t.Context())
	do(t, err)
	if len(states) != len(texts) {
		t.Errorf("%d states", len(states))
	}
	for _, saved := range states {
		text := saved.Rule
		want(t, "state", []string{saved.CheckID, saved.Dimension, saved.Text, saved.Host, saved.Tags[0]}, []string{text, text, text, text, text})
	}
	for i, one := range must[[]watch.Silence](t)(again.Silences().All(t.Context(), false)) {
		want(t, "silence", []string{one.Hosts[0], one.Rules[1], one.Reason}, []string{texts[i], texts[i], texts[i]})
	}
}

// Nothing is changed when nobody waits for it any more.
func testCancelled(t *testing.T, open Opener) {
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Alarms().Save(ctx, watch.AlarmsStep{Cursor: 7, Queued: []watch.Row{{Notifier: "a"}}})
	wantErr(t, "Save", err, context.Canceled)
	wantErr(t, "Add", s.Queue().Add(ctx, []watch.Row{{Notifier: "a"}}), context.Canceled)
	_, err = s.People().Put(ctx, watch.Person{Name: "a"})
	wantErr(t, "Put", err, context.Canceled)
	wantErr(t, "Ask", s.HostInfo().Ask(ctx, watch.Question{Agent: 1, Type: "cpu"}), context.Canceled)
	_, err = s.Audit().Begin(ctx, watch.Entry{})
	wantErr(t, "Begin", err, context.Canceled)
	cursor, _, err := s.Alarms().Load(t.Context())
	do(t, err)
	rows := must[[]watch.Row](t)(s.Queue().Due(t.Context(), "a", Now(), 10))
	if all := must[[]watch.Person](t)(s.People().All(t.Context())); cursor != 0 || len(rows) != 0 || len(all) != 0 ||
		len(must[[]watch.Question](t)(s.HostInfo().Waiting(t.Context()))) != 0 {
		t.Errorf("cursor %d, rows %v, people %v", cursor, rows, all)
	}
}
