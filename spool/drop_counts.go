package spool

import (
	"encoding/binary"
	"time"
)

// A Cause is the reason why a record was dropped before it was acknowledged.
type Cause string

// The causes, in the order in which they are listed.
const (
	CauseSpace   Cause = "space"   // the bound on bytes
	CauseAge     Cause = "age"     // the bound on age
	CauseRefused Cause = "refused" // rejected by the endpoint, and then past a bound
	CauseDamaged Cause = "damaged" // it could not be read
	CauseUser    Cause = "user"    // a person asked for it

	// CauseUnstored: it could be neither stored nor delivered ([Spool.NoteUnstored]).
	CauseUnstored Cause = "unstored"

	// CauseUnknown counts damaged files, not records: nobody knows how many records such a file had,
	// because its totals could not be read either.
	CauseUnknown Cause = "unknown"
)

const numCauses = 7

var causes = [numCauses]Cause{
	CauseSpace, CauseAge, CauseRefused, CauseDamaged, CauseUser, CauseUnstored, CauseUnknown,
}

func (c Cause) index() int {
	for i := range causes {
		if causes[i] == c {
			return i
		}
	}
	panic("spool: unknown cause: " + string(c))
}

// A Drop counts the records that were dropped for one cause.
type Drop struct {
	Cause Cause
	// Records is the number of records; of [CauseUnknown], that of files.
	Records uint64
	Bytes   int64
	// First and Last are when the oldest and the newest of them were made; zero if no time could be
	// read.
	First, Last time.Time
}

const dropBytes = 4 * 8

// count adds one record of that many bytes. made is in ms since the Unix epoch; it is ignored if
// known is false.
func (d *Drop) count(bytes int, made int64, known bool) {
	d.Records++
	d.Bytes += int64(bytes)
	if known {
		d.include(time.UnixMilli(made))
	}
}

// include extends the span of time to t.
func (d *Drop) include(t time.Time) {
	if t.IsZero() {
		return
	}
	if d.First.IsZero() || t.Before(d.First) {
		d.First = t
	}
	if d.Last.IsZero() || t.After(d.Last) {
		d.Last = t
	}
}

func (d *Drop) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, d.Records)
	b = binary.BigEndian.AppendUint64(b, uint64(d.Bytes))
	b = binary.BigEndian.AppendUint64(b, uint64(d.First.UnixMilli()))
	return binary.BigEndian.AppendUint64(b, uint64(d.Last.UnixMilli()))
}

// readDrop decodes what append encoded; the zero time is encoded as its UnixMilli.
func readDrop(c Cause, b []byte) (d Drop, ok bool) {
	if len(b) != dropBytes {
		return Drop{Cause: c}, false
	}
	timeAt := func(b []byte) time.Time {
		ms := int64(binary.BigEndian.Uint64(b))
		if ms == (time.Time{}).UnixMilli() {
			return time.Time{}
		}
		return time.UnixMilli(ms)
	}
	return Drop{
		Cause:   c,
		Records: binary.BigEndian.Uint64(b),
		Bytes:   int64(binary.BigEndian.Uint64(b[8:])),
		First:   timeAt(b[16:]),
		Last:    timeAt(b[24:]),
	}, true
}

// sinceKey returns the key for the drops of a cause since the last report.
func sinceKey(c Cause) []byte { return append([]byte("since "), c...) }

// add adds the counts of another.
func (d *Drop) add(other Drop) {
	d.Records += other.Records
	d.Bytes += other.Bytes
	d.include(other.First)
	d.include(other.Last)
}

// writeDrops adds this transaction's drops to both stored counts: of all drops ever, and of those
// that are in no report yet.
func (tx *Tx) writeDrops() error {
	for i := range tx.drops {
		if tx.drops[i].Records > 0 {
			if err := tx.addDrop(i, tx.drops[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// addDrop adds drops of a cause to both of its stored counts.
func (tx *Tx) addDrop(cause int, add Drop) error {
	b := tx.bolt.Bucket(bucketDropped)
	if b == nil {
		return tx.missingBucket(bucketDropped)
	}
	for _, key := range [...][]byte{[]byte(causes[cause]), sinceKey(causes[cause])} {
		d := add
		if before, ok := readDrop(causes[cause], b.Get(key)); ok {
			d.add(before)
		}
		if err := b.Put(key, d.append(nil)); err != nil {
			return err
		}
	}
	return nil
}

// Dropped returns what this transaction has dropped so far, by cause; nil if it dropped nothing. It
// may also be called after the transaction; then it is only valid if the transaction was committed.
func (tx *Tx) Dropped() []Drop {
	var list []Drop
	for i, d := range tx.drops {
		if d.Records > 0 {
			d.Cause = causes[i]
			list = append(list, d)
		}
	}
	return list
}
