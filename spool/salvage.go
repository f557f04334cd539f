package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	bolt "go.etcd.io/bbolt"
)

// A salvage reads what can be read of a damaged file, with ordinary reads, into a fresh one. First it
// follows the tree, past what is damaged; then it looks through the pages that it did not come by and
// that are not known to be free: a record that has its sum right under its own key is that record, wherever it lies.
// So a record can come back that was settled before, if the list of free pages is gone too: an
// endpoint knows it by its id.
type salvage struct {
	f     *os.File
	pages uint64 // that the file has
	seen  bitmap
	to    *copier
	now   int64 // ms since the epoch

	format  uint32 // 0 while it is not known
	index   totals // what the damaged file says of itself
	indexed bool
	meta    map[string][]byte // its other keys
	dropped map[string][]byte
	age     uint64 // the latest time of the spool's clock that was seen
	highest uint64
	err     error // of the fresh file, or of the disk: then nothing is replaced
}

// note ends the salvage where it is the disk that fails, and not the file that is wrong: what cannot be read now may be
// read later, and must not be left behind for gone.
func (v *salvage) note(err error) {
	if v.err == nil && diskFails(err) {
		v.err = err
	}
}

// diskFails tells an error of the system from one of what was read.
func diskFails(err error) bool {
	return err != nil && !errors.Is(err, errPage) && !errors.Is(err, errFreelist) && !errors.Is(err, ErrDamaged) &&
		!errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF)
}

// The most that is kept of what is not records: a damaged file may say anything.
const salvagedNames = 64

// run reads the file and fills the fresh one: how many records were saved, and how many more the
// damaged file spoke of.
func (v *salvage) run() (saved, gone uint64, err error) {
	v.meta, v.dropped = make(map[string][]byte), make(map[string][]byte)
	v.seen = newBitmap(v.pages)
	free := v.roots()
	for id := uint64(2); id < v.pages && v.err == nil; id++ {
		if !v.seen.has(id) && (free == nil || !free.has(id)) {
			v.stray(id)
		}
	}
	if v.err == nil {
		saved, gone, v.err = v.finish()
	}
	return saved, gone, v.err
}

// roots follows the trees of both headers, the later one first, as long as nothing was found; it gives the
// free pages where these are known.
func (v *salvage) roots() (free bitmap) {
	var metas []boltMeta
	for i := range int64(2) {
		var b [metaBytes]byte
		if _, err := v.f.ReadAt(b[:], i*pageSize+pageHeader); err != nil {
			v.note(err)
			continue
		}
		if m, ok := readMeta(b[:]); ok && m.version == boltVersion && m.pageSize == pageSize {
			metas = append(metas, m)
		}
	}
	if len(metas) == 2 && metas[1].txid > metas[0].txid {
		metas[0], metas[1] = metas[1], metas[0]
	}
	for i, m := range metas {
		m.pages = min(m.pages, v.pages)
		if i == 0 {
			var err error
			free, err = readFreelist(v.f, m)
			v.note(err)
		}
		if free == nil || i == 0 {
			v.top(m.root)
		}
	}
	return free
}

// top reads the list of buckets: meta first, for it says how the others are to be read.
func (v *salvage) top(root uint64) {
	heads := make(map[string]bucketHead)
	v.tree(root, 0, func(l leaf) {
		if h, ok := parseBucket(l.value); l.bucket && ok && len(heads) < salvagedNames {
			h.inline = bytes.Clone(h.inline)
			heads[string(l.key)] = h
		}
	})
	for _, name := range allBuckets {
		h, ok := heads[string(name)]
		if !ok {
			continue
		}
		if string(name) == string(bucketQueue) && h.sequence < 1<<63 {
			v.highest = max(v.highest, h.sequence)
		}
		v.bucket(h, v.taker(string(name)))
	}
}

// taker gives what takes the pairs of a bucket.
func (v *salvage) taker(bucket string) func(leaf) {
	switch bucket {
	case "meta":
		return v.takeMeta
	case "queue":
		return func(l leaf) { v.takeQueue(parseKey(l.key), l.value) }
	case "rejected":
		return func(l leaf) { v.takeRejected(parseKey(l.key), l.value) }
	case "dropped":
		return v.takeDropped
	}
	return v.takeSpace
}

func (v *salvage) bucket(h bucketHead, fn func(leaf)) {
	if h.root != 0 {
		v.tree(h.root, 0, fn)
	} else if p, ok := inlinePage(h.inline); ok {
		p.leaves(fn)
	}
}

// tree calls fn for all pairs of a tree that can be reached. What it came by, it does not look at again.
func (v *salvage) tree(id uint64, level int, fn func(leaf)) {
	if id < 2 || id >= v.pages || v.seen.has(id) || level > maxLevels || v.err != nil {
		return
	}
	p, err := readPage(v.f, id, v.pages, true, nil)
	if err != nil {
		v.note(err)
		return
	}
	switch p.flags {
	case flagBranch:
		v.seen.set(id)
		children, _ := p.children()
		for _, child := range children {
			v.tree(child, level+1, fn)
		}
	case flagLeaf:
		for i := id; i <= id+p.overflow; i++ {
			v.seen.set(i)
		}
		p.leaves(fn)
	}
}

// stray looks for records on a page that nothing leads to.
func (v *salvage) stray(id uint64) {
	p, err := readPage(v.f, id, v.pages, true, nil)
	if err != nil || p.flags != flagLeaf {
		v.note(err)
		return
	}
	v.strays(&p, 0)
}

func (v *salvage) strays(p *page, level int) {
	p.leaves(func(l leaf) {
		if l.bucket {
			if h, ok := parseBucket(l.value); ok && h.root == 0 && level == 0 {
				if in, ok := inlinePage(h.inline); ok {
					v.strays(&in, level+1)
				}
			}
			return
		}
		if key := parseKey(l.key); !v.takeQueue(key, l.value) {
			v.takeRejected(key, l.value)
		}
	})
}

// finish counts what is there and writes what every file has.
func (v *salvage) finish() (saved, gone uint64, err error) {
	if v.format > Format {
		return 0, 0, ErrNewerFormat
	}
	had := v.index.queue.records + v.index.rejected.records
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
	t := &v.index
	t.queue, t.rejected, t.loose, t.packed = tally{}, tally{}, 0, 0
	if !v.indexed {
		t.wall = v.now
	}
	t.age = max(t.age, v.age)
	if err := recountInto(t, queue); err != nil {
		return 0, 0, err
	}
	if err := buckets["rejected"].ForEach(func(k, value []byte) error { t.rejected.add(len(k) + len(value)); return nil }); err != nil {
		return 0, 0, err
	}
	if saved = t.queue.records + t.rejected.records; v.indexed && had > saved {
		gone = had - saved
	}
	if err := v.ledger(buckets["dropped"], gone); err != nil {
		return 0, 0, err
	}
	if loss := v.meta[string(keyLoss)]; loss != nil {
		if err := meta.Put(keyLoss, loss); err != nil {
			return 0, 0, err
		}
	}
	if err := meta.Put(keyFormat, formatValue(Format)); err != nil {
		return 0, 0, err
	}
	return saved, gone, meta.Put(keyTotals, t.append(nil))
}

// ledger carries over what was dropped before, and adds what is gone now.
func (v *salvage) ledger(b *bolt.Bucket, gone uint64) error {
	for _, key := range [...]string{string(CauseDamaged), string(sinceKey(CauseDamaged))} {
		d, _ := readDrop(CauseDamaged, v.dropped[key])
		if d.Records += gone; d.Records > 0 {
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
			t.loose++
			continue
		}
		g, err := parseGroup(parseKey(k), v)
		if err != nil {
			return fmt.Errorf("count what was saved: %w", err)
		}
		t.queue.records += uint64(g.live()) - 1
		t.packed, t.loose = g.last, 0
	}
	return nil
}
