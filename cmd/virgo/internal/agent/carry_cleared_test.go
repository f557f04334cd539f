package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"virgo/spool"
	"virgo/spool/bundle"
	"virgo/transport/receipt"
	"virgo/transport/transporttest"
)

// fill appends n results of an agent, so many at a time, and gives them.
func (b *bench) fill(agent string, n, atOnce int) (all []spool.Record) {
	b.t.Helper()
	for len(all) < n {
		var entries []spool.Entry
		for i := range min(atOnce, n-len(all)) {
			entries = append(entries, spool.Entry{Agent: agent, Made: b.clock, Data: fmt.Appendf(nil, `{"check_id":"c%d"}`, len(all)+i)})
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

func (b *bench) export() (*bundle.Reader, Export) {
	b.t.Helper()
	var buf bytes.Buffer
	e, err := b.Export(context.Background(), &buf, carriedKey, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.NoteExport(context.Background(), e); err != nil {
		b.t.Fatal(err)
	}
	r, err := bundle.Open(bytes.NewReader(buf.Bytes()), int64(buf.Len()), bundle.ReaderOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	return r, e
}

func TestAReceiptClearsWhatItNamesAndNothingElse(t *testing.T) {
	b := newBench(t, transporttest.Script{})
	mine := b.fill("web-1", 5000, 700)
	b.fill("web-0", 3, 3) // from before the agent's id was changed
	r, e := b.export()
	if e.Results != 5000 || e.Others != 3 || r.Count() != 5000 || e.First != 1 || e.Last != 5000 {
		t.Fatalf("%+v, %d", e, r.Count())
	}
	later := b.fill("web-1", 10, 10)

	proof := receipt.Receipt{Agent: "web-1", Bundle: e.Bundle, Endpoint: "e", IssuedMS: 1}
	var held receipt.Ranges
	for i, rec := range mine {
		start, n, ok := receipt.ParseID("web-1", rec.ID)
		if !ok {
			t.Fatalf("%q is no id of a spool", rec.ID)
		}
		switch i % 1000 {
		case 7: // the endpoint does not say anything about it
		case 8:
			proof.Refused = append(proof.Refused, receipt.Refused{ID: rec.ID, Code: 400, Message: "no"})
		default:
			held.Add(start, n)
		}
	}
	proof.Ranges = held.List()
	for round, want := range []Clearing{{Cleared: 4990, Refused: 5, Waiting: 18}, {Waiting: 18}} { // 5 unnamed, 3 foreign, 10 later
		got, err := b.Clear(context.Background(), []receipt.Receipt{proof})
		if err != nil || got != want {
			t.Fatalf("round %d: %+v, %v, want %+v", round, got, err, want)
		}
	}
	waiting := map[string]bool{}
	if err := b.Spool.List(context.Background(), func(r spool.Record) error { waiting[r.ID] = true; return nil }); err != nil {
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
	list, err := b.Exports(context.Background())
	if err != nil || len(list) != 1 || list[0].Cleared != 4995 {
		t.Errorf("%+v, %v", list, err)
	}
	proof.Agent = "web-2"
	var foreign *ForeignError
	if _, err := b.Clear(context.Background(), []receipt.Receipt{proof}); !errors.As(err, &foreign) {
		t.Errorf("%v", err)
	}
}

func TestExportsThatNothingWaitsForAreForgotten(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern})
	for range maxExports + 20 {
		b.fill("web-1", 1, 1)
		b.clock = b.clock.Add(time.Minute)
		b.export()
	}
	list, err := b.Exports(context.Background())
	if err != nil || len(list) != maxExports || list[0].Results != 21 {
		t.Fatalf("%d exports are remembered, %v", len(list), err)
	}
	if d, err := b.Flush(context.Background()); err != nil || d.Err != nil {
		t.Fatal(err, d.Err)
	}
	if list, err := b.Exports(context.Background()); err != nil || len(list) != 0 {
		t.Errorf("all was delivered, and %d exports are told of, %v", len(list), err)
	}
	b.fill("web-1", 1, 1)
	b.export()
	var kept int
	err = b.Spool.View(context.Background(), func(tx *spool.Tx) error {
		list, err := exports(tx)
		kept = len(list)
		return err
	})
	if err != nil || kept != 1 {
		t.Errorf("%d exports are kept, %v", kept, err)
	}
}

func TestWhatIsDeliveredAfterAnExportIsNoSecondResult(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern})
	b.fill("web-1", 600, 100)
	r, _ := b.export()
	if d, err := b.Flush(context.Background()); err != nil || d.Err != nil || d.Delivered != 600 {
		t.Fatal(d, err)
	}
	if done, err := b.Carry(context.Background(), r); err != nil || done.Delivered != 600 {
		t.Fatalf("%+v, %v", done, err)
	}
	if got := len(b.storedChecks()); got != 600 {
		t.Errorf("%d results are stored, want 600", got)
	}
}

func TestTheBoundsHoldWithoutAReceipt(t *testing.T) {
	b := newBench(t, transporttest.Script{})
	sp, err := spool.Open(filepath.Join(t.TempDir(), "state"), spool.Options{MaxBytes: 20 << 10, Now: b.Now})
	if err != nil {
		t.Fatal(err)
	}
	b.Spool = sp
	var proof receipt.Ranges
	for range 10 {
		for _, r := range b.fill("web-1", 600, 600) {
			start, n, _ := receipt.ParseID("web-1", r.ID)
			proof.Add(start, n)
		}
		b.export()
	}
	st, err := sp.Stats(context.Background())
	if err != nil || st.Bytes > st.MaxBytes || len(st.Ever) != 1 || st.Ever[0].Cause != spool.CauseSpace || st.Records+st.Ever[0].Records != 6000 {
		t.Fatalf("%+v, %v", st, err)
	}
	got, err := b.Clear(context.Background(), []receipt.Receipt{{Agent: "web-1", Ranges: proof.List()}})
	if err != nil || got.Cleared != int(st.Records) || got.Waiting != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestTheFirstKeyOfAnAgentIsRemembered(t *testing.T) {
	b := newBench(t, transporttest.Script{})
	h := sealed(t).Header()
	other := h
	other.Key = bytes.Clone(h.Key)
	other.Key[0] ^= 1
	ctx := context.Background()
	for range 2 {
		if err := b.KnowKey(ctx, h, false); err != nil {
			t.Fatal(err)
		}
	}
	var e *KeyError
	if err := b.KnowKey(ctx, other, false); !errors.As(err, &e) || e.Was != KeyName(h.Key) || e.Is != KeyName(other.Key) {
		t.Errorf("%v", err)
	}
	if err := b.KnowKey(ctx, other, true); err != nil {
		t.Error(err)
	}
	if err := b.KnowKey(ctx, h, false); !errors.As(err, &e) {
		t.Errorf("%v", err)
	}
}

func TestOwnKey(t *testing.T) {
	dir := t.TempDir()
	keys := make([]string, 8)
	var all sync.WaitGroup
	for i := range keys { // at once: one of them makes it
		all.Add(1)
		go func() {
			defer all.Done()
			key, err := OwnKey(dir)
			if err != nil {
				t.Error(err)
			}
			keys[i] = string(key)
		}()
	}
	all.Wait()
	for _, k := range keys {
		if k != keys[0] || k == "" {
			t.Fatal("two keys were made")
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
	path := filepath.Join(dir, KeyFile)
	var owners *ConfigError
	if runtime.GOOS != "windows" {
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		if _, err := OwnKey(dir); !errors.As(err, &owners) {
			t.Errorf("a key that others can read: %v", err)
		}
	}
	for _, text := range []string{"", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		os.Remove(path)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OwnKey(dir); !errors.As(err, &owners) {
			t.Errorf("%q: %v", text, err)
		}
		if left, _ := os.ReadFile(path); string(left) != text {
			t.Errorf("%q was written over", text)
		}
	}
}
