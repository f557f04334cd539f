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

// A Tx is a transaction. It is valid until the function it was passed to returns, for one
// goroutine.
type Tx struct {
	s     *Spool
	o     *session
	bolt  *bolt.Tx // nil where there is nothing to read yet
	write bool
	now   time.Time

	// inside is set while this package or bbolt runs: a panic then is the file's fault, not the
	// caller's. It is set and cleared without defer, so that a panic leaves it as it was.
	inside bool
	// began is set when fn is called, over when it has returned.
	began, over bool
	// dirty means that there is something to commit, appended that this includes new records.
	dirty, appended bool
	// committed is set when the changes are on the disk.
	committed bool
	// compact asks for a compaction however little it gains.
	compact bool
	// format of the file, as it is read.
	format uint32

	large  [2]records // the buckets queue and rejected, once they were accessed
	totals totals
	before uint64 // bytes of all records when the transaction began
	drops  [numCauses]Drop
	// unstored is the marker's count; unstoredTaken means that the file's drop counts have it.
	unstored      unstored
	unstoredTaken bool
	fault         error // why this transaction can no longer be committed
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

// begin starts the transaction and reads the format and the totals. A file without buckets is one
// whose creation was interrupted; the first write creates them.
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
	if err := tx.readTotals(meta); err != nil {
		return err
	}
	if err := tx.takeUnstored(meta); err != nil {
		return err
	}
	tx.before = tx.totals.queue.bytes + tx.totals.rejected.bytes
	if err := tx.verifyFirst(); err != nil || !tx.write || tx.format == Format {
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
			return tx.wrapCorrupt(err)
		}
	}
	tx.o.created, tx.format = true, Format
	tx.totals.wall = tx.now.UnixMilli()
	return tx.bolt.Bucket(bucketMeta).Put(keyFormat, formatValue(Format))
}

// formatValue encodes a format, for this version and all later ones. A checksum follows it, so that
// a flipped bit does not make the file look like one of a later version, which is never repaired.
// Format 1 had no checksum.
func formatValue(format uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, format)
	return binary.BigEndian.AppendUint32(b, checksum(0, b))
}

// parseFormat decodes a format; it returns 0 if v is not one.
func parseFormat(v []byte) uint32 {
	if len(v) == 4 && binary.BigEndian.Uint32(v) == 1 {
		return 1
	}
	if len(v) != 8 || binary.BigEndian.Uint32(v[4:]) != checksum(0, v[:4]) {
		return 0
	}
	return binary.BigEndian.Uint32(v)
}

// bucket returns a bucket; nil without an error only in a read-only transaction on an empty file.
func (tx *Tx) bucket(name []byte) (*bolt.Bucket, error) {
	if tx.over {
		return nil, ErrTxOver
	}
	if tx.bolt == nil {
		return nil, nil
	}
	b := tx.bolt.Bucket(name)
	if b == nil && (tx.write || tx.totals.read) {
		return nil, tx.missingBucket(name)
	}
	return b, nil
}

// writable returns a bucket to write to.
func (tx *Tx) writable(name []byte) (*bolt.Bucket, error) {
	if !tx.write && !tx.over {
		return nil, ErrViewOnly
	}
	return tx.bucket(name)
}

func (tx *Tx) missingBucket(name []byte) error {
	return damaged(tx.s.path, "its bucket %q is missing", name)
}

// wrapCorrupt wraps an error that bbolt returns only for a damaged file: keys and values were
// checked before.
func (tx *Tx) wrapCorrupt(err error) error { return damaged(tx.s.path, "%v", err) }

// outOfOrder is the error for keys that do not ascend. bbolt finds a key by binary search, so in
// such a file it may delete nothing without an error, or loop forever. Every walk therefore checks
// that the keys ascend.
func (tx *Tx) outOfOrder() error { return damaged(tx.s.path, "its keys are out of order") }

// highest returns the sequence number of the record that was appended last.
func (tx *Tx) highest() (uint64, error) {
	queue, err := tx.records(bucketQueue)
	if err != nil {
		return 0, err
	}
	return queue.b.Sequence(), nil
}

// leave ends a method that the caller's function called. After damage was found, the change may be
// incomplete, so the transaction is not committed even if the caller ignores the error.
func (tx *Tx) leave(err error) error {
	tx.inside = false
	if err != nil && errors.Is(err, ErrDamaged) {
		tx.fault = err
	}
	return err
}

// run calls the caller's function.
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
	if err := tx.verifyMerges(); err != nil {
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
	tx.committed, tx.unstoredTaken = true, true
	tx.hook(point, ".after")
	if tx.o.created {
		if err := syncDir(tx.s.dir); err != nil {
			return explain("sync the folder", tx.s.dir, true, err)
		}
	}
	return nil
}

// rollback ends a transaction that was not committed; after a commit it does nothing. It returns
// false if bbolt cannot roll back, which loses nothing: uncommitted changes are not in the file.
func (tx *Tx) rollback() (ok bool) {
	if tx.bolt == nil {
		return true
	}
	defer func() { ok = recover() == nil }()
	_ = tx.bolt.Rollback() // an error says that the transaction is over already
	return true
}

// hook calls the test hook. A panic in it does not count as damage of the file.
func (tx *Tx) hook(name, when string) {
	if tx.s.opt.Hook != nil {
		tx.inside = false
		tx.s.callHook(name + when)
		tx.inside = true
	}
}
