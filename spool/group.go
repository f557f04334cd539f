package spool

import (
	"encoding/binary"
	"math/bits"

	"virgo/spool/internal/lz4"
)

// A group is many records in one value, compressed: what waits for long is packed into groups, so that
// a long outage costs a tenth of the disk, and its end a hundredth of the page writes. Its key is the place of its last
// record:
//
//	kind u8 (2), sum u32, first u64 (place of the first record), from u64, to u64 (least and
//	greatest "at"), made i64 (of the first), last i64 (made of the last), size u32,
//	gone: one bit a place from first to the key, the lowest bit of the first byte first: set where no
//	record waits (any more),
//	LZ4 block of size bytes: for each record that was packed
//	    skip uvarint (places since the one before), behind uvarint (place - order),
//	    length uvarint, then the record from "at" on
const (
	kindGroup  = 2
	groupFixed = summedFrom + 8 + 8 + 8 + 8 + 8 + 4

	groupRecords = 128      // records in a group, at most
	groupPlaces  = 512      // places that it spans, at most
	groupBytes   = 64 << 10 // before compression, at most
)

// A group's value, taken apart; its slices point into it.
type group struct {
	v           []byte
	first, last uint64 // places
	from, to    uint64 // ms of the spool's clock
	made, made2 int64  // ms since the epoch, of the first and the last that were packed
	size        int
	gone        []byte
	block       []byte
}

func isGroup(v []byte) bool { return len(v) > 0 && v[0] == kindGroup }

// parseGroup reads the head; errRecord where the form or the sum is wrong.
func parseGroup(key uint64, v []byte) (g group, err error) {
	if len(v) < groupFixed || v[0] != kindGroup || binary.BigEndian.Uint32(v[sumAt:]) != recordSum(key, v) {
		return group{}, errRecord
	}
	u64 := func(i int) uint64 { return binary.BigEndian.Uint64(v[summedFrom+8*i:]) }
	g = group{v: v, first: u64(0), last: key, from: u64(1), to: u64(2), made: int64(u64(3)), made2: int64(u64(4))}
	g.size = int(binary.BigEndian.Uint32(v[groupFixed-4:]))
	if g.first == 0 || g.first > key || key-g.first >= groupPlaces || g.size > groupBytes {
		return group{}, errRecord
	}
	marks := int(key-g.first)/8 + 1
	if len(v) < groupFixed+marks {
		return group{}, errRecord
	}
	g.gone, g.block = v[groupFixed:groupFixed+marks], v[groupFixed+marks:]
	return g, nil
}

// live counts the records that still wait.
func (g *group) live() int {
	places := int(g.last-g.first) + 1
	n := places
	for i, b := range g.gone {
		if left := places - 8*i; left < 8 {
			b &= 1<<left - 1
		}
		n -= bits.OnesCount8(b)
	}
	return n
}

// waits says whether the record of a place in the group still does.
func (g *group) waits(seq uint64) bool {
	i := seq - g.first
	return seq >= g.first && seq <= g.last && g.gone[i/8]>>(i%8)&1 == 0
}

// records takes the group apart, as a list of those that still wait; they point into buf, which they
// are expanded into.
func (g *group) records(buf []byte) (list []stored, _ []byte, err error) {
	at := len(buf)
	if buf, err = lz4.Expand(buf, g.block, g.size); err != nil {
		return nil, nil, errRecord
	}
	b := buf[at:]
	number := func() uint64 {
		n, l := binary.Uvarint(b)
		if l <= 0 {
			err = errRecord
			return 0
		}
		b = b[l:]
		return n
	}
	list = make([]stored, 0, g.live())
	for seq := g.first; len(b) > 0; {
		skip, behind, length := number(), number(), number()
		if err != nil || skip > g.last-seq || length > uint64(len(b)) {
			return nil, nil, errRecord
		}
		seq += skip
		r, err := parseBody(seq, seq-behind, b[:length:length])
		if err != nil {
			return nil, nil, err
		}
		b = b[length:]
		if r.held = true; g.waits(seq) {
			list = append(list, r)
		}
	}
	if len(list) != g.live() {
		return nil, nil, errRecord
	}
	return list, buf, nil
}

// without gives the group's value with further places gone.
func (g *group) without(seqs ...uint64) []byte {
	v := append([]byte(nil), g.v...)
	for _, seq := range seqs {
		i := seq - g.first
		v[groupFixed+i/8] |= 1 << (i % 8)
	}
	binary.BigEndian.PutUint32(v[sumAt:], recordSum(g.last, v))
	return v
}

// A packer makes a group.
type packer struct {
	raw         []byte
	seqs        []uint64
	from, to    uint64
	made, made2 int64
	last        uint64
}

// add takes one more record; false where it does not fit.
func (p *packer) add(r *stored) bool {
	n := len(p.seqs)
	if n == groupRecords || n > 0 && r.seq-p.seqs[0] >= groupPlaces || len(p.raw)+len(r.body)+3*binary.MaxVarintLen64 > groupBytes {
		return false
	}
	if n == 0 {
		p.last, p.from, p.made = r.seq, r.at, r.made
	}
	p.from, p.to, p.made2 = min(p.from, r.at), max(p.to, r.at), r.made
	p.raw = binary.AppendUvarint(p.raw, r.seq-p.last)
	p.raw = binary.AppendUvarint(p.raw, r.seq-r.order)
	p.raw = binary.AppendUvarint(p.raw, uint64(len(r.body)))
	p.raw = append(p.raw, r.body...)
	p.last = r.seq
	p.seqs = append(p.seqs, r.seq)
	return true
}

// value gives the group; its key is p.last.
func (p *packer) value() []byte {
	first := p.seqs[0]
	v := make([]byte, summedFrom, groupFixed+len(p.raw)/4)
	v[0] = kindGroup
	for _, n := range [...]uint64{first, p.from, p.to, uint64(p.made), uint64(p.made2)} {
		v = binary.BigEndian.AppendUint64(v, n)
	}
	v = binary.BigEndian.AppendUint32(v, uint32(len(p.raw)))
	marks := make([]byte, (p.last-first)/8+1)
	for i := range marks {
		marks[i] = 0xff
	}
	for _, seq := range p.seqs {
		i := seq - first
		marks[i/8] &^= 1 << (i % 8)
	}
	v = append(v, marks...)
	v = lz4.Append(v, p.raw)
	binary.BigEndian.PutUint32(v[sumAt:], recordSum(p.last, v))
	return v
}
