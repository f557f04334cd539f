package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
)

// However many read results, agents are let in and what they send is stored.
func TestReadersDoNotKeepIntakeWaiting(t *testing.T) {
	s := newStore(t)
	secret, _, key := intaketest.NewToken(t, s)
	s.Close()
	s = openAt(t, s.path)
	for range maxReaders {
		conn, err := s.read.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := s.Admit(ctx, intake.Claim{AgentID: "a", Token: secret, Now: now}); err != nil {
		t.Errorf("admitting: %v", err)
	}
	if out, err := s.Append(ctx, []intake.Arrival{posted(key, "a", "1"), posted(key, "a", "1")}); err != nil || out[0].Stored != 1 {
		t.Errorf("appending: %+v, %v", out, err)
	}
	if _, err := s.Bearer(ctx, "unknown", now); err != intake.ErrBadToken {
		t.Errorf("looking up a token that reads: %v", err)
	}
}

// What overlaps in time is put in order in bounded memory. What does not fit is read again, and the order is the same.
func TestOverlappingBacklogs(t *testing.T) {
	f := newHosts(t, "web1", "web2", "web3", "web4", "web5")
	start := f.now
	for n := range 3 {
		for _, agent := range f.agents() {
			var list []intake.Result
			for i := range 40 {
				f.order[agent]++
				list = append(list, f.result(agent, f.order[agent], start.Add(time.Duration(i*3+n)*time.Second)))
			}
			if _, err := f.send(agent, list); err != nil {
				t.Fatal(err)
			}
		}
	}
	read := func(filter intake.Filter) (text []string) {
		t.Helper()
		err := f.s.Results(t.Context(), filter, func(r intake.Result) error {
			text = append(text, r.Time.Format(time.TimeOnly)+" "+r.ResultID)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	one := f.result("web1", 1, f.now)
	for _, filter := range []intake.Filter{{}, {AgentID: "web2"}, {CheckID: "c3"}, {Since: start.Add(30 * time.Second), Until: start.Add(time.Minute)}} {
		f.s.reorderBytes = 0
		want := read(filter)
		if len(want) < 60 || !slices.IsSortedFunc(want, func(a, b string) int { return strings.Compare(a[:8], b[:8]) }) {
			t.Fatalf("%+v: %d results", filter, len(want))
		}
		for _, most := range []int{1, 5, 50, 300} {
			f.s.reorderBytes = most * (one.Size() + reorderBytes)
			if got := read(filter); !slices.Equal(got, want) {
				t.Errorf("%+v, room for %d: %d results, want %d", filter, most, len(got), len(want))
			}
		}
	}
}

// A blob that cannot be read again, while others wait for their turn with it, costs the rest of its results alone.
func TestOverlappingBacklogsAndDamage(t *testing.T) {
	f := newHosts(t, "web1", "web2", "web3")
	for _, agent := range f.agents() {
		var list []intake.Result
		for i := range 40 {
			f.order[agent]++
			list = append(list, f.result(agent, f.order[agent], f.now.Add(time.Duration(i)*time.Second)))
		}
		if _, err := f.send(agent, list); err != nil {
			t.Fatal(err)
		}
	}
	f.s.reorderBytes = 1
	var read []intake.Result
	err := f.s.Results(t.Context(), intake.Filter{}, func(r intake.Result) error {
		if read = append(read, r.Clone()); len(read) == 60 { // half of each
			db, err := sql.Open("sqlite", f.s.segmentPath(1))
			if err != nil {
				return err
			}
			defer db.Close()
			_, err = db.ExecContext(t.Context(), "UPDATE blobs SET data = zeroblob(length(data)) WHERE agent = (SELECT min(agent) FROM blobs)")
			return err
		}
		return nil
	})
	var unread *intake.UnreadError
	if !errors.As(err, &unread) || unread.Results != 20 || !IsSegmentDamaged(err) || len(read) != 100 {
		t.Fatalf("%d results read, %v", len(read), err)
	}
	if !slices.IsSortedFunc(read, compareByTime) {
		t.Error("they are not in order")
	}
}

// Of a blob of which few results are selected, the others do not stay in memory with them.
func TestReorderBufferKeepsNoBlob(t *testing.T) {
	blob := []byte(`{"n":1}{"n":2}{"n":3}`)
	list := []intake.Result{{Seq: 1, Time: now, Params: blob[:7]}, {Seq: 3, Time: now.Add(time.Second), Params: blob[14:]}}
	b := reorderBuffer{most: 1 << 20}
	b.add(nil, 1, 3, list)
	clear(blob)
	clear(list)
	for _, want := range []string{`{"n":1}`, `{"n":3}`} {
		one, ok, err := b.next()
		if err != nil || !ok || string(one.Params) != want {
			t.Errorf("%s, %v, %v; want %s", one.Params, ok, err, want)
		}
	}
	if b.bytes != 0 || len(b.cursors) != 0 {
		t.Errorf("%d bytes, %d cursors are left", b.bytes, len(b.cursors))
	}
}
