package spool

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// one returns the size of a record with n bytes of data.
func one(n int) int { return recordSize("agent-1", n) }

func TestBoundOnBytes(t *testing.T) {
	s := newSpool(t, Options{MaxBytes: int64(3 * one(10))})
	for i := range 3 {
		put(t, s, fmt.Sprintf("record-%03d", i))
	}
	if st := stats(t, s); st.Records != 3 || st.Bytes != st.MaxBytes || len(st.Dropped) != 0 {
		t.Fatalf("exactly full: %+v", st)
	}
	var dropped []Drop
	err := s.Update(context.Background(), func(tx *Tx) error {
		e := entry("record-003")
		e.Made = testTime.Add(time.Hour)
		if _, err := tx.Append(e); err != nil {
			return err
		}
		dropped = tx.Dropped()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []Drop{{Cause: CauseSpace, Records: 1, Bytes: int64(one(10)), First: testTime, Last: testTime}}
	if fmt.Sprint(dropped) != fmt.Sprint(localDrops(want)) {
		t.Errorf("the transaction dropped %v, want %v", dropped, want)
	}
	if got := queued(t, s); !slices.Equal(got, []string{"record-001", "record-002", "record-003"}) {
		t.Errorf("queued: %q", got)
	}
	put(t, s, "record-004", "record-005", "record-006", "record-007", "record-008")
	if got := queued(t, s); !slices.Equal(got, []string{"record-006", "record-007", "record-008"}) {
		t.Errorf("a batch longer than the spool: %q", got)
	}
	want = []Drop{{
		Cause: CauseSpace, Records: 6, Bytes: int64(6 * one(10)),
		First: testTime, Last: testTime.Add(time.Hour),
	}}
	if st := stats(t, s); fmt.Sprint(st.Dropped) != fmt.Sprint(localDrops(want)) {
		t.Errorf("drop counts %v, want %v", st.Dropped, want)
	}
}

// localDrops converts the times to the location in which they are decoded.
func localDrops(list []Drop) []Drop {
	for i := range list {
		list[i].First, list[i].Last = list[i].First.Local(), list[i].Last.Local()
	}
	return list
}

func TestBoundOnAge(t *testing.T) {
	now := testTime
	s := newSpool(t, Options{MaxAge: 24 * time.Hour, Now: func() time.Time { return now }})
	put(t, s, "day 0")
	now = now.Add(20 * time.Hour)
	put(t, s, "hour 20")
	now = now.Add(4 * time.Hour)
	put(t, s, "hour 24")
	if got := queued(t, s); !slices.Equal(got, []string{"day 0", "hour 20", "hour 24"}) {
		t.Errorf("at the bound: %q", got)
	}
	now = now.Add(time.Millisecond)
	put(t, s, "later")
	if got := queued(t, s); !slices.Equal(got, []string{"hour 20", "hour 24", "later"}) {
		t.Errorf("past it: %q", got)
	}
	st := stats(t, s)
	if len(st.Dropped) != 1 || st.Dropped[0].Cause != CauseAge || st.Dropped[0].Records != 1 {
		t.Errorf("drop counts %v", st.Dropped)
	}
}

// A lowered bound is reached in several calls, each with bounded work.
func TestLoweredBound(t *testing.T) {
	s := newSpool(t, Options{})
	data := make([]string, 3*maxTrim/2)
	for i := range data {
		data[i] = "0123456789"
	}
	put(t, s, data...)
	lower := open(t, s.dir, Options{MaxBytes: int64(10 * one(10))})
	put(t, lower, "first")
	if st, want := stats(t, s), uint64(len(data)-maxTrim); st.Records > want+1 || st.Records+groupRecords < want {
		t.Errorf("after one append %d are queued, want %d or up to a group fewer", st.Records, want)
	}
	put(t, lower, "second")
	if st := stats(t, s); st.Bytes > int64(10*one(10)) || st.Records != 10 {
		t.Errorf("after two appends %d are queued, %d bytes", st.Records, st.Bytes)
	}
}

// A batch that is much larger than the spool leaves no more than the bound.
func TestBatchLargerThanSpool(t *testing.T) {
	s := newSpool(t, Options{MaxBytes: int64(10 * one(1))})
	put(t, s, slices.Repeat([]string{"x"}, 10)...)
	put(t, s, slices.Repeat([]string{"y"}, maxTrim+1000)...)
	if st := stats(t, s); st.Bytes > st.MaxBytes || st.Records == 0 {
		t.Errorf("%d records of %d bytes are queued", st.Records, st.Bytes)
	}
}

func TestBoundOnRejected(t *testing.T) {
	s := newSpool(t, Options{MaxBytes: 8 * 3 * int64(one(10)+reasonFixed+2)})
	for i := range 5 {
		r := put(t, s, fmt.Sprintf("record-%03d", i))
		settle(t, s, Outcome{Seq: r[0].Seq, Refused: &Refusal{Code: 400, Message: "no"}})
	}
	want := []string{"record-002: 400 no", "record-003: 400 no", "record-004: 400 no"}
	if got := rejected(t, s); !slices.Equal(got, want) {
		t.Errorf("rejected: %q", got)
	}
	st := stats(t, s)
	if len(st.Dropped) != 1 || st.Dropped[0].Cause != CauseRefused || st.Dropped[0].Records != 2 {
		t.Errorf("drop counts %v", st.Dropped)
	}
	big := put(t, s, strings.Repeat("x", 1000))
	settle(t, s, Outcome{Seq: big[0].Seq, Refused: &Refusal{}})
	if st := stats(t, s); st.Rejected != 0 || st.RejectedBytes != 0 || st.Dropped[0].Records != 6 {
		t.Errorf("larger than the bound: %+v", st)
	}
}

func TestDrop(t *testing.T) {
	s := newSpool(t, Options{})
	ctx := context.Background()
	r := put(t, s, "a", "b", "c", "d", "e", "f")
	no := &Refusal{Code: 400}
	settle(t, s, Outcome{Seq: r[4].Seq, Refused: no}, Outcome{Seq: r[5].Seq, Refused: no})
	id := r[1].ID[:8] + "0000000000000000" + r[1].ID[24:] // the right sequence number, another start
	d, err := s.Drop(ctx, Selection{IDs: []string{r[0].ID, r[4].ID, r[0].ID, id, "", "nonsense"}})
	if err != nil || d.Records != 2 || !d.First.Equal(testTime) {
		t.Errorf("by id: %+v, %v", d, err)
	}
	if got := queued(t, s); !slices.Equal(got, []string{"b", "c", "d"}) {
		t.Errorf("queued: %q", got)
	}
	if got := rejected(t, s); !slices.Equal(got, []string{"f: 400 "}) {
		t.Errorf("rejected: %q", got)
	}
	if d, err := s.Drop(ctx, Selection{Rejected: true}); err != nil || d.Records != 1 {
		t.Errorf("rejected: %+v, %v", d, err)
	}
	if d, err := s.Drop(ctx, Selection{Waiting: true}); err != nil || d.Records != 3 || d.Bytes != int64(3*one(1)) {
		t.Errorf("waiting: %+v, %v", d, err)
	}
	if d, err := s.Drop(ctx, Selection{Waiting: true, Rejected: true}); err != nil || d.Records != 0 {
		t.Errorf("nothing: %+v, %v", d, err)
	}
	st := stats(t, s)
	if st.Records != 0 || st.Rejected != 0 ||
		len(st.Dropped) != 1 || st.Dropped[0].Cause != CauseUser || st.Dropped[0].Records != 6 {
		t.Errorf("stats %+v", st)
	}
	if next := put(t, s, "g"); next[0].Seq != 7 {
		t.Errorf("the next sequence number is %d, want 7", next[0].Seq)
	}
}

// More records than one transaction drops.
func TestDropMany(t *testing.T) {
	var s *Spool
	steps := 0
	s = newSpool(t, Options{Hook: func(p string) {
		if p == "drop.after" {
			steps++
		}
	}})
	data := make([]string, 2*maxTrim+1)
	put(t, s, data...)
	if d, err := s.Drop(context.Background(), Selection{Waiting: true}); err != nil || d.Records != uint64(len(data)) {
		t.Errorf("%+v, %v", d, err)
	}
	if steps != 3 {
		t.Errorf("%d transactions, want 3", steps)
	}
	if got := queued(t, s); got != nil {
		t.Errorf("queued: %d", len(got))
	}
}

// A record whose bytes changed on the disk is never returned: it is dropped and counted.
func TestDamagedRecords(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, "a", "b", "c", "d")
	spoil := func(seqs ...uint64) {
		boltUpdate(t, s.Path(), func(tx *bolt.Tx) error {
			b := tx.Bucket(bucketQueue)
			for _, seq := range seqs {
				key := keyOf(seq)
				v := slices.Clone(b.Get(key[:]))
				v[len(v)-1] ^= 1
				if err := b.Put(key[:], v); err != nil {
					return err
				}
			}
			return nil
		})
	}
	spoil(1, 3)
	read, err := s.Read(context.Background(), 0, 10, 1000)
	if err != nil || len(read) != 2 || string(read[0].Data) != "b" || string(read[1].Data) != "d" {
		t.Errorf("read %v, %v", read, err)
	}
	st := stats(t, s)
	if st.Records != 2 || len(st.Dropped) != 1 || st.Dropped[0].Cause != CauseDamaged ||
		st.Dropped[0].Records != 2 || !st.Dropped[0].First.IsZero() {
		t.Errorf("stats %+v", st)
	}
	spoil(2, 4)
	if read, err := s.Read(context.Background(), 0, 10, 1000); err != nil || read != nil {
		t.Errorf("read %v, %v", read, err)
	}
	if st := stats(t, s); st.Records != 0 || st.Dropped[0].Records != 4 {
		t.Errorf("stats %+v", st)
	}
	// Many in a row do not hide what comes after them.
	put(t, s, make([]string, (listRecords+10)*groupRecords)...)
	boltUpdate(t, s.Path(), func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketQueue)
		var keys [][]byte
		b.ForEach(func(k, _ []byte) error { keys = append(keys, slices.Clone(k)); return nil })
		for _, k := range keys[:len(keys)-5] {
			v := slices.Clone(b.Get(k))
			v[0] = 99 // an unknown kind
			b.Put(k, v)
		}
		return nil
	})
	if read, err := s.Read(context.Background(), 0, 100, 1000); err != nil || len(read) != 5 {
		t.Errorf("read %d, %v", len(read), err)
	}
}
