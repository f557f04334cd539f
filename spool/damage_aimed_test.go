package spool

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"virgo/spool/internal/boltfile"
)

// aimedCases is how many files an ordinary test damages at a chosen page; see damageCases.
const aimedCases = 300

// Damage at a chosen page of the queue's tree, of its neighbours or of the free list loses at most
// the records of that page, and returns none twice, in the runs of two days.
func testAimedDamage(t *testing.T) {
	dir := inMemory(t)
	for i, shape := range []struct {
		fill          float64
		records, size int
		everyThird    bool
	}{
		{0.1, 1200, 60, false}, // four levels; every commit that deletes may merge branches
		{0.1, 900, 60, true},   // leaves with one record, which commits merge
		{1, 900, 1900, false},  // full branches of 170 leaves
		{0.3, 300, 9000, true}, // leaves with overflow pages
	} {
		b := queueOf(t, shape.fill, shape.records, shape.size, shape.everyThird)
		if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(i)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	runCases(t, "aimed", "aimed-damage", dir, aimedCases)
}

// aimedPayload returns the data of a record of queueOf.
func aimedPayload(seq uint64, size int) string {
	b := make([]byte, size)
	rand.NewChaCha8([32]byte{byte(seq), byte(seq >> 8), byte(seq >> 16)}).Read(b)
	return string(b)
}

// queueOf returns a file with unpacked records whose pages are filled to that share, so that few
// records make a tree of several levels. If thin is set, two of three records are gone.
func queueOf(t *testing.T, fill float64, records, size int, thin bool) []byte {
	t.Helper()
	s := newSpool(t, Options{})
	put(t, s, "first")
	putState(t, s, "space", "key", make([]byte, 9000))
	boltUpdate(t, s.Path(), func(tx *bolt.Tx) error {
		queue := tx.Bucket(bucketQueue)
		queue.FillPercent = fill
		for seq := uint64(1); seq <= uint64(records); seq++ {
			key := keyOf(seq)
			e := entry(aimedPayload(seq, size))
			if err := queue.Put(key[:], appendRecord(nil, seq, 0, 7, &e)); err != nil {
				return err
			}
		}
		return queue.SetSequence(uint64(records))
	})
	boltUpdate(t, s.Path(), func(tx *bolt.Tx) error {
		queue, left := tx.Bucket(bucketQueue), tally{}
		queue.FillPercent = 0.1 // bbolt merges little
		for seq := uint64(1); seq <= uint64(records); seq++ {
			key := keyOf(seq)
			if thin && seq%3 > 0 {
				if err := queue.Delete(key[:]); err != nil {
					return err
				}
			} else {
				left.add(keyBytes + len(queue.Get(key[:])))
			}
		}
		var t totals
		t.parse(tx.Bucket(bucketMeta).Get(keyTotals))
		t.queue, t.packed, t.unpacked = left, uint64(records), 0 // nothing is packed again
		return tx.Bucket(bucketMeta).Put(keyTotals, t.append(nil))
	})
	b, err := os.ReadFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A queueTree is the pages of the queue's tree.
type queueTree struct {
	levels   [][]uint64          // page ids from left to right; the root first, the leaves last
	overflow map[uint64]int      // of a leaf
	seqs     map[uint64][]uint64 // of a leaf
	freelist uint64
}

func treeOf(b []byte) (q queueTree, err error) {
	native := binary.NativeEndian
	page := func(id uint64) []byte { return b[id*boltfile.PageSize:] }
	meta := page(0)[16:]
	if second := page(1)[16:]; native.Uint64(second[48:]) > native.Uint64(meta[48:]) {
		meta = second
	}
	q = queueTree{overflow: map[uint64]int{}, seqs: map[uint64][]uint64{}, freelist: native.Uint64(meta[32:])}
	root := page(native.Uint64(meta[16:]))
	at := bytes.Index(root[:boltfile.PageSize], []byte("queue"))
	if at < 0 {
		return q, errors.New("the root names no queue")
	}
	level := []uint64{native.Uint64(root[at+len("queue"):])}
	for {
		q.levels = append(q.levels, level)
		if native.Uint16(page(level[0])[8:]) == 2 {
			break
		}
		var below []uint64
		for _, id := range level {
			for i := range int(native.Uint16(page(id)[10:])) {
				below = append(below, native.Uint64(page(id)[16+16*i+8:]))
			}
		}
		level = below
	}
	for _, id := range level {
		q.overflow[id] = int(native.Uint32(page(id)[12:]))
		for i := range int(native.Uint16(page(id)[10:])) {
			e := page(id)[16+16*i:]
			q.seqs[id] = append(q.seqs[id], binary.BigEndian.Uint64(e[native.Uint32(e[4:]):]))
		}
	}
	return q, nil
}

// aim chooses a page of the tree by what a run does with it, and returns further ones like it.
func (q queueTree) aim(rnd *rand.Rand) (id uint64, like []uint64) {
	leaves := q.levels[len(q.levels)-1]
	lowest := leaves
	if len(q.levels) > 1 {
		lowest = q.levels[len(q.levels)-2]
	}
	near := func(ids []uint64, distance int) uint64 { // of either end
		distance = min(distance, len(ids)-1)
		if rnd.IntN(2) == 0 {
			return ids[distance]
		}
		return ids[len(ids)-1-distance]
	}
	switch rnd.IntN(8) {
	case 0: // off the path
		return lowest[rnd.IntN(len(lowest))], lowest
	case 1: // on the path, or beside a branch that is merged
		return near(lowest, rnd.IntN(3)), lowest
	case 2: // above, if there are more levels
		ids := q.levels[rnd.IntN(max(1, len(q.levels)-2))]
		return ids[rnd.IntN(len(ids))], lowest
	case 3: // the first and last leaves: neighbours of a step and of a leaf that is merged
		return near(leaves, rnd.IntN(4)), leaves
	case 4: // beside a branch's border, where a step and a merge go to another branch
		i := rnd.IntN(len(leaves))
		return leaves[i], leaves
	case 5: // an overflow page, if there is one
		id := leaves[rnd.IntN(len(leaves))]
		if n := q.overflow[id]; n > 0 {
			id += uint64(1 + rnd.IntN(n))
		}
		return id, leaves
	case 6:
		return q.freelist, leaves
	}
	return near(leaves, rnd.IntN(40)), lowest
}

// damageAt damages the page. It returns the other page that it damaged and the one that it copied, if
// any.
func damageAt(rnd *rand.Rand, b []byte, id uint64, like []uint64) (also, copied uint64) {
	native := binary.NativeEndian
	pages := uint64(len(b) / boltfile.PageSize)
	page := func(id uint64) []byte { return b[id*boltfile.PageSize : (id+1)*boltfile.PageSize] }
	other := like[rnd.IntN(len(like))]
	switch rnd.IntN(8) {
	case 0:
		for range 1 + rnd.IntN(3) {
			page(id)[rnd.IntN(48)] ^= 1 << rnd.IntN(8)
		}
	case 1:
		page(id)[rnd.IntN(boltfile.PageSize)] ^= 1 << rnd.IntN(8)
	case 2:
		clear(page(id))
	case 3: // a copy that claims to be this page
		copy(page(id), page(other))
		native.PutUint64(page(id), id)
		return 0, other
	case 4: // both claim to be where they are
		a, c := bytes.Clone(page(id)), bytes.Clone(page(other))
		copy(page(id), c)
		copy(page(other), a)
		native.PutUint64(page(id), id)
		native.PutUint64(page(other), other)
		return other, 0
	case 5: // one page number, which leads back, to another way or to nothing
		at := 16 + 16*rnd.IntN(8) + 8
		to := []uint64{id, other, rnd.Uint64N(pages), pages + rnd.Uint64N(9)}[rnd.IntN(4)]
		native.PutUint64(page(id)[at:], to)
	case 6: // another type
		native.PutUint16(page(id)[8:], []uint16{1, 2, 3, 16}[rnd.IntN(4)])
	case 7: // another length
		native.PutUint32(page(id)[12:], uint32(rnd.IntN(5)))
	}
	return 0, 0
}

// childAimed damages a chosen page of one file after the other, and does the runs of two days with
// each. Its arguments are those of childDamage.
func childAimed(args []string) error {
	return eachCase(args, func(n int, files [][]byte, dir string) error {
		rnd := rand.New(rand.NewPCG(uint64(n), 11))
		b := files[n%len(files)]
		q, err := treeOf(b)
		if err != nil {
			return err
		}
		id, like := q.aim(rnd)
		b = bytes.Clone(b)
		also, copied := damageAt(rnd, b, id, like)
		path := filepath.Join(dir, fileName)
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			if err := os.WriteFile(path, b, 0o600); err != nil {
				return err
			}
		}
		r := aimedRuns{rnd: rnd, q: q, delivered: map[uint64]bool{}, spoiled: map[uint64]bool{}}
		// What was settled can still be read in a copy of its page, and in pages that are free.
		r.twice = func(seq uint64) bool { return id == q.freelist || slices.Contains(q.seqs[copied], seq) }
		for leaf, overflow := range q.overflow {
			for _, damaged := range []uint64{id, also} {
				if damaged >= leaf && damaged <= leaf+uint64(overflow) {
					r.spoiled[leaf] = true
				}
			}
			if id == q.freelist { // it may name any page, which then is overwritten
				r.spoiled[leaf] = true
			}
		}
		return r.do(dir)
	})
}

// aimedRuns are the runs on one damaged file.
type aimedRuns struct {
	rnd       *rand.Rand
	q         queueTree
	spoiled   map[uint64]bool // leaves
	twice     func(seq uint64) bool
	delivered map[uint64]bool // by Order
	now       time.Time
	s         *Spool
}

func (r *aimedRuns) do(dir string) (err error) {
	r.now = testTime
	if r.s, err = Open(dir, Options{
		Now: func() time.Time { return r.now }, LockWait: time.Minute, MaxBytes: 1 << 30,
		Recovered: func(r Recovery) { fmt.Println("recovered", r) },
	}); err != nil {
		return err
	}
	steps := []func() error{r.append, func() error { return r.deliver(1 + r.rnd.IntN(5)) }, r.readBack}
	if r.rnd.IntN(2) == 0 {
		steps = append(steps, func() error { return r.s.Compact(context.Background()) })
	}
	steps = append(steps, func() error { r.now = r.now.Add(26 * time.Hour); return r.append() },
		func() error { return r.deliver(1 << 30) },
		func() error { return r.s.Compact(context.Background()) }, func() error { return r.deliver(1 << 30) })
	for i, step := range steps {
		err := step()
		if errors.Is(err, ErrDamaged) {
			err = step()
		}
		if err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	for leaf, seqs := range r.q.seqs {
		for _, seq := range seqs {
			if !r.delivered[seq] && !r.spoiled[leaf] {
				return fmt.Errorf("record %d of leaf %d was not delivered (spoiled: %v)", seq, leaf, r.spoiled)
			}
		}
	}
	return nil
}

func (r *aimedRuns) append() error {
	_, err := appendAll(r.s, entry("new"), entry("new"), entry("new"))
	return err
}

// deliver settles that many batches, in order, or all.
func (r *aimedRuns) deliver(batches int) error {
	ctx := context.Background()
	for range batches {
		records, err := r.s.Read(ctx, 0, 8+r.rnd.IntN(60), 64<<10)
		if err != nil || len(records) == 0 {
			return err
		}
		var outcomes []Outcome
		last := uint64(0)
		for _, rec := range records {
			if rec.Seq <= last {
				return fmt.Errorf("record %d after %d", rec.Seq, last)
			}
			last = rec.Seq
			if err := r.check(rec); err != nil {
				return err
			}
			outcomes = append(outcomes, Outcome{Seq: rec.Seq})
		}
		if err := r.s.Settle(ctx, outcomes, nil); err != nil {
			return err
		}
		for _, rec := range records {
			r.delivered[rec.Order] = true
		}
	}
	return nil
}

func (r *aimedRuns) check(rec Record) error {
	if r.delivered[rec.Order] && !r.twice(rec.Order) {
		return fmt.Errorf("record %d was returned after it was settled", rec.Order)
	}
	if d := string(rec.Data); d != "new" && d != aimedPayload(rec.Order, len(d)) {
		return fmt.Errorf("record %d is %.20q…", rec.Order, d)
	}
	return nil
}

func (r *aimedRuns) readBack() error {
	records, err := r.s.ReadBack(context.Background(), 0, 20, 1<<20)
	if err == nil && !slices.IsSortedFunc(records, func(a, b Record) int { return int(b.Seq) - int(a.Seq) }) {
		err = errors.New("records are not in order")
	}
	return err
}
