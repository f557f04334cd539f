package spool

import (
	"encoding/binary"
	"time"

	bolt "go.etcd.io/bbolt"
)

var (
	keyTotals = []byte("totals")
	keyInflow = []byte("inflow")
)

const (
	// believable is the longest step of the wall clock that counts as time that passed at all: a host
	// that starts in 1970 and then learns the time takes a longer one.
	believable = 366 * 24 * time.Hour
	// longestStep is the most that one step counts. Nobody can tell a host that slept for a month from
	// a clock that is a month wrong; what the first keeps too long, the second would lose.
	longestStep = 24 * time.Hour

	// inflowSpan is how much time one half of the inflow covers.
	inflowSpan = 24 * time.Hour
)

// A tally counts records and the bytes that they take.
type tally struct{ records, bytes uint64 }

func (t *tally) add(bytes int) { t.records++; t.bytes += uint64(bytes) }

// sub never goes below nothing: a wrong count must not become an endless one.
func (t *tally) sub(records, bytes int) {
	t.records -= min(t.records, uint64(records))
	t.bytes -= min(t.bytes, uint64(bytes))
}

func (t tally) append(b []byte) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, t.records), t.bytes)
}

func readTally(b []byte) tally {
	return tally{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
}

// A span is what was appended since a time of the spool's clock (ms).
type span struct {
	since uint64
	tally
}

// totals are the few numbers that every transaction reads and most write.
type totals struct {
	read            bool // the file has them
	queue, rejected tally

	wall int64  // ms since the epoch: the wall clock at the last commit
	age  uint64 // ms: the spool's clock then

	loose  uint64 // records of the queue that were not looked at for packing yet
	packed uint64 // they lie behind this place

	begun        bool    // something was ever appended
	inflow       [2]span // this span and the one before
	inflowChange bool
}

const (
	totalsBytes1 = 2*16 + 2*8 + 4 // in format 1
	totalsBytes  = totalsBytes1 + 2*8
	spanBytes    = 8 + 16
)

func (tx *Tx) readTotals(meta *bolt.Bucket) error {
	t := &tx.totals
	b, inflow := meta.Get(keyTotals), meta.Get(keyInflow)
	if !t.parse(b) || len(inflow) != 0 && len(inflow) != 2*spanBytes {
		return damaged(tx.s.path, "its totals cannot be read")
	}
	t.read = true
	if t.begun = len(inflow) > 0; t.begun {
		for i := range t.inflow {
			b := inflow[i*spanBytes:]
			t.inflow[i] = span{binary.BigEndian.Uint64(b), readTally(b[8:])}
		}
	}
	t.age += t.passed(tx.now)
	t.wall = tx.now.UnixMilli()
	return nil
}

// parse reads the numbers as this format and the one before it write them. They decide what is dropped,
// so a flipped bit in them must not pass for one.
func (t *totals) parse(b []byte) bool {
	end := len(b) - 4
	if len(b) != totalsBytes && len(b) != totalsBytes1 || binary.BigEndian.Uint32(b[end:]) != uint32(xxh64(0, b[:end])) {
		return false
	}
	t.queue, t.rejected = readTally(b), readTally(b[16:])
	t.wall, t.age = int64(binary.BigEndian.Uint64(b[32:])), binary.BigEndian.Uint64(b[40:])
	t.loose, t.packed = t.queue.records, 0
	if len(b) == totalsBytes {
		t.loose, t.packed = binary.BigEndian.Uint64(b[48:]), binary.BigEndian.Uint64(b[56:])
	}
	return true
}

// passed is the time (ms) since the last commit, as far as the wall clock can be believed.
func (t *totals) passed(now time.Time) uint64 {
	step := now.UnixMilli() - t.wall
	if step < 0 || step > believable.Milliseconds() {
		return 0
	}
	return uint64(min(step, longestStep.Milliseconds()))
}

// append writes the numbers as they are stored.
func (t *totals) append(b []byte) []byte {
	from := len(b)
	b = t.rejected.append(t.queue.append(b))
	for _, n := range [...]uint64{uint64(t.wall), t.age, t.loose, t.packed} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return binary.BigEndian.AppendUint32(b, uint32(xxh64(0, b[from:])))
}

// writeTotals puts the numbers beside what the transaction changed.
func (tx *Tx) writeTotals() error {
	meta, t := tx.bolt.Bucket(bucketMeta), &tx.totals
	b := t.append(make([]byte, 0, totalsBytes+2*spanBytes))
	if err := meta.Put(keyTotals, b); err != nil {
		return err
	}
	if !t.inflowChange {
		return nil
	}
	b = b[len(b):]
	for _, s := range t.inflow {
		b = s.tally.append(binary.BigEndian.AppendUint64(b, s.since))
	}
	return meta.Put(keyInflow, b)
}

// flow counts what is appended. The very first append only starts the count: it is what came at a
// moment, not over a time.
func (t *totals) flow(records int, bytes uint64) {
	t.inflowChange = true
	if !t.begun {
		t.begun = true
		t.inflow[0].since, t.inflow[1].since = t.age, t.age
		return
	}
	if t.age-t.inflow[0].since >= uint64(inflowSpan.Milliseconds()) {
		t.inflow[1], t.inflow[0] = t.inflow[0], span{since: t.age}
	}
	t.inflow[0].records += uint64(records)
	t.inflow[0].bytes += bytes
}

// An Inflow is what was appended during the last day or two.
type Inflow struct {
	// Over is the time that the numbers cover; 0 where only one append was ever seen.
	Over    time.Duration
	Records uint64
	Bytes   int64
}

func (t *totals) lately() Inflow {
	this, before := t.inflow[0], t.inflow[1]
	if !t.begun || t.age < before.since {
		return Inflow{}
	}
	return Inflow{
		Over:    time.Duration(t.age-before.since) * time.Millisecond,
		Records: this.records + before.records,
		Bytes:   int64(this.bytes + before.bytes),
	}
}
