package spool

import (
	"encoding/binary"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/spool/internal/boltfile"
)

// A damagedBranch is a spool with a damaged branch page that no append and no delivery of the oldest
// records reaches.
type damagedBranch struct {
	*Spool
	now       time.Time
	first     uint64 // sequence number that it leads to
	recovered []Recovery
}

const branchRecords = 900

// damageBranch damages a branch right above the leaves, the i-th from the left or, if i is negative,
// from the right.
func damageBranch(t *testing.T, i int, spoil func(branch, next []byte)) *damagedBranch {
	t.Helper()
	b := queueOf(t, 0.1, branchRecords, 60, false)
	q, err := treeOf(b)
	if err != nil {
		t.Fatal(err)
	}
	lowest := q.levels[len(q.levels)-2]
	if len(lowest) < 8 {
		t.Fatalf("the tree has %d branches above its leaves", len(lowest))
	}
	i = (i + len(lowest)) % len(lowest)
	page := func(id uint64) []byte { return b[id*boltfile.PageSize : (id+1)*boltfile.PageSize] }
	firstKey := page(lowest[i])[16+16*binary.NativeEndian.Uint16(page(lowest[i])[10:]):]
	d := &damagedBranch{now: testTime, first: parseKey(firstKey[:keyBytes])}
	spoil(page(lowest[i]), page(lowest[(i+1)%len(lowest)]))
	d.Spool = write(t, filepath.Join(t.TempDir(), "state"), b)
	d.opt.Now = func() time.Time { return d.now }
	d.opt.Recovered = func(r Recovery) { d.recovered = append(d.recovered, r) }
	return d
}

// copyOfNext makes a branch a copy of the next one, where bbolt notices nothing.
func copyOfNext(branch, next []byte) { copy(branch[8:], next[8:]) }

// oneChildTwice makes a branch lead to one leaf by two elements, and to another by none.
func oneChildTwice(branch, _ []byte) {
	const first, second = 16 + 8, 16 + 16 + 8
	copy(branch[second:second+8], branch[first:first+8])
}

// expect checks that the file was repaired as often as that, and that all records are there.
func (d *damagedBranch) expect(t *testing.T, when string, repairs, records int) {
	t.Helper()
	if len(d.recovered) != repairs {
		t.Fatalf("%s: repaired %d times, want %d: %v", when, len(d.recovered), repairs, d.recovered)
	}
	for _, r := range d.recovered {
		if r.Lost != 0 || !strings.Contains(r.Why, "is not a page of its tree") && !strings.Contains(r.Why, "in use twice") {
			t.Errorf("%s: %v", when, r) // or bbolt found it
		}
	}
	if st := stats(t, d.Spool); int(st.Records) != records {
		t.Errorf("%s: %d records, want %d", when, st.Records, records)
	}
}

// A branch that no transaction reaches is verified on the next day, before the caller's function
// begins.
func TestBranchesAreVerifiedDaily(t *testing.T) {
	d := damageBranch(t, 5, func(branch, _ []byte) { clear(branch) })
	put(t, d.Spool, "new")
	d.now = d.now.Add(18 * time.Hour) // until 23:06
	put(t, d.Spool, "new")
	d.expect(t, "on the same day", 0, branchRecords+2)
	d.now = d.now.Add(time.Hour)
	calls := 0
	if err := d.Update(t.Context(), func(tx *Tx) error {
		calls++
		_, err := tx.Append(entry("new"))
		return err
	}); err != nil || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
	d.expect(t, "on the next day", 1, branchRecords+3)
	d.now = d.now.Add(time.Hour)
	put(t, d.Spool, "new")
	d.expect(t, "an hour later", 1, branchRecords+4)
}

func TestBranchesAreVerifiedBeforeCompaction(t *testing.T) {
	d := damageBranch(t, 5, oneChildTwice)
	put(t, d.Spool, "new")
	d.expect(t, "before", 0, branchRecords+1)
	if err := d.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.expect(t, "afterwards", 1, branchRecords+1)
	if n := len(queued(t, d.Spool)); n != branchRecords+1 {
		t.Errorf("%d records are listed", n)
	}
}

// A commit that could merge a branch with the damaged one verifies it before.
func TestBranchesAreVerifiedBeforeMerge(t *testing.T) {
	for name, remove := range map[string]func(tx *Tx, queue *records) error{
		"by a cursor": func(tx *Tx, queue *records) error {
			c := queue.cursor()
			_, v := c.first()
			return tx.remove(c, 1, len(v), &tx.totals.queue)
		},
		"by key": func(tx *Tx, queue *records) error {
			key := keyOf(1)
			tx.totals.queue.sub(1, keyBytes+len(queue.get(key[:])))
			tx.dirty = true
			return queue.delete(key[:])
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := damageBranch(t, 1, copyOfNext)
			put(t, d.Spool, "new")
			d.expect(t, "before", 0, branchRecords+1)
			if err := d.transact(t.Context(), writes|repeatable, "", func(tx *Tx) error {
				queue, err := tx.writableRecords(bucketQueue)
				if err != nil {
					return err
				}
				return remove(tx, queue)
			}); err != nil {
				t.Fatal(err)
			}
			d.expect(t, "afterwards", 1, branchRecords)
			if n := len(queued(t, d.Spool)); n != branchRecords {
				t.Errorf("%d records are listed", n)
			}
		})
	}
}

// Both ends of the queue are verified before the caller's function begins.
func TestEndsAreVerifiedFirst(t *testing.T) {
	for name, i := range map[string]int{"first": 0, "last": -1} {
		t.Run(name, func(t *testing.T) {
			d := damageBranch(t, i, copyOfNext)
			calls := 0
			if err := d.Update(t.Context(), func(tx *Tx) error {
				calls++
				_, err := tx.Append(entry("new"))
				return err
			}); err != nil || calls != 1 {
				t.Errorf("%d calls, %v", calls, err)
			}
			d.expect(t, "afterwards", 1, branchRecords+1)
		})
	}
}

// A branch is verified when reading reaches it, in either direction.
func TestBranchIsVerifiedWhenReached(t *testing.T) {
	for name, read := range map[string]func(d *damagedBranch) error{
		"forward": func(d *damagedBranch) error {
			return d.List(t.Context(), func(Record) error { return nil })
		},
		"backward": func(d *damagedBranch) error {
			for before := uint64(0); ; {
				records, err := d.ReadBack(t.Context(), before, 100, 1<<20)
				if err != nil || len(records) == 0 {
					return err
				}
				before = records[len(records)-1].Seq
			}
		},
		"by number": func(d *damagedBranch) error {
			_, err := d.Read(t.Context(), d.first, 1, 1)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := damageBranch(t, 5, copyOfNext)
			if err := read(d); err != nil {
				t.Fatal(err)
			}
			d.expect(t, "afterwards", 1, branchRecords)
		})
	}
}
