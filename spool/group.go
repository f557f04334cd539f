package spool

import (
	"encoding/binary"
	"math/bits"

	"virgo/spool/lz4"
)

// A group is up to 128 records in one value, compressed: after a long outage the queue takes a
// tenth of the disk, and draining it a hundredth of the page writes. Its key is the sequence number
// of its last record:
//
//	kind     u8 (2)
//	checksum u32, of the fields below
//	first    u64, sequence number of the first record
//	from, to u64, the least and the greatest "at"
//	made     i64, "made" of the first record
//	last     i64, "made" of the last record
//	size     u32, of the records before compression
//	gone     one bit for each sequence number from first to the key, starting with the lowest bit
//	         of the first byte: set if no record with that number is queued (any more)
//	block    LZ4 block, for each packed record
//	             skip    uvarint, sequence numbers since the one before
//	             behind  uvarint, sequence number - order
//	             length  uvarint
//	             the record from "at" on
const (
	kindGroup  = 2
	groupFixed = summedFrom + 8 + 8 + 8 + 8 + 8 + 4

	groupRecords = 128      // records in a group, at most
	groupSpan    = 512      // sequence numbers that it covers, at most
	groupBytes   = 64 << 10 // before compression, at most
)

// A group is a parsed value; its slices point into the value.
type group struct {
	v              []byte
	first, last    uint64 // sequence numbers
	from, to       uint64 // ms of the spool's clock
	made, lastMade int64  // ms since the epoch, of the first and the last packed record
	size           int
	gone           []byte
	block          []byte
}

func isGroup(v []byte) bool { return len(v) > 0 && v[0] == kindGroup }

// parseGroup reads the fields before the block. It returns errRecord if the form or the checksum is
// wrong.
func parseGroup(key uint64, v []byte) (g group, err error) {
	if len(v) < groupFixed || v[0] != kindGroup || binary.BigEndian.Uint32(v[sumAt:]) != recordSum(key, v) {
		return group{}, errRecord
	}
	u64 := func(i int) uint64 { return binary.BigEndian.Uint64(v[summedFrom+8*i:]) }
	g = group{
		v: v, first: u64(0), last: key, from: u64(1), to: u64(2),
		made: int64(u64(3)), lastMade: int64(u64(4)),
	}
	g.size = int(binary.BigEndian.Uint32(v[groupFixed-4:]))
	if g.first == 0 || g.first > key || key-g.first >= groupSpan || g.size > groupBytes {
		return group{}, errRecord
	}
	marks := int(key-g.first)/8 + 1
	if len(v) < groupFixed+marks {
		return group{}, errRecord
	}
	g.gone, g.block = v[groupFixed:groupFixed+marks], v[groupFixed+marks:]
	return g, nil
}

// queued counts the records that are still queued.
func (g *group) queued() int {
	span := int(g.last-g.first) + 1
	n := span
	for i, b := range g.gone {
		if left := span - 8*i; left < 8 {
			b &= 1<<left - 1
		}
		n -= bits.OnesCount8(b)
	}
	return n
}

// has reports whether the record of that sequence number is still queued.
func (g *group) has(seq uint64) bool {
	i := seq - g.first
	return seq >= g.first && seq <= g.last && g.gone[i/8]>>(i%8)&1 == 0
}

// records expands the group into buf and returns the records that are still queued; they point into
// buf.
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
	list = make([]stored, 0, g.queued())
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
		if r.copied = true; g.has(seq) {
			list = append(list, r)
		}
	}
	if len(list) != g.queued() {
		return nil, nil, errRecord
	}
	return list, buf, nil
}

// without returns the group's value with further records marked as gone.
func (g *group) without(seqs ...uint64) []byte {
	v := append([]byte(nil), g.v...)
	for _, seq := range seqs {
		i := seq - g.first
		v[groupFixed+i/8] |= 1 << (i % 8)
	}
	binary.BigEndian.PutUint32(v[sumAt:], recordSum(g.last, v))
	return v
}

// A groupWriter packs records into a group.
type groupWriter struct {
	raw            []byte
	seqs           []uint64
	from, to       uint64
	made, lastMade int64
	last           uint64
}

// add adds a record. It returns false if the record does not fit.
func (p *groupWriter) add(r *stored) bool {
	n := len(p.seqs)
	size := len(p.raw) + len(r.body) + 3*binary.MaxVarintLen64
	if n == groupRecords || n > 0 && r.seq-p.seqs[0] >= groupSpan || size > groupBytes {
		return false
	}
	if n == 0 {
		p.last, p.from, p.made = r.seq, r.at, r.made
	}
	p.from, p.to, p.lastMade = min(p.from, r.at), max(p.to, r.at), r.made
	p.raw = binary.AppendUvarint(p.raw, r.seq-p.last)
	p.raw = binary.AppendUvarint(p.raw, r.seq-r.order)
	p.raw = binary.AppendUvarint(p.raw, uint64(len(r.body)))
	p.raw = append(p.raw, r.body...)
	p.last = r.seq
	p.seqs = append(p.seqs, r.seq)
	return true
}

// value returns the group's value; its key is p.last.
func (p *groupWriter) value() []byte {
	first := p.seqs[0]
	v := make([]byte, summedFrom, groupFixed+len(p.raw)/4)
	v[0] = kindGroup
	for _, n := range [...]uint64{first, p.from, p.to, uint64(p.made), uint64(p.lastMade)} {
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
