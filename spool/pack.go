package spool

import bolt "go.etcd.io/bbolt"

// packFrom is how many records wait by themselves before the oldest of them are packed: what is
// delivered within a few runs never is.
const packFrom = 2 * groupRecords

// packGroups is how many groups one call makes besides as many as hold what it added: each costs memory until
// the commit. A file of format 1, in which nothing is packed, is so in the course of some runs.
const packGroups = 4

// pack packs the oldest records into groups while too many wait by themselves. Those of one group lie
// next to one another, so that a search for any place in it finds it.
func (tx *Tx) pack(queue *bolt.Bucket, added int) error {
	t := &tx.totals
	// A group of long records holds fewer of them; so many more can be needed.
	for most := packGroups + added/(groupRecords/16); most > 0 && t.loose >= packFrom; most-- {
		var p packer
		passed, err := tx.gather(queue, &p)
		if err != nil {
			return err
		}
		if passed == 0 {
			t.loose = 0 // whatever was counted, nothing is there
			return nil
		}
		t.loose -= min(t.loose, uint64(max(len(p.seqs), 1)))
		t.packed = passed
		if len(p.seqs) < 2 {
			continue
		}
		if err := tx.replace(queue, &p); err != nil {
			return err
		}
	}
	return nil
}

// gather takes records behind the last place that was packed, as many as fit, and gives the last place
// that is done with; 0 where nothing is there. One that cannot be packed stays as it is.
func (tx *Tx) gather(queue *bolt.Bucket, p *packer) (passed uint64, err error) {
	highest, err := tx.highest()
	if err != nil {
		return 0, err
	}
	key := keyOf(tx.totals.packed + 1)
	c := queue.Cursor()
	before := tx.totals.packed
	for k, v := c.Seek(key[:]); k != nil; k, v = c.Next() {
		seq := parseKey(k)
		if seq <= before || seq > highest {
			return 0, tx.disorder()
		}
		before = seq
		r, err := parseRecord(seq, v)
		fits := err == nil && p.add(&r)
		switch {
		case fits:
			passed = seq
		case len(p.seqs) == 0:
			return seq, nil // too long, or damaged: who reads it finds that out
		default:
			return passed, nil
		}
	}
	return passed, nil
}

// replace puts a group in the place of its records. One that does not give back what went into it would
// be a fault of this package: the records then stay as they are.
func (tx *Tx) replace(queue *bolt.Bucket, p *packer) error {
	v := p.value()
	g, err := parseGroup(p.last, v)
	if err != nil {
		return nil
	}
	if list, _, err := g.records(nil); err != nil || len(list) != len(p.seqs) {
		return nil
	}
	t, bytes := &tx.totals, uint64(0)
	for _, seq := range p.seqs {
		key := keyOf(seq)
		bytes += uint64(keyBytes + len(queue.Get(key[:])))
		if err := queue.Delete(key[:]); err != nil {
			return tx.odd(err)
		}
	}
	key := keyOf(p.last)
	if err := queue.Put(key[:], v); err != nil {
		return tx.odd(err)
	}
	t.queue.bytes -= min(t.queue.bytes, bytes)
	t.queue.bytes += uint64(keyBytes + len(v))
	return nil
}
