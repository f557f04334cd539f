package run

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/spool"
	"virgo/transport"
	"virgo/transport/transporttest"
)

// lose puts n results into the spool and drops them again, as a person would.
func (b *bench) lose(n int) {
	b.t.Helper()
	var ids []string
	err := b.Spool.Update(b.t.Context(), func(tx *spool.Tx) error {
		for range n {
			records, err := tx.Append(spool.Entry{
				Agent: b.ID, Made: b.clock.Add(-time.Hour), Data: []byte(`{"check_id":"old"}`),
			})
			if err != nil {
				return err
			}
			ids = append(ids, records[0].ID)
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	if d, err := b.Spool.Drop(b.t.Context(), spool.Selection{IDs: ids}); err != nil || d.Records != uint64(n) {
		b.t.Fatal(d, err)
	}
}

// unreported counts what was dropped and no endpoint knows of.
func (b *bench) unreported() (n uint64) {
	b.t.Helper()
	st, err := b.Spool.Stats(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	for _, d := range st.Dropped {
		n += d.Records
	}
	return n
}

// losses returns the reports that the endpoint has.
func (b *bench) losses() (all []collect.Result) {
	b.t.Helper()
	for _, s := range b.endpoint.Stored() {
		r, err := collect.ParseResult(s.Params)
		if err != nil {
			b.t.Fatalf("%s: %v", s.Params, err)
		}
		if r.CheckID == lossCheck {
			all = append(all, r)
		}
	}
	return all
}

func figure(r collect.Result, name string) string {
	for _, m := range r.Metrics {
		if m.Dimension == "user" && m.Name == name {
			return m.Value
		}
	}
	return ""
}

func TestLossIsReportedOnceAndFirst(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Schedule: scheduleOf("a")})
	b.lose(3)
	rep := b.run()
	if got := b.storedChecks(); !slices.Equal(got, []string{lossCheck, "a"}) {
		t.Fatalf("stored %v", got)
	}
	if rep.Delivery.Delivered != 1 || rep.Delivery.Err != nil || b.unreported() != 0 {
		t.Errorf("%+v, %d unreported", rep.Delivery, b.unreported())
	}
	r := b.losses()[0]
	made := b.clock.Add(-time.Hour).UnixMilli()
	want := map[string]string{"lost_results": "3", "lost_from_ms": jsonNumber(made), "lost_to_ms": jsonNumber(made)}
	for name, value := range want {
		if figure(r, name) != value {
			t.Errorf("%s is %q, want %s", name, figure(r, name), value)
		}
	}
	if r.State != collect.Unavailable || r.CheckType != lossType || figure(r, "lost_bytes") == "0" ||
		r.Status != "3 results lost: 3 dropped by a person, made between 2026-01-02 02:04 UTC and 2026-01-02 02:04 UTC" {
		t.Errorf("%+v", r)
	}
	b.clock = b.clock.Add(time.Minute)
	b.run()
	if len(b.losses()) != 1 {
		t.Errorf("reported again: %v", b.losses())
	}
}

func jsonNumber(n int64) string {
	b, _ := json.Marshal(n) // a number always encodes
	return string(b)
}

// A report whose acknowledgement did not arrive is sent again as it was; what was lost meanwhile is
// in the next one.
func TestLossReportIsTheSameUntilAcknowledged(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Schedule: scheduleOf("a")})
	b.run()
	b.lose(2)
	b.clock = b.clock.Add(time.Minute)
	b.endpoint.Set(away)
	b.run()
	b.lose(5)
	if b.unreported() != 7 {
		t.Fatalf("%d unreported", b.unreported())
	}
	b.clock = b.clock.Add(time.Minute)
	b.endpoint.Set(transporttest.Script{Features: modern, Schedule: scheduleOf("a")})
	b.run()
	if all := b.losses(); len(all) != 1 || figure(all[0], "lost_results") != "2" || b.unreported() != 5 {
		t.Fatalf("first: %+v, %d unreported", all, b.unreported())
	}
	if d, err := b.Flush(t.Context()); err != nil || d.Err != nil || d.Delivered != 0 {
		t.Fatalf("%+v, %v", d, err)
	}
	if all := b.losses(); len(all) != 2 || figure(all[1], "lost_results") != "5" || b.unreported() != 0 {
		t.Errorf("then: %+v, %d unreported", all, b.unreported())
	}
}

func TestRefusedLossReportIsKeptAndSentRarely(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: earlier, Schedule: scheduleOf("a")})
	b.run()
	b.lose(4)
	b.endpoint.Set(transporttest.Script{
		Features: earlier, Schedule: scheduleOf("a"),
		Reject: map[int]transport.Error{2: {Code: 400, Message: "no such check"}},
	})
	said := 0
	b.Verbose = func(format string, _ ...any) {
		if strings.Contains(format, "refused the report") {
			said++
		}
	}
	b.clock = b.clock.Add(time.Minute)
	if rep := b.run(); rep.Delivery.Err != nil || rep.Delivery.Refused != 0 || rep.Delivery.Delivered != 1 {
		t.Errorf("%+v", rep.Delivery)
	}
	st, err := b.Spool.Stats(t.Context())
	if err != nil || st.Rejected != 0 || b.unreported() != 4 || said != 1 {
		t.Errorf("%+v, %v, said %d times", st, err, said)
	}
	posts := func() int { return strings.Count(strings.Join(b.endpoint.Methods(), " "), transport.MethodPost) }
	before := posts()
	b.clock = b.clock.Add(transport.LossReportPause - time.Minute)
	b.run()
	if posts() != before+1 {
		t.Errorf("%d posts, want this run's one", posts()-before)
	}
	b.clock = b.clock.Add(2 * time.Minute)
	b.run()
	if posts() != before+3 || b.unreported() != 4 { // the endpoint answers a copy as it answered the first
		t.Errorf("%d posts after a day, %d unreported", posts()-before, b.unreported())
	}
}

func TestLossWithoutAnEndpointIsNotReported(t *testing.T) {
	b := newBench(t, transporttest.Script{})
	b.Endpoints = nil
	writeCheck(t, b.ChecksDir, "a")
	b.lose(1)
	b.run()
	if b.unreported() != 1 || b.waiting() != 1 {
		t.Errorf("%d unreported, %d wait", b.unreported(), b.waiting())
	}
}

func TestLossSentence(t *testing.T) {
	at := func(h int) time.Time { return time.Date(2026, 1, 2, h, 4, 59, 0, time.UTC) }
	for want, drops := range map[string][]spool.Drop{
		"":                         nil,
		"1 result lost: 1 damaged": {{Cause: spool.CauseDamaged, Records: 1}},
		"an unknown number of results lost: an unknown number damaged with their count": {
			{Cause: spool.CauseUnknown, Records: 2},
		},
		"at least 1 result lost: 1 damaged, an unknown number damaged with their count": {
			{Cause: spool.CauseDamaged, Records: 1}, {Cause: spool.CauseUnknown, Records: 1},
		},
		"12 results lost: 10 for want of space, 2 damaged, made between 2026-01-02 01:04 UTC and 2026-01-02 05:04 UTC": {
			{Cause: spool.CauseSpace, Records: 10, First: at(3), Last: at(5)},
			{Cause: spool.CauseDamaged, Records: 2, First: at(1), Last: at(2)},
		},
	} {
		if got := LossSentence(drops); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	var all []spool.Drop
	for _, c := range []spool.Cause{
		spool.CauseSpace, spool.CauseAge, spool.CauseRefused, spool.CauseDamaged, spool.CauseUser,
		spool.CauseUnstored, spool.CauseUnknown,
	} {
		all = append(all, spool.Drop{Cause: c, Records: 1 << 40, First: at(1), Last: at(2)})
	}
	if n := len(LossSentence(all)); n > collect.MaxStatusRunes+70 {
		t.Errorf("%d characters in the worst case", n)
	}
	if data := lossRecord(spool.Loss{ID: "a/1-2", Drops: all}, at(6)).Data; !json.Valid(data) || len(data) > 4<<10 {
		t.Errorf("%d bytes: %s", len(data), data)
	}
}
