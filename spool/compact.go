package spool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	bolt "go.etcd.io/bbolt"

	"virgo/spool/internal/boltfile"
)

// bbolt never returns pages to the file system. A file of which more than half is free is therefore
// copied to a new one, which is synced and renamed over it ([Spool.replace]): whenever the process
// dies, the path names a whole file.
const (
	// compactFrom is the length in bytes below which a file is not worth compacting.
	compactFrom = 512 << 10
	// manyFree is the number of free pages above which a file is compacted if they are also more
	// than an eighth of it: every process that writes reads the list of free pages.
	manyFree = 4096
	// copyBytes bounds a transaction of the copy, which is in memory until it ends.
	copyBytes = 128 << 10

	compactSuffix = ".compact"
)

// Compact makes the file as short as its content allows. It is rarely needed: a commit that leaves
// more than half of the file free compacts it.
//
// Errors: those of opening, [ErrFull], [ErrReadOnly] and the system's: the file is then as it was.
func (s *Spool) Compact(ctx context.Context) error {
	return s.transact(ctx, writes|repeatable, "update", func(tx *Tx) error {
		if tx.bolt.Bucket(bucketMeta) != nil {
			tx.compact = true
		}
		return nil
	})
}

// errWrittenMeanwhile is returned when the file could not be replaced by a copy, because an earlier
// version of this program wrote to it after it was copied.
var errWrittenMeanwhile = fmt.Errorf("%w: an earlier version of this program", ErrLocked)

// worthCompacting reports whether more than half of the file's pages are free, or very many.
func worthCompacting(u boltfile.Usage) bool {
	return u.Pages*boltfile.PageSize >= compactFrom &&
		(u.Free > u.Pages/2 || u.Free > max(manyFree, u.Pages/8))
}

// maybeCompact compacts the file after a commit if that is worth it or was requested. If it fails,
// nothing is lost and the next commit tries again.
func (tx *Tx) maybeCompact(ctx context.Context) error {
	if !tx.compact {
		if tx.o.size < compactFrom { // spares most runs the reading
			return nil
		}
		if u, err := boltfile.ReadUsage(tx.o.f); err != nil || !worthCompacting(u) {
			return nil
		}
	}
	s, path := tx.s, tx.s.path+compactSuffix
	if err := boltfile.Verify(tx.o.f); err != nil { // the copy reads every page
		return tx.unverified(err)
	}
	tx.hook("compact", ".before")
	f, err := openFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return explain("open", path, true, err)
	}
	if err := tx.copyTo(f, path); err != nil {
		if errno := syscall.Errno(0); !errors.As(err, &errno) {
			err = damaged(s.path, "it cannot be copied: %v", err) // bbolt refuses to store what it read
		}
		_ = os.Remove(path)
		return explain("write", path, true, err)
	}
	tx.hook("compact", ".synced")
	closeFile := func() {
		tx.rollback() // of a transaction that changed nothing: bbolt waits for it
		tx.o.closeFile(false)
	}
	if err := s.replace(ctx, path, tx.o.f, closeFile); err != nil {
		return errors.Join(explain("rename to", s.path, true, err), os.Remove(path))
	}
	tx.hook("compact", ".after")
	return explain("sync the folder", s.dir, true, syncDir(s.dir))
}

// copyTo copies everything to the empty file f, syncs and closes it.
func (tx *Tx) copyTo(f *os.File, path string) (err error) {
	to, err := openNew(f, path)
	if err != nil {
		f.Close()
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	from, err := tx.o.db.Begin(false)
	if err != nil {
		return err
	}
	defer from.Rollback()
	c := copier{to: to, done: func() { giveBack(tx.o.db, from.Size()) }}
	defer c.end(false) // also after a panic: closing waits for open transactions
	for _, name := range allBuckets {
		if err := c.bucket(from.Bucket(name), [][]byte{name}); err != nil {
			return err
		}
	}
	if err := c.end(true); err != nil {
		return err
	}
	return to.Sync()
}

// openNew has bbolt open a file that no other process uses yet. The caller syncs it at the end.
func openNew(f *os.File, path string) (*bolt.DB, error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{
		OpenFile:     func(string, int, fs.FileMode) (*os.File, error) { return f, nil },
		PageSize:     boltfile.PageSize,
		FreelistType: bolt.FreelistArrayType,
		NoSync:       true,
		NoGrowSync:   true,
		NoStatistics: true,
	})
	if err == nil {
		db.AllocSize = copyBytes
	}
	return db, err
}

// A copier writes to a new file in transactions of bounded size.
type copier struct {
	to    *bolt.DB
	tx    *bolt.Tx
	bytes int    // put in the current transaction
	done  func() // called after each transaction
}

// at returns a bucket in the current transaction; it creates what is missing.
func (c *copier) at(path [][]byte) (*bolt.Bucket, error) {
	if c.tx == nil {
		var err error
		if c.tx, err = c.to.Begin(true); err != nil {
			return nil, err
		}
	}
	b, err := c.tx.CreateBucketIfNotExists(path[0])
	for _, name := range path[1:] {
		if err == nil {
			b, err = b.CreateBucketIfNotExists(name)
		}
	}
	if err == nil {
		b.FillPercent = 1 // keys are added in ascending order
	}
	return b, err
}

// end commits the current transaction, or rolls it back.
func (c *copier) end(commit bool) error {
	tx := c.tx
	if c.tx, c.bytes = nil, 0; tx == nil {
		return nil
	}
	if !commit {
		return tx.Rollback()
	}
	size := tx.Size()
	err := tx.Commit()
	giveBack(c.to, size)
	return err
}

// added counts the bytes that were put, and commits the transaction once it is large enough. open is
// false if it did.
func (c *copier) added(bytes int) (open bool, err error) {
	if c.bytes += bytes; c.bytes < copyBytes {
		return true, nil
	}
	err = c.end(true)
	if c.done != nil {
		c.done()
	}
	return false, err
}

// bucket copies a bucket and the buckets in it.
func (c *copier) bucket(from *bolt.Bucket, path [][]byte) error {
	if from == nil {
		return errors.New("a bucket is missing")
	}
	to, err := c.at(path)
	if err == nil {
		err = to.SetSequence(from.Sequence())
	}
	if err != nil {
		return err
	}
	cur := from.Cursor()
	for k, v := cur.First(); k != nil; k, v = cur.Next() {
		open := false
		if v == nil {
			err = c.bucket(from.Bucket(k), append(path[:len(path):len(path)], k))
		} else if err = to.Put(k, v); err == nil {
			open, err = c.added(len(k) + len(v))
		}
		if err == nil && !open {
			to, err = c.at(path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
