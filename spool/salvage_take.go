package spool

import "bytes"

// What a salvage takes of each bucket: what is whole and is not there yet.

func (v *salvage) takeMeta(l leaf) {
	switch string(l.key) {
	case string(keyFormat):
		if v.format == 0 {
			v.format = parseFormat(l.value)
		}
	case string(keyTotals):
		if t := (totals{}); !v.indexed && t.parse(l.value) {
			v.index, v.indexed = t, true
		}
	case string(keyLoss):
		if _, ok := parseLoss(l.value); ok {
			v.meta[string(keyLoss)] = bytes.Clone(l.value)
		}
	}
}

func (v *salvage) takeDropped(l leaf) {
	for _, cause := range causes {
		if key := string(l.key); key == string(cause) || key == string(sinceKey(cause)) {
			// These numbers have no sum: what cannot be is left out.
			if d, ok := readDrop(cause, l.value); ok && d.Records < 1<<40 && d.Bytes >= 0 && d.Bytes < 1<<50 {
				v.dropped[key] = bytes.Clone(l.value)
			}
		}
	}
}

// takeSpace takes one space of the state.
func (v *salvage) takeSpace(l leaf) {
	h, ok := parseBucket(l.value)
	if !l.bucket || !ok || len(l.key) == 0 || len(l.key) > MaxKeyBytes {
		return
	}
	space := string(l.key)
	h.inline = bytes.Clone(h.inline)
	v.bucket(h, func(l leaf) {
		if l.bucket || len(l.key) == 0 || len(l.key) > MaxKeyBytes || v.err != nil {
			return
		}
		value := l.value
		if v.format == 1 {
			value = sealed(space, string(l.key), value)
		}
		if unsealed(space, string(l.key), value) == nil {
			return
		}
		v.put([][]byte{bucketState, []byte(space)}, l.key, value)
	})
}

// put stores a pair in the fresh file.
func (v *salvage) put(path [][]byte, key, value []byte) {
	b, err := v.to.at(path)
	if err == nil {
		err = b.Put(key, bytes.Clone(value))
	}
	if err == nil {
		_, err = v.to.room(len(key) + len(value))
	}
	if err != nil {
		v.err = err
	}
}

// takeQueue takes a value of the queue: true where it is one.
func (v *salvage) takeQueue(key uint64, value []byte) bool {
	if key == 0 || key >= 1<<63 || v.err != nil {
		return false
	}
	if !isGroup(value) {
		r, err := parseRecord(key, value)
		if err == nil && !v.there(bucketQueue, key) {
			v.count(&r)
			k := keyOf(key)
			v.put([][]byte{bucketQueue}, k[:], value)
		}
		return err == nil
	}
	g, err := parseGroup(key, value)
	if err != nil {
		return false
	}
	list, _, err := g.records(nil)
	if err != nil || len(list) == 0 {
		return false
	}
	if v.clear(g.first, g.last) {
		for i := range list {
			v.count(&list[i])
		}
		k := keyOf(key)
		v.put([][]byte{bucketQueue}, k[:], value)
		return true
	}
	// Something of that span is there already, of another time of the file: no key may lie within a group.
	for i := range list {
		if r := &list[i]; v.err == nil && !v.there(bucketQueue, r.seq) {
			v.count(r)
			k := keyOf(r.seq)
			v.put([][]byte{bucketQueue}, k[:], r.appendAgain(nil))
		}
	}
	return true
}

func (v *salvage) takeRejected(key uint64, value []byte) {
	if key == 0 || key >= 1<<63 || v.err != nil {
		return
	}
	_, rest, ok := parseReason(value)
	if r, err := parseRecord(key, rest); ok && err == nil && !v.there(bucketRejected, key) {
		v.count(&r)
		k := keyOf(key)
		v.put([][]byte{bucketRejected}, k[:], value)
	}
}

func (v *salvage) count(r *stored) {
	v.highest = max(v.highest, r.seq)
	if r.at < 1<<62 {
		v.age = max(v.age, r.at)
	}
}

// there says whether a place is taken in the fresh file, by itself or in a group's span.
func (v *salvage) there(bucket []byte, seq uint64) bool {
	k, value := v.seek(bucket, seq)
	if k == 0 {
		return false
	}
	g, err := parseGroup(k, value)
	return k == seq || err == nil && g.first <= seq
}

// clear says whether nothing in the fresh file lies in the span from first to last.
func (v *salvage) clear(first, last uint64) bool {
	k, value := v.seek(bucketQueue, first)
	if k == 0 {
		return true
	}
	if g, err := parseGroup(k, value); err == nil {
		return g.first > last
	}
	return k > last
}

func (v *salvage) seek(bucket []byte, seq uint64) (uint64, []byte) {
	b, err := v.to.at([][]byte{bucket})
	if err != nil {
		v.err = err
		return 0, nil
	}
	from := keyOf(seq)
	k, value := b.Cursor().Seek(from[:])
	return parseKey(k), value
}
