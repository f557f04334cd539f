package watchtest

import (
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

func testSilences(t *testing.T, open Opener) {
	s, again := open(t), open(t)
	version := func() int64 {
		t.Helper()
		return must[int64](t)(again.Silences().Version(t.Context()))
	}
	put := func(one watch.Silence) watch.Silence {
		t.Helper()
		before := version()
		one = must[watch.Silence](t)(s.Silences().Put(t.Context(), one))
		if after := version(); after <= before {
			t.Errorf("the version went from %d to %d", before, after)
		}
		return one
	}
	first := put(watch.Silence{Kind: watch.Quiet, Hosts: []string{"db-*", "web1"}, Tags: []string{"web"}, Rules: []string{"disk*"}, From: Now(),
		Until: Now().Add(time.Hour), Days: 31, Start: 22 * 60, Length: 8 * time.Hour, Zone: "Europe/Berlin", PassCritical: true, Reason: "at night",
		By: "ann", Created: Now()})
	second := put(watch.Silence{Kind: watch.OneTime, From: Now(), By: "bob", Created: Now()})
	if first.ID == 0 || second.ID <= first.ID || first.Version == 0 {
		t.Errorf("%+v, %+v", first, second)
	}
	all := func(ended bool) []watch.Silence {
		t.Helper()
		return must[[]watch.Silence](t)(again.Silences().All(t.Context(), ended))
	}
	want(t, "silences", all(false), []watch.Silence{first, second})
	changed := first
	changed.Reason, changed.Created = "longer", Now().Add(time.Hour)
	changed = put(changed)
	if changed.Version <= first.Version || !changed.Created.Equal(first.Created) {
		t.Errorf("changed: %+v", changed)
	}
	before := version()
	_, err := again.Silences().Put(t.Context(), first)
	wantErr(t, "an old version", err, watch.ErrChanged)
	_, err = again.Silences().Put(t.Context(), watch.Silence{ID: 999, Version: 1})
	wantErr(t, "an unknown one", err, watch.ErrNoSuchSilence)
	want(t, "version", version(), before)
	second.Ended = Now().Add(-watch.SilencesKept)
	second = put(second)
	want(t, "those that count", all(false), []watch.Silence{changed})
	want(t, "with those that ended", all(true), []watch.Silence{changed, second})
	second.Ended = Now().Add(-watch.SilencesKept - time.Millisecond)
	put(second)
	want(t, "with those that ended", all(true), []watch.Silence{changed})
}

func testCursors(t *testing.T, open Opener) {
	s, again := open(t), open(t)
	if c, found, err := s.Cursors().Cursor(t.Context(), "prom"); found || err != nil || c != (watch.Cursor{}) {
		t.Errorf("%+v, %v, %v", c, found, err)
	}
	prom := watch.Cursor{Name: "prom", Seq: 7, Sent: 5, Refused: 1, Lost: 1, Err: "refused", At: Now()}
	file := watch.Cursor{Name: "file", Seq: 9}
	do(t, s.Cursors().SaveCursor(t.Context(), prom))
	do(t, again.Cursors().SaveCursor(t.Context(), file))
	prom.Seq, prom.Err = 8, ""
	do(t, again.Cursors().SaveCursor(t.Context(), prom))
	c, found, err := s.Cursors().Cursor(t.Context(), "prom")
	do(t, err)
	want(t, "cursor", []any{c, found}, []any{prom, true})
	want(t, "all", must[[]watch.Cursor](t)(s.Cursors().AllCursors(t.Context())), []watch.Cursor{file, prom})
}

func testSettings(t *testing.T, open Opener) {
	s, again := open(t), open(t)
	want(t, "one that was never set", must[string](t)(s.Settings().Setting(t.Context(), "tags")), "")
	for _, value := range []string{"web", "", "db web"} {
		do(t, s.Settings().SetSetting(t.Context(), "tags", value))
		want(t, "setting", must[string](t)(again.Settings().Setting(t.Context(), "tags")), value)
	}
}

func testAudit(t *testing.T, open Opener) {
	s, again := open(t), open(t)
	first := watch.Entry{At: Now(), ActorKind: "person", Actor: "ann", Remote: "192.0.2.1", Action: "put schedule", Object: "web",
		Before: []byte("a"), After: make([]byte, watch.MaxAuditBytes)}
	first.ID = must[int64](t)(s.Audit().Begin(t.Context(), first))
	second := watch.Entry{At: Now().Add(time.Hour), ActorKind: "command", Actor: "root", Action: "add user", Object: "bob", Outcome: watch.Done}
	second.ID = must[int64](t)(again.Audit().Begin(t.Context(), second))
	first.Outcome = watch.Begun
	entries := func(f watch.EntryFilter) []watch.Entry {
		t.Helper()
		var list []watch.Entry
		do(t, again.Audit().Entries(t.Context(), f, func(e watch.Entry) error {
			list = append(list, e)
			return nil
		}))
		return list
	}
	want(t, "entries", entries(watch.EntryFilter{}), []watch.Entry{second, first})
	first.Outcome = "failed: no such schedule"
	do(t, s.Audit().End(t.Context(), first.ID, first.Outcome))
	for name, f := range map[string]watch.EntryFilter{"to": {To: second.At}, "actor": {Actor: "ann"}, "object": {Object: "web"}} {
		want(t, name, entries(f), []watch.Entry{first})
	}
	for name, f := range map[string]watch.EntryFilter{"from": {From: second.At}, "limit": {Limit: 1}} {
		want(t, name, entries(f), []watch.Entry{second})
	}
	if err := s.Audit().End(t.Context(), 999, watch.Done); err == nil {
		t.Error("an entry that nobody began has ended")
	}
	first.Before = make([]byte, watch.MaxAuditBytes+1)
	if _, err := s.Audit().Begin(t.Context(), first); err == nil {
		t.Error("an entry of any size is stored")
	}
}
