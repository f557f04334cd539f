package spool

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"virgo/spool/internal/boltfile"

	bolt "go.etcd.io/bbolt"
)

// groupOf returns the value of a group with records of those sequence numbers; its key is the last.
func groupOf(t *testing.T, seqs ...uint64) []byte {
	t.Helper()
	var p groupWriter
	for _, seq := range seqs {
		e := entry(fmt.Sprint("record ", seq))
		r, err := parseRecord(seq, appendRecord(nil, seq, 0, 0, &e))
		if err != nil || !p.add(&r) {
			t.Fatalf("record %d: %v", seq, err)
		}
	}
	return p.value()
}

// Pages of several states of a file hold the same records in different groups: each is saved once,
// and no key lies within a group.
func TestSalvageOverlappingGroups(t *testing.T) {
	single := func(seq uint64) []byte {
		e := entry(fmt.Sprint("record ", seq))
		return appendRecord(nil, seq, 0, 0, &e)
	}
	type value struct {
		key uint64
		v   []byte
	}
	for name, values := range map[string][]value{
		"a group, then parts of it":       {{5, groupOf(t, 1, 2, 4, 5)}, {2, single(2)}, {3, single(3)}, {5, groupOf(t, 4, 5)}},
		"records, then a group over them": {{2, single(2)}, {5, groupOf(t, 1, 2, 4, 5)}},
		"a group around another":          {{4, groupOf(t, 2, 4)}, {5, groupOf(t, 1, 2, 4, 5)}},
		"groups that overlap":             {{4, groupOf(t, 1, 2, 4)}, {6, groupOf(t, 4, 5, 6)}, {9, groupOf(t, 7, 9)}},
		"groups side by side":             {{2, groupOf(t, 1, 2)}, {6, groupOf(t, 4, 5, 6)}, {3, single(3)}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "new")
			f, err := openFile(path, os.O_RDWR|os.O_CREATE)
			if err != nil {
				t.Fatal(err)
			}
			db, err := openNew(f, path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			v := salvage{to: &copier{to: db}}
			want := make(map[uint64]bool)
			for _, value := range values {
				if ok, err := v.takeQueue(value.key, value.v); !ok || err != nil {
					t.Fatalf("key %d: %v, %v", value.key, ok, err)
				}
			}
			if err := v.to.end(true); err != nil {
				t.Fatal(err)
			}
			var got, within []uint64
			if err := db.View(func(tx *bolt.Tx) error {
				last := uint64(0)
				return tx.Bucket(bucketQueue).ForEach(func(k, v []byte) error {
					key := parseKey(k)
					if !isGroup(v) {
						got, last = append(got, key), key
						return nil
					}
					g, err := parseGroup(key, v)
					if err != nil {
						return err
					}
					if g.first <= last {
						within = append(within, last)
					}
					list, _, err := g.records(nil)
					for _, r := range list {
						got = append(got, r.seq)
					}
					last = key
					return err
				})
			}); err != nil {
				t.Fatal(err)
			}
			for _, value := range values {
				if !isGroup(value.v) {
					want[value.key] = true
					continue
				}
				g, _ := parseGroup(value.key, value.v)
				list, _, _ := g.records(nil)
				for _, r := range list {
					want[r.seq] = true
				}
			}
			if name == "a group, then parts of it" {
				delete(want, 3) // the group says that it was gone when it was written
			}
			if len(within) > 0 || len(got) != len(want) || !slices.IsSorted(got) {
				t.Errorf("records %d, want %d of %v; within a group: %d", got, len(want), want, within)
			}
		})
	}
}

// The state of a damaged file of format 1, whose values have no sums, is saved.
func TestSalvageFormat1(t *testing.T) {
	sample, err := os.ReadFile("testdata/format1.db")
	if err != nil {
		t.Fatal(err)
	}
	s := write(t, filepath.Join(t.TempDir(), "state"), sample)
	boltUpdate(t, s.Path(), func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Delete(keyTotals) })
	if st := stats(t, s); st.Records != 4 || st.Rejected != 1 {
		t.Errorf("%d queued, %d rejected", st.Records, st.Rejected)
	}
	if err := s.View(t.Context(), func(tx *Tx) error {
		if v := tx.Get("checks", "cpu"); string(v) != "\x01\x02\x03" {
			t.Errorf("the state has %x", v)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// spoilFreelist makes the free list of the latest header unreadable, so that a salvage also reads the
// older header.
func spoilFreelist(t *testing.T, s *Spool) {
	t.Helper()
	b, err := os.ReadFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	const metaAt, freelistAt, txidAt = 16, 32, 48
	u64 := func(page, at int) uint64 {
		return binary.NativeEndian.Uint64(b[page*boltfile.PageSize+metaAt+at:])
	}
	latest := 0
	if u64(1, txidAt) > u64(0, txidAt) {
		latest = 1
	}
	freelist := int(u64(latest, freelistAt)) * boltfile.PageSize
	clear(b[freelist : freelist+boltfile.PageSize])
	if err := os.WriteFile(s.Path(), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// The older header adds records, and never replaces newer drop counts or loss reports.
func TestSalvageTakesNewestCounts(t *testing.T) {
	var recovered []Recovery
	s := newSpool(t, Options{Recovered: func(r Recovery) { recovered = append(recovered, r) }})
	dropOne(t, s)
	dropOne(t, s)
	spoilFreelist(t, s)
	st := stats(t, s)
	if len(recovered) != 1 || len(st.Ever) != 1 || st.Ever[0].Records != 2 || st.Dropped[0].Records != 2 {
		t.Fatalf("recovered %+v, ever dropped %+v, not reported %+v", recovered, st.Ever, st.Dropped)
	}
	loss := reportLoss(t, s)
	spoilFreelist(t, s)
	if st = stats(t, s); len(recovered) != 2 || st.Ever[0].Records != 2 || st.Dropped[0].Records != 2 {
		t.Errorf("with a report: recovered %+v, ever dropped %+v, not reported %+v", recovered, st.Ever, st.Dropped)
	}
	if l := reportLoss(t, s); l.ID != loss.ID {
		t.Errorf("the report is %+v, was %+v", l, loss)
	}
	if err := s.Update(t.Context(), func(tx *Tx) error { return tx.ClearLoss(loss.ID) }); err != nil {
		t.Fatal(err)
	}
	spoilFreelist(t, s)
	if st = stats(t, s); len(recovered) != 3 || st.Ever[0].Records != 2 || len(st.Dropped) != 0 {
		t.Errorf("after the report: recovered %+v, ever dropped %+v, not reported %+v", recovered, st.Ever, st.Dropped)
	}
}
