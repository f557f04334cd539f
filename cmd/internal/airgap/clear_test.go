package airgap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"virgo/cmd/internal/link"
	"virgo/cmd/internal/run"
	"virgo/spool"
	"virgo/spool/bundle"
	"virgo/transport"
	"virgo/transport/receipt"
	"virgo/transport/transporttest"
)

// A bench is an agent with a spool on disk, a scriptable endpoint and a clock of its own.
type bench struct {
	*run.Agent
	t        *testing.T
	endpoint *transporttest.Endpoint
	clock    time.Time
}

func newBench(t *testing.T, script transporttest.Script) *bench {
	t.Helper()
	e, err := transporttest.Listen(script)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	b := &bench{t: t, endpoint: e, clock: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	now := func() time.Time { return b.clock }
	sp, err := spool.Open(filepath.Join(t.TempDir(), "state"), spool.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	b.Agent = &run.Agent{Config: link.Config{
		ID: "web-1", Name: "web-1", Version: "0",
		Token:     func() (string, error) { return "T", nil },
		Endpoints: []string{e.Address()},
		TLS:       transport.TLSConfig{Pins: []string{e.Pin()}},
		Spool:     sp, Now: now,
		Notice: t.Logf, Verbose: t.Logf,
	}}
	return b
}

func (b *bench) clear(receipts ...receipt.Receipt) (Cleared, error) {
	return ClearReceipts(context.Background(), &b.Config, receipts)
}

func (b *bench) exports() ([]Exported, error) { return Exports(context.Background(), b.Spool) }

// fill appends n results of an agent, so many at a time, and returns them.
func (b *bench) fill(agent string, n, atOnce int) (all []spool.Record) {
	b.t.Helper()
	for len(all) < n {
		var entries []spool.Entry
		for i := range min(atOnce, n-len(all)) {
			data := fmt.Appendf(nil, `{"check_id":"c%d"}`, len(all)+i)
			entries = append(entries, spool.Entry{Agent: agent, Made: b.clock, Data: data})
		}
		err := b.Spool.Update(context.Background(), func(tx *spool.Tx) error {
			records, err := tx.Append(entries...)
			all = append(all, records...)
			return err
		})
		if err != nil {
			b.t.Fatal(err)
		}
	}
	return all
}

func (b *bench) export() (*bundle.Reader, Exported) {
	b.t.Helper()
	var buf bytes.Buffer
	e, err := Export(context.Background(), &b.Config, &buf, testKey, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := NoteExport(context.Background(), b.Spool, e); err != nil {
		b.t.Fatal(err)
	}
	r, err := bundle.Open(bytes.NewReader(buf.Bytes()), int64(buf.Len()), bundle.ReaderOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	return r, e
}

func TestReceiptClearsOnlyWhatItNames(t *testing.T) {
	b := newBench(t, transporttest.Script{})
	mine := b.fill("web-1", 5000, 700)
	b.fill("web-0", 3, 3) // from before the agent's id was changed
	r, e := b.export()
	if e.Results != 5000 || e.Others != 3 || r.Count() != 5000 || e.First != 1 || e.Last != 5000 {
		t.Fatalf("%+v, %d", e, r.Count())
	}
	later := b.fill("web-1", 10, 10)

	signed := receipt.Receipt{Agent: "web-1", Bundle: e.Bundle, Endpoint: "e", IssuedMS: 1}
	var confirmed receipt.Ranges
	for i, rec := range mine {
		start, n, ok := receipt.ParseID("web-1", rec.ID)
		if !ok {
			t.Fatalf("%q is no id of a spool", rec.ID)
		}
		switch i % 1000 {
		case 7: // the endpoint does not say anything about it
		case 8:
			signed.Refused = append(signed.Refused, receipt.Refused{ID: rec.ID, Code: 400, Message: "no"})
		default:
			confirmed.Add(start, n)
		}
	}
	signed.Ranges = confirmed.List()
	// There wait 5 that are not named, 3 of another agent and 10 later ones.
	for round, want := range []Cleared{{Delivered: 4990, Refused: 5, Waiting: 18}, {Waiting: 18}} {
		got, err := b.clear(signed)
		if err != nil || got != want {
			t.Fatalf("round %d: %+v, %v, want %+v", round, got, err, want)
		}
	}
	waiting := map[string]bool{}
	err := b.Spool.List(context.Background(), func(r spool.Record) error {
		waiting[r.ID] = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := 7; i < len(mine); i += 1000 {
		if !waiting[mine[i].ID] {
			t.Errorf("result %d was not named, and is gone", i)
		}
	}
	for _, r := range later {
		if !waiting[r.ID] {
			t.Errorf("%s was made after the export, and is gone", r.ID)
		}
	}
	refused := 0
	if err := b.Spool.ListRejected(context.Background(), func(_ spool.Record, why spool.Refusal) error {
		refused++
		if why.Code != 400 || why.Message != "no" {
			t.Errorf("%+v", why)
		}
		return nil
	}); err != nil || refused != 5 {
		t.Errorf("%d refused, %v", refused, err)
	}
	list, err := b.exports()
	if err != nil || len(list) != 1 || list[0].Cleared != 4995 {
		t.Errorf("%+v, %v", list, err)
	}
	signed.Agent = "web-2"
	var foreign *ForeignError
	if _, err := b.clear(signed); !errors.As(err, &foreign) {
		t.Errorf("%v", err)
	}
}

func TestExportsOfWhichNothingWaitsAreForgotten(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: features})
	for range maxExports + 20 {
		b.fill("web-1", 1, 1)
		b.clock = b.clock.Add(time.Minute)
		b.export()
	}
	list, err := b.exports()
	if err != nil || len(list) != maxExports || list[0].Results != 21 {
		t.Fatalf("%d exports are remembered, %v", len(list), err)
	}
	if d, err := b.Flush(context.Background()); err != nil || d.Err != nil {
		t.Fatal(err, d.Err)
	}
	if list, err := b.exports(); err != nil || len(list) != 0 {
		t.Errorf("all was delivered, and %d exports are listed, %v", len(list), err)
	}
	b.fill("web-1", 1, 1)
	b.export()
	var kept int
	err = b.Spool.View(context.Background(), func(tx *spool.Tx) error {
		list, err := readExports(tx)
		kept = len(list)
		return err
	})
	if err != nil || kept != 1 {
		t.Errorf("%d exports are kept, %v", kept, err)
	}
}

func TestDeliveredResultIsNotStoredAgainFromABundle(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: features})
	b.fill("web-1", 600, 100)
	r, _ := b.export()
	if d, err := b.Flush(context.Background()); err != nil || d.Err != nil || d.Delivered != 600 {
		t.Fatal(d, err)
	}
	if done, err := Deliver(context.Background(), &b.Config, r); err != nil || done.Delivered != 600 {
		t.Fatalf("%+v, %v", done, err)
	}
	if got := len(b.endpoint.Stored()); got != 600 {
		t.Errorf("%d results are stored, want 600", got)
	}
}

func TestSpoolBoundsHoldWithoutAReceipt(t *testing.T) {
	b := newBench(t, transporttest.Script{})
	sp, err := spool.Open(filepath.Join(t.TempDir(), "state"), spool.Options{MaxBytes: 20 << 10, Now: b.Now})
	if err != nil {
		t.Fatal(err)
	}
	b.Spool = sp
	var signed receipt.Ranges
	for range 10 {
		for _, r := range b.fill("web-1", 600, 600) {
			start, n, _ := receipt.ParseID("web-1", r.ID)
			signed.Add(start, n)
		}
		b.export()
	}
	st, err := sp.Stats(context.Background())
	if err != nil || st.Bytes > st.MaxBytes || len(st.Ever) != 1 || st.Ever[0].Cause != spool.CauseSpace ||
		st.Records+st.Ever[0].Records != 6000 {
		t.Fatalf("%+v, %v", st, err)
	}
	got, err := b.clear(receipt.Receipt{Agent: "web-1", Ranges: signed.List()})
	if err != nil || got.Delivered != int(st.Records) || got.Waiting != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}
