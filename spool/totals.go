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
	// maxClockStep is the longest step of the wall clock that is counted at all. A host that starts
	// in 1970 and then sets its clock makes a longer one.
	maxClockStep = 366 * 24 * time.Hour
	// maxCountedStep is the longest time that one step counts as. A host that slept for a month
	// cannot be distinguished from a clock that jumped by a month. Storing records too long in the
	// first case is better than dropping them in the second.
	maxCountedStep = 24 * time.Hour

	dayMillis = 24 * 60 * 60 * 1000

	// inflowSpan is the time that one half of the inflow covers.
	inflowSpan = 24 * time.Hour
)

// A tally counts records and the bytes that they take.
type tally struct{ records, bytes uint64 }

func (t *tally) add(bytes int) { t.records++; t.bytes += uint64(bytes) }

// sub subtracts and stops at zero, so that a wrong count does not wrap around.
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

// A span counts the records that were appended since a time of the spool's clock (ms).
type span struct {
	since uint64
	tally
}

// totals are the numbers that every transaction reads and most write.
type totals struct {
	read            bool // they were read from the file
	queue, rejected tally

	newDay bool // the last commit was on another day, UTC

	wall int64  // ms since the epoch: the wall clock at the last commit
	age  uint64 // ms: the spool's clock then

	packed   uint64 // sequence number up to which records were packed
	unpacked uint64 // records of the queue after it

	begun         bool    // something was ever appended
	inflow        [2]span // the current span and the one before
	inflowChanged bool
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
	t.age += t.elapsed(tx.now)
	now := tx.now.UnixMilli()
	t.newDay = now/dayMillis != t.wall/dayMillis
	t.wall = now
	return nil
}

// parse decodes the totals of this format and of the previous one. It returns false if their
// checksum is wrong: they determine which records are dropped.
func (t *totals) parse(b []byte) bool {
	if len(b) != totalsBytes && len(b) != totalsBytes1 {
		return false
	}
	end := len(b) - sumBytes
	if binary.BigEndian.Uint32(b[end:]) != checksum(0, b[:end]) {
		return false
	}
	t.queue, t.rejected = readTally(b), readTally(b[16:])
	t.wall, t.age = int64(binary.BigEndian.Uint64(b[32:])), binary.BigEndian.Uint64(b[40:])
	t.unpacked, t.packed = t.queue.records, 0
	if len(b) == totalsBytes {
		t.unpacked, t.packed = binary.BigEndian.Uint64(b[48:]), binary.BigEndian.Uint64(b[56:])
	}
	return true
}

// elapsed returns the time (ms) since the last commit, as the spool's clock counts it.
func (t *totals) elapsed(now time.Time) uint64 {
	step := now.UnixMilli() - t.wall
	if step < 0 || step > maxClockStep.Milliseconds() {
		return 0
	}
	return uint64(min(step, maxCountedStep.Milliseconds()))
}

// append encodes the totals.
func (t *totals) append(b []byte) []byte {
	from := len(b)
	b = t.rejected.append(t.queue.append(b))
	for _, n := range [...]uint64{uint64(t.wall), t.age, t.unpacked, t.packed} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return binary.BigEndian.AppendUint32(b, checksum(0, b[from:]))
}

// writeTotals stores the totals.
func (tx *Tx) writeTotals() error {
	meta, t := tx.bolt.Bucket(bucketMeta), &tx.totals
	b := t.append(make([]byte, 0, totalsBytes+2*spanBytes))
	if err := meta.Put(keyTotals, b); err != nil {
		return err
	}
	if !t.inflowChanged {
		return nil
	}
	b = b[len(b):]
	for _, s := range t.inflow {
		b = s.tally.append(binary.BigEndian.AppendUint64(b, s.since))
	}
	return meta.Put(keyInflow, b)
}

// countInflow counts appended records. The very first append only starts the count, because no time
// has passed yet in which its records came in.
func (t *totals) countInflow(records int, bytes uint64) {
	t.inflowChanged = true
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

// An Inflow counts the records that were appended during the last day or two.
type Inflow struct {
	// Over is the length of that time, by the spool's clock; 0 before the second append.
	Over    time.Duration
	Records uint64
	Bytes   int64
}

func (t *totals) recentInflow() Inflow {
	current, before := t.inflow[0], t.inflow[1]
	if !t.begun || t.age < before.since {
		return Inflow{}
	}
	return Inflow{
		Over:    time.Duration(t.age-before.since) * time.Millisecond,
		Records: current.records + before.records,
		Bytes:   int64(current.bytes + before.bytes),
	}
}
