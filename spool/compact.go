package spool

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"

	bolt "go.etcd.io/bbolt"
)

// bbolt never gives pages back to the file system. A file of which more than half is free is
// therefore copied into a new one, which is synced and then renamed over it: whenever the process dies, one
// of the two is whole and in its place. Who waits for the old file's lock meanwhile finds, once it has
// it, that another file has its name, and takes that one.
const (
	// compactFrom is the length that no file is worth shortening below, bytes.
	compactFrom = 512 << 10
	// manyFree pages are worth a copy where they are an eighth of the file: each writing process reads the
	// whole list of them.
	manyFree = 4096
	// copyBytes is how much is copied in one transaction: it stays in memory until its end.
	copyBytes = 128 << 10

	compactSuffix = ".compact"
)

// Compact makes the file as short as what it holds allows. It happens by itself where a commit leaves
// more than half of a file free.
//
// Errors: those of opening, [ErrFull], [ErrReadOnly] and the system's: the file is then as it was.
func (s *Spool) Compact(ctx context.Context) error {
	return s.transact(ctx, writes|own, "update", func(tx *Tx) error {
		if tx.bolt.Bucket(bucketMeta) != nil {
			tx.compact = true
		}
		return nil
	})
}

// wasteful says whether more than half of the file's pages are free, or very many. A file that cannot be read says no.
func wasteful(f *os.File) bool {
	m, good, _, err := readMetas(f)
	if err != nil || good == 0 || m.pages*pageSize < compactFrom {
		return false
	}
	free, err := freePages(f, m)
	return err == nil && (free > m.pages/2 || free > max(manyFree, m.pages/8))
}

// tidy compacts the file that the transaction was committed to. Where that fails nothing is lost, and
// the next commit tries again.
func (tx *Tx) tidy() error {
	if !replaceable || !tx.compact && (tx.o.size < compactFrom || !wasteful(tx.o.f)) {
		return nil
	}
	s, path := tx.s, tx.s.path+compactSuffix
	tx.hook("compact", ".before")
	f, err := openFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return explain("open", path, true, err)
	}
	if err := tx.copyTo(f, path); err != nil {
		if errno := syscall.Errno(0); !errors.As(err, &errno) {
			err = damaged(s.path, "it cannot be copied: %v", err) // bbolt will not store what it read
		}
		_ = os.Remove(path)
		return explain("write", path, true, err)
	}
	tx.hook("compact", ".synced")
	if err := os.Rename(path, s.path); err != nil {
		return errors.Join(explain("rename to", s.path, true, err), os.Remove(path))
	}
	tx.hook("compact", ".after")
	return explain("sync the folder", s.dir, true, syncDir(s.dir))
}

// copyTo fills the empty file f, syncs and closes it.
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
	defer c.end(false) // also where the file turns out to be damaged: closing waits for open transactions
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

// openNew hands a file that nobody else knows of to bbolt. Only its end is synced.
func openNew(f *os.File, path string) (*bolt.DB, error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{
		OpenFile:     func(string, int, fs.FileMode) (*os.File, error) { return f, nil },
		PageSize:     pageSize,
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

// A copier fills a file in transactions of a bounded size.
type copier struct {
	to    *bolt.DB
	tx    *bolt.Tx
	bytes int    // put in this transaction
	done  func() // called after each
}

// at gives a bucket of the present transaction.
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
		b.FillPercent = 1 // keys come in their order, and those that are added later are greater
	}
	return b, err
}

func (c *copier) end(keep bool) error {
	tx := c.tx
	if c.tx, c.bytes = nil, 0; tx == nil {
		return nil
	}
	if !keep {
		return tx.Rollback()
	}
	size := tx.Size()
	err := tx.Commit()
	giveBack(c.to, size)
	return err
}

// room ends the transaction where it is large enough; more says that one is still open.
func (c *copier) room(bytes int) (more bool, err error) {
	if c.bytes += bytes; c.bytes < copyBytes {
		return true, nil
	}
	err = c.end(true)
	if c.done != nil {
		c.done()
	}
	return false, err
}

// bucket copies a bucket and what is in it.
func (c *copier) bucket(from *bolt.Bucket, path [][]byte) error {
	if from == nil {
		return errors.New("a part is missing")
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
		more := false
		if v == nil {
			err = c.bucket(from.Bucket(k), append(path[:len(path):len(path)], k))
		} else if err = to.Put(k, v); err == nil {
			more, err = c.room(len(k) + len(v))
		}
		if err == nil && !more {
			to, err = c.at(path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
