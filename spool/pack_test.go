package spool

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// listed lists the queued and the rejected records, with ids, order and data.
func listed(t *testing.T, s *Spool) (queued, rejected []string) {
	t.Helper()
	line := func(r Record) string { return fmt.Sprint(r.ID, " ", r.Order, " ", string(r.Data)) }
	if err := s.List(t.Context(), func(r Record) error {
		queued = append(queued, line(r))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.ListRejected(t.Context(), func(r Record, _ Refusal) error {
		rejected = append(rejected, line(r))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return queued, rejected
}

// Packed or not, reading, settling, rejecting, retrying and dropping have the same results as with
// a list.
func TestPackedAgainstList(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	s := newSpool(t, Options{})
	type item struct {
		seq  uint64
		text string
	}
	var queue, rejects []item
	top := uint64(0) // the greatest sequence number
	texts := func(list []item) (out []string) {
		for _, i := range list {
			out = append(out, i.text)
		}
		return out
	}
	for step := range 50 {
		switch op := rnd.IntN(10); {
		case op < 5:
			data := make([]string, 1+rnd.IntN(300))
			for i := range data {
				data[i] = payloadData(rnd.IntN(40))
				if rnd.IntN(200) == 0 {
					data[i] += string(make([]byte, groupBytes)) // never packed
				}
			}
			for i, r := range put(t, s, data...) {
				top = r.Seq
				queue = append(queue, item{r.Seq, fmt.Sprint(r.ID, " ", r.Order, " ", data[i])})
			}
		case op < 8:
			var outcomes []Outcome
			from := rnd.IntN(len(queue) + 1)
			for i := from; i < min(len(queue), from+rnd.IntN(400)); i++ {
				o := Outcome{Seq: queue[i].seq}
				switch rnd.IntN(40) {
				case 0:
					o.Refused = &Refusal{Code: 400, Message: "no"}
					rejects = append(rejects, queue[i])
				case 1:
					continue
				}
				outcomes = append(outcomes, o)
				queue[i].seq = 0
			}
			settle(t, s, outcomes...)
			queue = slices.DeleteFunc(queue, func(i item) bool { return i.seq == 0 })
			slices.SortFunc(rejects, func(a, b item) int { return int(a.seq) - int(b.seq) })
		case op == 8:
			n, err := s.Retry(t.Context(), Selection{Rejected: true})
			if err != nil || n != len(rejects) {
				t.Fatalf("%d of %d are queued again, %v", n, len(rejects), err)
			}
			for _, r := range rejects {
				top++
				queue = append(queue, item{top, r.text})
			}
			rejects = nil
		case len(queue) > 0:
			i := rnd.IntN(len(queue))
			var id string
			fmt.Sscan(queue[i].text, &id)
			if d, err := s.Drop(t.Context(), Selection{IDs: []string{id}}); err != nil || d.Records != 1 {
				t.Fatalf("drop %s: %+v, %v", id, d, err)
			}
			queue = slices.Delete(queue, i, i+1)
		}
		gotQueue, gotRejects := listed(t, s)
		if !slices.Equal(gotQueue, texts(queue)) || !slices.Equal(gotRejects, texts(rejects)) {
			t.Fatalf("step %d: %d queued, want %d; %d rejected, want %d",
				step, len(gotQueue), len(queue), len(gotRejects), len(rejects))
		}
		var back []string
		for before := uint64(0); ; {
			b, err := s.ReadBack(t.Context(), before, 1+rnd.IntN(300), 1+rnd.IntN(1<<18))
			if err != nil {
				t.Fatal(err)
			}
			if len(b) == 0 {
				break
			}
			for _, r := range b {
				back = append(back, fmt.Sprint(r.ID, " ", r.Order, " ", string(r.Data)))
				before = r.Seq
			}
		}
		slices.Reverse(back)
		if !slices.Equal(back, texts(queue)) {
			t.Fatalf("step %d: read backwards, %d are queued, want %d", step, len(back), len(queue))
		}
		if st := stats(t, s); st.Records != uint64(len(queue)) || st.Rejected != uint64(len(rejects)) {
			t.Fatalf("step %d: %d and %d are counted, want %d and %d", step, st.Records, st.Rejected, len(queue), len(rejects))
		}
		if step%10 == 0 {
			checkWhole(t, s.Path())
		}
	}
}

// The bound on age drops single records, out of groups too.
func TestAgeOfPackedRecords(t *testing.T) {
	now := testTime
	s := newSpool(t, Options{MaxAge: time.Hour, Now: func() time.Time { return now }})
	for range 40 {
		put(t, s, make([]string, 10)...)
		now = now.Add(time.Minute)
	}
	now = now.Add(30 * time.Minute)
	put(t, s, "last")
	// 40 runs a minute apart; the last was 31 minutes ago, so those of the first 10 minutes are too
	// old.
	st := stats(t, s)
	if st.Records != 301 || len(st.Dropped) != 1 || st.Dropped[0].Cause != CauseAge || st.Dropped[0].Records != 100 {
		t.Errorf("%d are queued, drop counts %+v", st.Records, st.Dropped)
	}
}

// A file of format 1, as the version before wrote it.
func TestUpgradeFromFormat1(t *testing.T) {
	sample, err := os.ReadFile("testdata/format1.db")
	if err != nil {
		t.Fatal(err)
	}
	s := write(t, filepath.Join(t.TempDir(), "state"), sample)
	check := func(when string) {
		t.Helper()
		queue, rejects := listed(t, s)
		for i, want := range []string{"bravo", "delta", "omega", "sigma"} {
			if len(queue) < 4 || queue[i][len(queue[i])-5:] != want {
				t.Fatalf("%s: %q are queued", when, queue)
			}
		}
		if len(rejects) != 1 || rejects[0][len(rejects[0])-5:] != "gamma" {
			t.Fatalf("%s: %q are rejected", when, rejects)
		}
		st := stats(t, s)
		if len(st.Dropped) != 1 || st.Dropped[0].Records != 1 || fmt.Sprint(st.Ever) != fmt.Sprint(st.Dropped) {
			t.Errorf("%s: drop counts %+v, ever %+v", when, st.Dropped, st.Ever)
		}
		if err := s.View(t.Context(), func(tx *Tx) error {
			if v := tx.Get("checks", "cpu"); string(v) != "\x01\x02\x03" || tx.Get("samples", "empty") == nil {
				t.Errorf("%s: the state has %x", when, v)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := os.ReadFile(s.Path()); len(got) != len(sample) {
		t.Fatal("reading changed the file")
	}
	putState(t, s, "new", "key", []byte("value"))
	check("after the upgrade")
	put(t, s, make([]string, 300)...)
	settle(t, s, Outcome{Seq: 3})
	if st := stats(t, s); st.Records != 303 {
		t.Errorf("%d are queued", st.Records)
	}
}

func TestLossIsReportedOnce(t *testing.T) {
	s := newSpool(t, Options{})
	report := func() Loss { t.Helper(); return reportLoss(t, s) }
	clear := func(id string) {
		t.Helper()
		if err := s.Update(t.Context(), func(tx *Tx) error { return tx.ClearLoss(id) }); err != nil {
			t.Fatal(err)
		}
	}
	if l := report(); l.ID != "" || l.Drops != nil {
		t.Fatalf("nothing was lost, and %+v is reported", l)
	}
	dropOne(t, s)
	first := report()
	if first.ID == "" || len(first.Drops) != 1 || first.Drops[0].Records != 1 || first.Drops[0].Cause != CauseUser {
		t.Fatalf("reported %+v", first)
	}
	dropOne(t, s)
	if again := report(); fmt.Sprint(again) != fmt.Sprint(first) {
		t.Errorf("reported %+v, then %+v", first, again)
	}
	if st := stats(t, s); st.Dropped[0].Records != 2 {
		t.Errorf("%+v were dropped", st.Dropped)
	}
	clear("agent-1/another")
	clear("")
	clear(first.ID)
	clear(first.ID)
	if st := stats(t, s); st.Dropped[0].Records != 1 || st.Ever[0].Records != 2 {
		t.Errorf("%+v were dropped, %+v ever", st.Dropped, st.Ever)
	}
	second := report()
	if second.ID == first.ID || second.Drops[0].Records != 1 {
		t.Errorf("then reported %+v", second)
	}
	if r := put(t, s, "y"); r[0].ID == second.ID || r[0].ID == first.ID {
		t.Error("a record has the id of a report")
	}
	clear(second.ID)
	if st := stats(t, s); len(st.Dropped) != 0 || st.Ever[0].Records != 2 {
		t.Errorf("%+v were dropped, %+v ever", st.Dropped, st.Ever)
	}
}

// A file with many unpacked records is packed in steps, each with bounded work.
func TestPackingIsBounded(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, make([]string, 5000)...)
	boltUpdate(t, s.Path(), func(tx *bolt.Tx) error { // as if it came from format 1
		b := tx.Bucket(bucketQueue)
		var singles []stored
		c := b.Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			if !isGroup(v) {
				continue
			}
			g, err := parseGroup(parseKey(k), v)
			if err != nil {
				return err
			}
			list, _, err := g.records(nil)
			if err != nil {
				return err
			}
			singles = append(singles, list...)
		}
		var bytes uint64
		for i := range singles {
			key := keyOf(singles[i].seq)
			if err := b.Put(key[:], singles[i].appendValue(nil)); err != nil {
				return err
			}
		}
		if err := b.ForEach(func(k, v []byte) error { bytes += uint64(len(k) + len(v)); return nil }); err != nil {
			return err
		}
		var totals totals
		totals.parse(tx.Bucket(bucketMeta).Get(keyTotals))
		totals.queue.bytes, totals.unpacked, totals.packed = bytes, 5000, 0
		return tx.Bucket(bucketMeta).Put(keyTotals, totals.append(nil))
	})
	unpacked := func() int { t.Helper(); return unpackedRecords(t, s) }
	for runs := 1; ; runs++ {
		before := unpacked()
		put(t, s, "x")
		after := unpacked()
		if after < before+1-packGroups*groupRecords {
			t.Fatalf("%d were packed at once", before+1-after)
		}
		if after < packFrom {
			if runs < 5 {
				t.Errorf("all were packed within %d runs", runs)
			}
			break
		}
		if after >= before {
			t.Fatalf("%d are unpacked, then %d", before, after)
		}
	}
	if queue, _ := listed(t, s); len(queue) < 5000 {
		t.Errorf("%d are queued", len(queue))
	}
}

// A batch takes whole groups, so that none is expanded twice.
func TestBatchesOfWholeGroups(t *testing.T) {
	s := newSpool(t, Options{})
	for range 3 {
		var data []string
		for i := range 400 {
			data = append(data, fmt.Sprintf("%0700d", i))
		}
		put(t, s, data...)
	}
	read := func(maxBytes int) int {
		records, err := s.Read(t.Context(), 0, 1000, maxBytes)
		if err != nil {
			t.Fatal(err)
		}
		return len(records)
	}
	one := read(groupBytes)
	if n := read(3 * groupBytes); one < 50 || one > groupRecords || n != 3*one {
		t.Errorf("%d records, a group has %d", n, one)
	}
}
