package spool

import (
	"fmt"

	bolt "go.etcd.io/bbolt"

	"virgo/spool/internal/boltfile"
)

// A salvage copies everything that can be read in a damaged file to a new one. First it follows the
// trees and skips damaged pages. Then it reads the other pages that are not known to be free: a
// record whose checksum is right under its own key is valid wherever it lies. If the free list is
// damaged too, records that were settled before can return; an endpoint recognises them by their
// ids.
type salvage struct {
	from *boltfile.Walker
	to   *copier
	now  int64 // ms since the epoch

	format    uint32 // 0 while it is not known
	totals    totals // those of the damaged file, then those of the new one
	hasTotals bool
	loss      []byte            // the stored loss report
	unstored  []byte            // how much of the marker's count was taken
	dropped   map[string][]byte // the stored drop counts
	age       uint64            // the latest time of the spool's clock that was read
	highest   uint64            // the greatest sequence number
}

// run copies everything. It returns the number of saved records, and that of the further ones that
// the damaged file's totals counted.
func (v *salvage) run() (saved, lost uint64, err error) {
	v.dropped = make(map[string][]byte)
	if err := v.from.Roots(v.copyBuckets); err != nil {
		return 0, 0, err
	}
	if err := v.from.Strays(v.takeStray); err != nil {
		return 0, 0, err
	}
	return v.finish()
}

// copyBuckets copies the buckets of one header. It reads meta first, which has the format of the
// others. The numbers of an older header are used only where those of the later one cannot be read:
// they would undo what was counted or reported since.
func (v *salvage) copyBuckets(buckets map[string]boltfile.Bucket) error {
	done := map[string]bool{"meta": v.hasTotals, "dropped": len(v.dropped) > 0}
	for _, name := range allBuckets {
		b, ok := buckets[string(name)]
		if !ok || done[string(name)] {
			continue
		}
		if string(name) == string(bucketQueue) && b.Sequence < 1<<63 {
			v.highest = max(v.highest, b.Sequence)
		}
		if err := v.from.Bucket(b, v.taker(string(name))); err != nil {
			return err
		}
	}
	return nil
}

// taker returns the function for the pairs of a bucket.
func (v *salvage) taker(bucket string) func(boltfile.Pair) error {
	switch bucket {
	case "meta":
		return v.takeMeta
	case "queue":
		return func(p boltfile.Pair) error {
			_, err := v.takeQueue(parseKey(p.Key), p.Value)
			return err
		}
	case "rejected":
		return func(p boltfile.Pair) error { return v.takeRejected(parseKey(p.Key), p.Value) }
	case "dropped":
		return v.takeDropped
	}
	return v.takeSpace
}

// finish counts the saved records and writes the keys that every file has.
func (v *salvage) finish() (saved, lost uint64, err error) {
	if v.format > Format {
		return 0, 0, ErrNewerFormat
	}
	had := v.totals.queue.records + v.totals.rejected.records
	buckets := make(map[string]*bolt.Bucket)
	for _, name := range allBuckets {
		if buckets[string(name)], err = v.to.at([][]byte{name}); err != nil {
			return 0, 0, err
		}
	}
	queue, meta := buckets["queue"], buckets["meta"]
	if err := queue.SetSequence(v.highest); err != nil {
		return 0, 0, err
	}
	t := &v.totals
	t.queue, t.rejected, t.unpacked, t.packed = tally{}, tally{}, 0, 0
	if !v.hasTotals {
		t.wall = v.now
	}
	t.age = max(t.age, v.age)
	if err := recountInto(t, queue); err != nil {
		return 0, 0, err
	}
	if err := buckets["rejected"].ForEach(func(k, value []byte) error {
		t.rejected.add(len(k) + len(value))
		return nil
	}); err != nil {
		return 0, 0, err
	}
	if saved = t.queue.records + t.rejected.records; v.hasTotals && had > saved {
		lost = had - saved
	}
	if err := v.writeDrops(buckets["dropped"], lost); err != nil {
		return 0, 0, err
	}
	if v.loss != nil {
		if err := meta.Put(keyLoss, v.loss); err != nil {
			return 0, 0, err
		}
	}
	if v.unstored != nil {
		if err := meta.Put(keyUnstored, v.unstored); err != nil {
			return 0, 0, err
		}
	}
	if err := meta.Put(keyFormat, formatValue(Format)); err != nil {
		return 0, 0, err
	}
	return saved, lost, meta.Put(keyTotals, t.append(nil))
}

// writeDrops writes the damaged file's drop counts, and adds the records that are lost now.
func (v *salvage) writeDrops(b *bolt.Bucket, lost uint64) error {
	cause := CauseDamaged
	if !v.hasTotals {
		cause, lost = CauseUnknown, 1
	}
	for _, key := range [...]string{string(cause), string(sinceKey(cause))} {
		d, _ := readDrop(cause, v.dropped[key])
		if d.Records += lost; d.Records > 0 {
			v.dropped[key] = d.append(nil)
		}
	}
	for key, value := range v.dropped {
		if err := b.Put([]byte(key), value); err != nil {
			return err
		}
	}
	return nil
}

// recountInto counts the queue.
func recountInto(t *totals, queue *bolt.Bucket) error {
	c := queue.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		t.queue.add(keyBytes + len(v))
		if !isGroup(v) {
			t.unpacked++
			continue
		}
		g, err := parseGroup(parseKey(k), v)
		if err != nil {
			return fmt.Errorf("count what was saved: %w", err)
		}
		t.queue.records += uint64(g.queued()) - 1
		t.packed, t.unpacked = g.last, 0
	}
	return nil
}
