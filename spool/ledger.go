package spool

import (
	"encoding/binary"
	"time"
)

// A Cause is why a record was dropped before it was acknowledged.
type Cause string

// The causes, in the order that they are listed in.
const (
	CauseSpace   Cause = "space"   // the bound on bytes
	CauseAge     Cause = "age"     // the bound on age
	CauseRefused Cause = "refused" // refused by the endpoint, and then past a bound
	CauseDamaged Cause = "damaged" // it could not be read back
	CauseUser    Cause = "user"    // a person asked for it
)

const numCauses = 5

var causes = [numCauses]Cause{CauseSpace, CauseAge, CauseRefused, CauseDamaged, CauseUser}

func (c Cause) index() int {
	for i := range causes {
		if causes[i] == c {
			return i
		}
	}
	panic("spool: no such cause: " + string(c))
}

// A Drop sums up what was dropped for one cause.
type Drop struct {
	Cause   Cause
	Records uint64
	Bytes   int64
	// First and Last are the earliest and the latest time at which one of them was made; zero where
	// that could not be read any more.
	First, Last time.Time
}

const dropBytes = 4 * 8

// note adds one record of the given bytes. made is ms since the epoch, where known says so.
func (d *Drop) note(bytes int, made int64, known bool) {
	d.Records++
	d.Bytes += int64(bytes)
	if known {
		d.reach(time.UnixMilli(made))
	}
}

func (d *Drop) reach(t time.Time) {
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

// readDrop reads what append wrote. The zero time stands there as the number that it gives.
func readDrop(c Cause, b []byte) (d Drop, ok bool) {
	if len(b) != dropBytes {
		return Drop{Cause: c}, false
	}
	at := func(b []byte) time.Time {
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
		First:   at(b[16:]),
		Last:    at(b[24:]),
	}, true
}

// sinceKey is where the ledger keeps what was dropped for a cause since the last report.
func sinceKey(c Cause) []byte { return append([]byte("since "), c...) }

// add sums up.
func (d *Drop) add(other Drop) {
	d.Records += other.Records
	d.Bytes += other.Bytes
	d.reach(other.First)
	d.reach(other.Last)
}

// writeDrops adds what this transaction dropped to the ledger: to what was ever dropped, and to what
// nobody was told of yet.
func (tx *Tx) writeDrops() error {
	for i := range tx.drops {
		if tx.drops[i].Records == 0 {
			continue
		}
		b := tx.bolt.Bucket(bucketDropped)
		if b == nil {
			return damaged(tx.s.path, "it has no part %q", bucketDropped)
		}
		for _, key := range [...][]byte{[]byte(causes[i]), sinceKey(causes[i])} {
			d := tx.drops[i]
			if was, ok := readDrop(causes[i], b.Get(key)); ok {
				d.add(was)
			}
			if err := b.Put(key, d.append(nil)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Dropped is what this transaction has dropped so far, by cause; nil where it dropped nothing. It
// holds once the transaction is committed, and may be asked for after that too.
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
