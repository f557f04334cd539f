package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Format is the version of the file's layout that this package writes.
const Format = 2

// A Tx is a transaction. It is good until the function it was given to returns, and for one goroutine.
type Tx struct {
	s     *Spool
	o     *session
	bolt  *bolt.Tx // nil where there is nothing to read yet
	write bool
	now   time.Time

	// inside is set while bbolt has the word: a panic then is the file's fault, not the caller's. It
	// is set and cleared without defer, so that a panic leaves it as it was.
	inside bool
	// began is set when fn gets the word, over when it has returned.
	began, over bool
	// dirty says that there is something to commit, appended that records are among it.
	dirty, appended bool
	// compact asks for a shorter file, whatever there is to gain.
	compact bool
	// format of the file, as it is read.
	format uint32

	totals totals
	before uint64 // bytes of all records when the transaction began
	drops  [numCauses]Drop
	fault  error // why this transaction can no longer be committed
}

var (
	bucketMeta     = []byte("meta")
	bucketQueue    = []byte("queue")
	bucketRejected = []byte("rejected")
	bucketDropped  = []byte("dropped")
	bucketState    = []byte("state")

	allBuckets = [][]byte{bucketMeta, bucketQueue, bucketRejected, bucketDropped, bucketState}

	keyFormat = []byte("format")
)

// begin starts the transaction and reads what every step needs. A file without buckets is a first
// creation that got no further; they are made with the first thing that is stored.
func (tx *Tx) begin() error {
	if err := tx.openDB(); err != nil {
		return err
	}
	b, err := tx.o.db.Begin(tx.write)
	if err != nil {
		return fmt.Errorf("read %s: %w", tx.s.path, err)
	}
	tx.bolt = b
	meta := b.Bucket(bucketMeta)
	if meta == nil {
		if k, _ := b.Cursor().First(); k != nil {
			return damaged(tx.s.path, "it names no format")
		}
		return tx.create()
	}
	switch tx.format = parseFormat(meta.Get(keyFormat)); {
	case tx.format == 0:
		return damaged(tx.s.path, "it names no format")
	case tx.format > Format:
		return fmt.Errorf("%s: %w (format %d; this program knows %d)", tx.s.path, ErrNewerFormat, tx.format, Format)
	}
	err = tx.readTotals(meta)
	tx.before = tx.totals.queue.bytes + tx.totals.rejected.bytes
	if err != nil || !tx.write || tx.format == Format {
		return err
	}
	return tx.upgrade()
}

func (tx *Tx) create() error {
	if !tx.write {
		return nil
	}
	for _, name := range allBuckets {
		if _, err := tx.bolt.CreateBucket(name); err != nil {
			return tx.odd(err)
		}
	}
	tx.o.created, tx.format = true, Format
	tx.totals.wall = tx.now.UnixMilli()
	return tx.bolt.Bucket(bucketMeta).Put(keyFormat, formatValue(Format))
}

// formatValue is how a format is stored, in this one and all later ones: a sum follows, so that a flipped bit
// does not make a file one of a later version, which nobody would mend. Format 1 had none.
func formatValue(format uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, format)
	return binary.BigEndian.AppendUint32(b, uint32(xxh64(0, b)))
}

// parseFormat returns 0 for what is none.
func parseFormat(v []byte) uint32 {
	if len(v) == 4 && binary.BigEndian.Uint32(v) == 1 {
		return 1
	}
	if len(v) != 8 || binary.BigEndian.Uint32(v[4:]) != uint32(xxh64(0, v[:4])) {
		return 0
	}
	return binary.BigEndian.Uint32(v)
}

// bucket returns nil only in a transaction that reads and has nothing to read.
func (tx *Tx) bucket(name []byte) (*bolt.Bucket, error) {
	if tx.over {
		return nil, ErrTxOver
	}
	if tx.bolt == nil {
		return nil, nil
	}
	b := tx.bolt.Bucket(name)
	if b == nil && (tx.write || tx.totals.read) {
		return nil, damaged(tx.s.path, "it has no part %q", name)
	}
	return b, nil
}

// writable is bucket for what writes.
func (tx *Tx) writable(name []byte) (*bolt.Bucket, error) {
	if !tx.write && !tx.over {
		return nil, ErrViewOnly
	}
	return tx.bucket(name)
}

// leave gives the word back to the caller. What was found damaged may be half changed: whatever the
// caller makes of the error, the transaction ends with it.
func (tx *Tx) leave(err error) error {
	tx.inside = false
	if err != nil && errors.Is(err, ErrDamaged) {
		tx.fault = err
	}
	return err
}

// run gives the caller's function the word.
func (tx *Tx) run(fn func(*Tx) error) error {
	tx.inside, tx.began = false, true
	err := fn(tx)
	tx.inside = true
	tx.over = true
	if err == nil {
		err = tx.fault
	}
	return err
}

// commit writes and syncs what the transaction changed, if anything.
func (tx *Tx) commit(point string) error {
	if !tx.dirty {
		return nil
	}
	if err := tx.writeDrops(); err != nil {
		return err
	}
	if err := tx.writeTotals(); err != nil {
		return err
	}
	if point == "" {
		point = "update"
		if tx.appended {
			point = "append"
		}
	}
	tx.hook(point, ".before")
	if err := tx.bolt.Commit(); err != nil {
		return explain("store in", tx.s.path, true, err)
	}
	tx.hook(point, ".after")
	if tx.o.created {
		if err := syncDir(tx.s.dir); err != nil {
			return explain("sync the folder", tx.s.dir, true, err)
		}
	}
	return nil
}

// undo takes back what was not committed; after a commit there is nothing. It returns false when
// bbolt is in no state to do so, which costs nothing: what is not committed is not in the file.
func (tx *Tx) undo() (ok bool) {
	if tx.bolt == nil {
		return true
	}
	defer func() { ok = recover() == nil }()
	_ = tx.bolt.Rollback() // an error says that it is over already
	return true
}

// hook gives a test the word.
func (tx *Tx) hook(name, when string) {
	if tx.s.opt.Hook != nil {
		tx.inside = false
		tx.s.opt.Hook(name + when)
		tx.inside = true
	}
}
