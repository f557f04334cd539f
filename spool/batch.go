package spool

import (
	"slices"
	"strings"
	"time"
)

// A batch of a list is small, so that memory stays flat and other processes get the file.
const (
	listRecords = 256
	listBytes   = 256 << 10
)

// A batch is what one transaction reads.
type batch struct {
	records []Record
	reasons []Refusal // of rejected records, one for each
	damaged []uint64  // keys of values that cannot be read
	last    uint64    // the sequence number up to which was read

	taken                  []stored
	maxRecords, maxBytes   int
	bytes, toCopy, idBytes int // of data, of data in the file's memory map, of ids
}

// take adds a record. It returns false if the batch is full.
func (b *batch) take(r *stored) bool {
	if len(b.taken) >= b.maxRecords || len(b.taken) > 0 && b.bytes+len(r.data) > b.maxBytes {
		return false
	}
	if b.bytes += len(r.data); !r.copied {
		b.toCopy += len(r.data)
	}
	b.idBytes += idSize(len(r.agent))
	b.taken = append(b.taken, *r)
	b.last = r.seq
	return true
}

// takeValue adds the wanted records of one value of the queue, in reverse order if backward is set.
// It adds the key of a value that cannot be read to damaged, and returns false if the batch is full.
func (b *batch) takeValue(key uint64, v []byte, backward bool, wanted func(seq uint64) bool) bool {
	if !isGroup(v) {
		r, err := parseRecord(key, v)
		if err != nil {
			return b.noteDamaged(key)
		}
		return !wanted(r.seq) || b.take(&r)
	}
	g, err := parseGroup(key, v)
	if err != nil {
		return b.noteDamaged(key)
	}
	if !backward && len(b.taken) > 0 && (len(b.taken)+g.queued() > b.maxRecords || b.bytes+g.size > b.maxBytes) {
		return false // a group is expanded again by each batch that takes a part of it
	}
	list, _, err := g.records(make([]byte, 0, g.size))
	if err != nil {
		return b.noteDamaged(key)
	}
	if backward {
		slices.Reverse(list)
	}
	for i := range list {
		if wanted(list[i].seq) && !b.take(&list[i]) {
			return false
		}
	}
	if !backward {
		b.last = key
	}
	return true
}

// noteDamaged notes a value that cannot be read. It returns false if the batch has enough of them.
func (b *batch) noteDamaged(key uint64) bool {
	b.damaged = append(b.damaged, key)
	b.last = key
	return len(b.damaged) < listRecords
}

// finish makes records of what was taken, and copies data that lies in the file's memory map into
// one block.
func (b *batch) finish() {
	if len(b.taken) == 0 {
		return
	}
	block := make([]byte, 0, b.toCopy)
	var ids strings.Builder
	ids.Grow(b.idBytes)
	b.records = make([]Record, len(b.taken))
	for i := range b.taken {
		r := &b.taken[i]
		idAt, data := ids.Len(), r.data
		if !r.copied {
			from := len(block)
			block = append(block, data...)
			data = block[from:len(block):len(block)]
		}
		writeID(&ids, r.agent, r.start, r.order)
		id := ids.String()[idAt:]
		b.records[i] = Record{
			Seq: r.seq, Order: r.order, ID: id, Agent: id[:len(r.agent)],
			Made: time.UnixMilli(r.made), Data: data,
		}
	}
	b.taken = nil
}
