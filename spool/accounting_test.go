package spool

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"virgo/spool/internal/boltfile"
)

// noise returns records' data that do not compress.
func noise(n, bytes int) []string {
	rnd := rand.NewChaCha8([32]byte{byte(n)})
	list := make([]string, n)
	for i := range list {
		b := make([]byte, bytes)
		rnd.Read(b)
		list[i] = string(b)
	}
	return list
}

func usedBytes(t *testing.T, s *Spool) int64 {
	t.Helper()
	f, err := os.Open(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	u, err := boltfile.ReadUsage(f)
	if err != nil {
		t.Fatal(err)
	}
	return int64(u.Pages-u.Free) * boltfile.PageSize
}

func reject(records []Record) (outcomes []Outcome) {
	for _, r := range records {
		outcomes = append(outcomes, Outcome{Seq: r.Seq, Refused: &Refusal{Code: 400, Message: "no"}})
	}
	return outcomes
}

// Rejected records reduce the room for the queue in the file.
func TestFileBoundCountsRejected(t *testing.T) {
	const bound, slack = 2 << 20, 200 << 10
	s := newSpool(t, Options{MaxBytes: 2 * bound, MaxFileBytes: bound})
	settle(t, s, reject(put(t, s, noise(450, 1000)...))...)
	rejected := stats(t, s).RejectedBytes
	for i := range 40 {
		put(t, s, noise(60+i%2, 1000)...)
		if used := usedBytes(t, s); used > bound+slack {
			t.Fatalf("after %d appends %d bytes of the file are in use, bound %d", i+1, used, bound)
		}
	}
	st := stats(t, s)
	if st.Rejected != 450 || rejected < 2*slack {
		t.Errorf("%d records are rejected, %d bytes", st.Rejected, rejected)
	}
	if st.Bytes < bound-rejected-4*slack || len(st.Dropped) != 1 || st.Dropped[0].Cause != CauseSpace {
		t.Errorf("the queue has %d bytes beside %d rejected, bound %d, dropped %+v", st.Bytes, rejected, bound, st.Dropped)
	}
}

func TestDefaultFileBound(t *testing.T) {
	for maxBytes, want := range map[int64]int64{0: 81 << 20, 4 << 20: 6 << 20} {
		if got := newSpool(t, Options{MaxBytes: maxBytes}).opt.MaxFileBytes; got != want {
			t.Errorf("MaxBytes %d: MaxFileBytes %d, want %d", maxBytes, got, want)
		}
	}
}

// The bound on rejected records holds for those that come out of groups.
func TestBoundOnRejectedGroups(t *testing.T) {
	s := newSpool(t, Options{MaxBytes: 40_000})
	records := put(t, s, slices.Repeat([]string{strings.Repeat("x", 100)}, packFrom)...)
	settle(t, s, reject(records[:groupRecords])...) // the first group
	st := stats(t, s)
	if st.RejectedBytes > 5000 || st.Rejected == 0 || len(st.Dropped) != 1 ||
		st.Dropped[0].Cause != CauseRefused || st.Dropped[0].Records+st.Rejected != groupRecords {
		t.Errorf("%d rejected with %d bytes, dropped %+v", st.Rejected, st.RejectedBytes, st.Dropped)
	}
}

func TestSettleGroupTwice(t *testing.T) {
	s := newSpool(t, Options{})
	r := put(t, s, make([]string, 300)...)
	no := &Refusal{Code: 400}
	settle(t, s, Outcome{Seq: r[0].Seq}, Outcome{Seq: r[0].Seq}, Outcome{Seq: r[1].Seq, Refused: no},
		Outcome{Seq: r[1].Seq}, Outcome{Seq: r[1].Seq, Refused: no}, Outcome{Seq: r[0].Seq})
	settle(t, s, Outcome{Seq: r[0].Seq}, Outcome{Seq: r[1].Seq, Refused: no})
	if st := stats(t, s); st.Records != 298 || st.Rejected != 1 {
		t.Errorf("%d queued, %d rejected, want 298 and 1", st.Records, st.Rejected)
	}
}

// Retry packs, and obeys the bound on the queue.
func TestRetryIsBounded(t *testing.T) {
	s := newSpool(t, Options{MaxBytes: 100_000})
	rejected := put(t, s, noise(10, 1000)...)
	settle(t, s, reject(rejected)...)
	put(t, s, noise(95, 1000)...)
	if n, err := s.Retry(t.Context(), Selection{Rejected: true}); n != 10 || err != nil {
		t.Fatal(n, err)
	}
	st := stats(t, s)
	if st.Bytes > 100_000 || len(st.Dropped) != 1 || st.Dropped[0].Cause != CauseSpace {
		t.Errorf("%d bytes are queued, dropped %+v", st.Bytes, st.Dropped)
	}
	if got := queued(t, s); got[len(got)-1] != string(rejected[9].Data) {
		t.Error("the records that were queued again are not the last")
	}

	s = newSpool(t, Options{})
	settle(t, s, reject(put(t, s, make([]string, 600)...))...)
	if n, err := s.Retry(t.Context(), Selection{Rejected: true}); n != 600 || err != nil {
		t.Fatal(n, err)
	}
	if n := unpackedRecords(t, s); n > packFrom+listRecords {
		t.Errorf("%d records are not packed", n)
	}
}

func unpackedRecords(t *testing.T, s *Spool) (n int) {
	t.Helper()
	boltUpdate(t, s.Path(), func(tx *bolt.Tx) error {
		return tx.Bucket(bucketQueue).ForEach(func(_, v []byte) error {
			if !isGroup(v) {
				n++
			}
			return nil
		})
	})
	return n
}

func TestWorthCompacting(t *testing.T) {
	for _, tt := range []struct {
		pages, free uint64
		want        bool
	}{
		{127, 126, false}, {128, 64, false}, {128, 65, true}, // from 512 KiB, more than half
		{20_000, 4096, false}, {20_000, 4097, true}, // more than 4096
		{40_000, 5000, false}, {40_000, 5001, true}, // that are more than an eighth
	} {
		if got := worthCompacting(boltfile.Usage{Pages: tt.pages, Free: tt.free}); got != tt.want {
			t.Errorf("%d of %d pages free: %v, want %v", tt.free, tt.pages, got, tt.want)
		}
	}
}

// Every record of a damaged group counts as dropped, whether or not the group's header can be read.
func TestDamagedGroupsAreCounted(t *testing.T) {
	for name, spoil := range map[string]func(key uint64, v []byte){
		"the sum is wrong": func(_ uint64, v []byte) { v[len(v)-1] ^= 1 },
		"the block is wrong": func(key uint64, v []byte) {
			clear(v[groupFixed+16:])
			binary.BigEndian.PutUint32(v[sumAt:], recordSum(key, v))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSpool(t, Options{})
			put(t, s, make([]string, 300)...)
			var bytes int64
			boltUpdate(t, s.Path(), func(tx *bolt.Tx) error {
				k, v := tx.Bucket(bucketQueue).Cursor().First()
				if !isGroup(v) {
					t.Fatal("the first value is not a group")
				}
				v = slices.Clone(v)
				bytes = int64(len(k) + len(v))
				spoil(parseKey(k), v)
				return tx.Bucket(bucketQueue).Put(slices.Clone(k), v)
			})
			if got := queued(t, s); len(got) != 300-groupRecords {
				t.Errorf("%d records are listed", len(got))
			}
			if _, err := s.Read(t.Context(), 0, 10, 1000); err != nil {
				t.Fatal(err)
			}
			st := stats(t, s)
			want := Drop{Cause: CauseDamaged, Records: groupRecords, Bytes: bytes}
			if st.Records != 300-groupRecords || len(st.Dropped) != 1 || st.Dropped[0] != want {
				t.Errorf("%d queued, dropped %+v, want %+v", st.Records, st.Dropped, want)
			}
		})
	}
}

// dropOne appends a record and drops it.
func dropOne(t *testing.T, s *Spool) {
	t.Helper()
	r := put(t, s, "x")
	if _, err := s.Drop(t.Context(), Selection{IDs: []string{r[0].ID}}); err != nil {
		t.Fatal(err)
	}
}

func reportLoss(t *testing.T, s *Spool) (l Loss) {
	t.Helper()
	if err := s.Update(t.Context(), func(tx *Tx) (err error) {
		l, err = tx.ReportLoss("agent-1")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return l
}

// The agent in the id of a report is truncated to the length that records allow.
func TestLossReportOfLongAgent(t *testing.T) {
	s := newSpool(t, Options{})
	dropOne(t, s)
	var ids []string
	for range 2 {
		if err := s.Update(t.Context(), func(tx *Tx) error {
			l, err := tx.ReportLoss(strings.Repeat("a", 70_000))
			ids = append(ids, l.ID)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if len(ids[0]) == 0 || len(ids[0]) > idSize(MaxAgentBytes) || ids[1] != ids[0] {
		t.Errorf("ids of %d and %d bytes", len(ids[0]), len(ids[1]))
	}
}

func TestDamagedLossReportIsNotSent(t *testing.T) {
	s := newSpool(t, Options{})
	dropOne(t, s)
	first := reportLoss(t, s)
	boltUpdate(t, s.Path(), func(tx *bolt.Tx) error {
		v := slices.Clone(tx.Bucket(bucketMeta).Get(keyLoss))
		v[len(v)-3*8-1] ^= 0x40 // in the number of bytes
		return tx.Bucket(bucketMeta).Put(keyLoss, v)
	})
	if l := reportLoss(t, s); l.ID != "" {
		t.Errorf("reported %+v, then %+v", first, l)
	}
	dropOne(t, s)
	if l := reportLoss(t, s); l.ID == "" || l.ID == first.ID || l.Drops[0].Records != 1 {
		t.Errorf("reported %+v", l)
	}
}

// A repaired file has the clock, the loss report and the drop counts of the damaged one.
func TestRepairKeepsAccounts(t *testing.T) {
	now := testTime
	var recovered []Recovery
	s := newSpool(t, Options{
		MaxAge: time.Hour, Now: func() time.Time { return now },
		Recovered: func(r Recovery) { recovered = append(recovered, r) },
	})
	put(t, s, "first")
	now = now.Add(50 * time.Minute)
	dropOne(t, s)
	loss := reportLoss(t, s)
	dropOne(t, s)
	put(t, s, "second")
	settle(t, s, reject(put(t, s, "rejected"))...)
	boltUpdate(t, s.Path(), func(tx *bolt.Tx) error {
		return tx.Bucket(bucketMeta).Delete(keyTotals)
	})
	st := stats(t, s)
	if len(recovered) != 1 || recovered[0].Saved != 3 || recovered[0].Lost != 0 {
		t.Fatalf("recovered %+v", recovered)
	}
	if st.Records != 2 || st.Rejected != 1 || fmt.Sprint(st.Ever) != fmt.Sprint(st.Dropped) || st.Ever[0].Records != 2 {
		t.Errorf("after the repair: %+v", st)
	}
	if l := reportLoss(t, s); l.ID != loss.ID || fmt.Sprint(l.Drops) != fmt.Sprint(loss.Drops) {
		t.Errorf("the report is %+v, was %+v", l, loss)
	}
	now = now.Add(11 * time.Minute) // the first is 61 minutes old, the second 11
	if put(t, s, "third"); fmt.Sprint(queued(t, s)) != "[second third]" {
		t.Errorf("after 61 minutes %q are queued", queued(t, s))
	}
	now = now.Add(50 * time.Minute)
	if put(t, s, "fourth"); fmt.Sprint(queued(t, s)) != "[third fourth]" {
		t.Errorf("after 111 minutes %q are queued", queued(t, s))
	}
}

// What the totals counted and a repair does not find is lost, counted and reported.
func TestRepairCountsLost(t *testing.T) {
	var recovered []Recovery
	s := newSpool(t, Options{Recovered: func(r Recovery) { recovered = append(recovered, r) }})
	put(t, s, noise(20, 2000)...)
	boltUpdate(t, s.Path(), func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketQueue)
		for seq := uint64(1); seq <= 5; seq++ {
			key := keyOf(seq)
			if err := b.Delete(key[:]); err != nil {
				return err
			}
		}
		return tx.DeleteBucket(bucketDropped) // which Stats finds missing
	})
	st := stats(t, s)
	if len(recovered) != 1 || recovered[0].Saved != 15 || recovered[0].Lost != 5 {
		t.Errorf("recovered %+v", recovered)
	}
	want := []Drop{{Cause: CauseDamaged, Records: 5}}
	if !slices.Equal(st.Dropped, want) || !slices.Equal(st.Ever, want) {
		t.Errorf("dropped %+v, ever %+v, want %+v", st.Dropped, st.Ever, want)
	}
	if l := reportLoss(t, s); !slices.Equal(l.Drops, want) {
		t.Errorf("reported %+v, want %+v", l, want)
	}
}

// beforeTransaction is a context that calls a function where a transaction asks whether it is over,
// which is before it opens the file.
type beforeTransaction struct {
	context.Context
	fn func()
}

func (c beforeTransaction) Err() error {
	c.fn()
	return c.Context.Err()
}

// What is appended while a long Drop is under way stays.
func TestDropLeavesLaterRecords(t *testing.T) {
	appended := false
	s := newSpool(t, Options{})
	put(t, s, make([]string, maxTrim+1)...)
	other := open(t, s.dir, Options{})
	ctx := beforeTransaction{t.Context(), func() {
		if !appended && stats(t, other).Records <= 1 { // between the two transactions
			appended = true
			put(t, other, "later")
		}
	}}
	d, err := s.Drop(ctx, Selection{Waiting: true})
	if err != nil || d.Records != maxTrim+1 || !appended {
		t.Errorf("dropped %+v, %v; appended meanwhile: %v", d, err, appended)
	}
	if got := queued(t, other); len(got) != 1 || got[0] != "later" {
		t.Errorf("%d records are queued", len(got))
	}
}

// A record that cannot be read counts as damaged, whatever it is dropped for.
func TestDamagedRecordIsNotDroppedByUser(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, "a", "b", "c")
	boltUpdate(t, s.Path(), func(tx *bolt.Tx) error {
		key := keyOf(2)
		v := slices.Clone(tx.Bucket(bucketQueue).Get(key[:]))
		v[len(v)-1] ^= 1
		return tx.Bucket(bucketQueue).Put(key[:], v)
	})
	if _, err := s.Drop(t.Context(), Selection{Waiting: true}); err != nil {
		t.Fatal(err)
	}
	st := stats(t, s)
	if len(st.Dropped) != 2 || st.Dropped[0].Cause != CauseDamaged || st.Dropped[0].Records != 1 ||
		st.Dropped[1].Cause != CauseUser || st.Dropped[1].Records != 2 {
		t.Errorf("dropped %+v", st.Dropped)
	}
}

// Damage that a compaction finds after the commit does not undo the commit. The next call repairs
// it.
func TestDamageFoundByCompaction(t *testing.T) {
	var recovered []Recovery
	s := newSpool(t, Options{Recovered: func(r Recovery) { recovered = append(recovered, r) }})
	putState(t, s, "space", "key", []byte("value"))
	put(t, s, slices.Repeat([]string{strings.Repeat("x", 100<<10)}, 12)...)
	boltUpdate(t, s.Path(), func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketRejected) })
	if err := settleAll(s); err != nil || len(recovered) != 0 {
		t.Fatalf("settle: %v, recovered %+v", err, recovered)
	}
	if got := queued(t, s); len(got) != 0 || len(recovered) != 1 ||
		!strings.Contains(recovered[0].Why, "cannot be copied") {
		t.Errorf("%d records are queued, recovered %+v", len(got), recovered)
	}
	if err := s.View(t.Context(), func(tx *Tx) error {
		if v := tx.Get("space", "key"); string(v) != "value" {
			t.Errorf("the state has %q", v)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
