package spool

// packFrom is the number of unpacked records from which the oldest of them are packed. Records that
// are delivered within a few runs never are.
const packFrom = 2 * groupRecords

// packGroups bounds how many groups one call packs in addition to as many as it added records for:
// each costs memory until the commit. A file of format 1, in which nothing is packed, is packed in
// the course of several runs.
const packGroups = 4

// pack packs the oldest records into groups while too many are unpacked. The records of one group
// are neighbours, so a search for any sequence number within it finds it.
func (tx *Tx) pack(queue *records, added int) error {
	t := &tx.totals
	// A group of long records holds fewer of them, so more groups can be needed.
	for most := packGroups + added/(groupRecords/16); most > 0 && t.unpacked >= packFrom; most-- {
		var p groupWriter
		passed, err := tx.gather(queue, &p)
		if err != nil {
			return err
		}
		if passed == 0 {
			t.unpacked = 0 // there are none, whatever was counted
			return nil
		}
		t.unpacked -= min(t.unpacked, uint64(max(len(p.seqs), 1)))
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

// gather adds as many records after the last packed one as fit, and returns the last sequence number
// that it has visited; 0 if there is none. A record that cannot be packed stays as it is.
func (tx *Tx) gather(queue *records, p *groupWriter) (passed uint64, err error) {
	highest, err := tx.highest()
	if err != nil {
		return 0, err
	}
	key := keyOf(tx.totals.packed + 1)
	c := queue.cursor()
	previous := tx.totals.packed
	for k, v := c.seek(key[:]); k != nil; k, v = c.next() {
		seq := parseKey(k)
		if seq <= previous || seq > highest {
			return 0, tx.outOfOrder()
		}
		previous = seq
		r, err := parseRecord(seq, v)
		fits := err == nil && p.add(&r)
		switch {
		case fits:
			passed = seq
		case len(p.seqs) == 0:
			return seq, nil // too long, or damaged, which reading finds
		default:
			return passed, nil
		}
	}
	return passed, nil
}

// replace stores a group instead of its records. A group that cannot be read back would be an error
// of this package: the records then stay as they are.
func (tx *Tx) replace(queue *records, p *groupWriter) error {
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
		bytes += uint64(keyBytes + len(queue.get(key[:])))
		if err := queue.delete(key[:]); err != nil {
			return err
		}
	}
	key := keyOf(p.last)
	if err := queue.put(key[:], v); err != nil {
		return err
	}
	t.queue.bytes -= min(t.queue.bytes, bytes)
	t.queue.bytes += uint64(keyBytes + len(v))
	return nil
}
