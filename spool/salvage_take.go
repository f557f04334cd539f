package spool

import (
	"bytes"

	"virgo/spool/internal/boltfile"
)

// The take functions copy the pairs of each bucket that are intact and not in the new file yet.

func (v *salvage) takeMeta(p boltfile.Pair) error {
	switch string(p.Key) {
	case string(keyFormat):
		if v.format == 0 {
			v.format = parseFormat(p.Value)
		}
	case string(keyTotals):
		if t := (totals{}); !v.hasTotals && t.parse(p.Value) {
			v.totals, v.hasTotals = t, true
		}
	case string(keyLoss):
		if _, ok := parseLoss(p.Value); ok {
			v.loss = bytes.Clone(p.Value)
		}
	case string(keyUnstored):
		if parseUnstored(p.Value).Records > 0 {
			v.unstored = bytes.Clone(p.Value)
		}
	}
	return nil
}

func (v *salvage) takeDropped(p boltfile.Pair) error {
	for _, cause := range causes {
		if key := string(p.Key); key == string(cause) || key == string(sinceKey(cause)) {
			// The counts have no checksum: impossible ones are left out.
			if d, ok := readDrop(cause, p.Value); ok && d.Records < 1<<40 && d.Bytes >= 0 && d.Bytes < 1<<50 {
				v.dropped[key] = bytes.Clone(p.Value)
			}
		}
	}
	return nil
}

// takeSpace copies one space of the state.
func (v *salvage) takeSpace(p boltfile.Pair) error {
	b, ok := p.Open()
	if !ok || len(p.Key) == 0 || len(p.Key) > MaxKeyBytes {
		return nil
	}
	space := string(p.Key)
	return v.from.Bucket(b, func(p boltfile.Pair) error {
		if p.IsBucket || len(p.Key) == 0 || len(p.Key) > MaxKeyBytes {
			return nil
		}
		value := p.Value
		if v.format == 1 {
			value = withSum(space, string(p.Key), value)
		}
		if stripSum(space, string(p.Key), value) == nil {
			return nil
		}
		return v.put([][]byte{bucketState, []byte(space)}, p.Key, value)
	})
}

// takeStray copies a pair of an unknown bucket.
func (v *salvage) takeStray(p boltfile.Pair) error {
	key := parseKey(p.Key)
	if taken, err := v.takeQueue(key, p.Value); taken || err != nil {
		return err
	}
	return v.takeRejected(key, p.Value)
}

// put stores a pair in the new file.
func (v *salvage) put(path [][]byte, key, value []byte) error {
	b, err := v.to.at(path)
	if err != nil {
		return err
	}
	if err := b.Put(key, bytes.Clone(value)); err != nil {
		return err
	}
	_, err = v.to.added(len(key) + len(value))
	return err
}

// putSeq stores a record or a group under its sequence number.
func (v *salvage) putSeq(bucket []byte, seq uint64, value []byte) error {
	key := keyOf(seq)
	return v.put([][]byte{bucket}, key[:], value)
}

// takeQueue copies a value of the queue. It returns false if the pair is not one.
func (v *salvage) takeQueue(key uint64, value []byte) (bool, error) {
	if key == 0 || key >= 1<<63 {
		return false, nil
	}
	if !isGroup(value) {
		r, err := parseRecord(key, value)
		if err != nil {
			return false, nil
		}
		return true, v.takeRecord(bucketQueue, &r, value)
	}
	g, err := parseGroup(key, value)
	if err != nil {
		return false, nil
	}
	list, _, err := g.records(nil)
	if err != nil || len(list) == 0 {
		return false, nil
	}
	free, err := v.isFree(g.first, g.last)
	if err != nil {
		return true, err
	}
	if free {
		for i := range list {
			v.count(&list[i])
		}
		return true, v.putSeq(bucketQueue, key, value)
	}
	// Records of another state of the file are within that span already: no key may lie within a
	// group.
	for i := range list {
		if err := v.takeRecord(bucketQueue, &list[i], list[i].appendValue(nil)); err != nil {
			return true, err
		}
	}
	return true, nil
}

// takeRecord copies a record if the new file does not have it.
func (v *salvage) takeRecord(bucket []byte, r *stored, value []byte) error {
	if exists, err := v.exists(bucket, r.seq); exists || err != nil {
		return err
	}
	v.count(r)
	return v.putSeq(bucket, r.seq, value)
}

func (v *salvage) takeRejected(key uint64, value []byte) error {
	if key == 0 || key >= 1<<63 {
		return nil
	}
	_, rest, ok := parseReason(value)
	r, err := parseRecord(key, rest)
	if !ok || err != nil {
		return nil
	}
	return v.takeRecord(bucketRejected, &r, value)
}

// count notes the sequence number and the spool's clock of a record.
func (v *salvage) count(r *stored) {
	v.highest = max(v.highest, r.seq)
	if r.at < 1<<62 {
		v.age = max(v.age, r.at)
	}
}

// exists reports whether the new file has a record of that number, or a group that covers it.
func (v *salvage) exists(bucket []byte, seq uint64) (bool, error) {
	k, value, err := v.seek(bucket, seq)
	if k == 0 || err != nil {
		return false, err
	}
	g, bad := parseGroup(k, value)
	return k == seq || bad == nil && g.first <= seq, nil
}

// isFree reports whether the new file has no record from first to last.
func (v *salvage) isFree(first, last uint64) (bool, error) {
	k, value, err := v.seek(bucketQueue, first)
	if k == 0 || err != nil {
		return true, err
	}
	if g, err := parseGroup(k, value); err == nil {
		return g.first > last, nil
	}
	return k > last, nil
}

// seek returns the first pair at or after a sequence number; key 0 if there is none.
func (v *salvage) seek(bucket []byte, seq uint64) (uint64, []byte, error) {
	b, err := v.to.at([][]byte{bucket})
	if err != nil {
		return 0, nil, err
	}
	from := keyOf(seq)
	k, value := b.Cursor().Seek(from[:])
	return parseKey(k), value, nil
}
