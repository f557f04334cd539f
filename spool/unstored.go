package spool

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"

	bolt "go.etcd.io/bbolt"
)

// Records that can be neither stored nor delivered are counted in the marker's file, behind the text.
// That needs no room on a full disk: the file has had its length since it was created. The next
// transaction that commits adds them to the drop counts.
//
// The marker's count only grows while it has the same id, and meta/unstored says how much of it was
// taken. So each is taken once, also if a process dies between the commit and the end of the
// transaction, when the count is cleared.

var keyUnstored = []byte("unstored")

const (
	unstoredAt    = 1 + maxMarkerText // offset in the marker's file
	unstoredBytes = 8 + dropBytes + sumBytes
	markerBytes   = unstoredAt + unstoredBytes
)

// An unstored count is encoded as its id, the numbers as in the bucket dropped, and a checksum.
type unstored struct {
	id uint64
	Drop
}

func (u *unstored) append(b []byte) []byte {
	from := len(b)
	b = u.Drop.append(binary.BigEndian.AppendUint64(b, u.id))
	return binary.BigEndian.AppendUint32(b, checksum(0, b[from:]))
}

// parseUnstored returns the zero value for what is no count.
func parseUnstored(b []byte) unstored {
	if len(b) != unstoredBytes {
		return unstored{}
	}
	end := len(b) - sumBytes
	if binary.BigEndian.Uint32(b[end:]) != checksum(0, b[:end]) {
		return unstored{}
	}
	d, _ := readDrop(CauseUnstored, b[8:end])
	if d.Records == 0 {
		return unstored{}
	}
	return unstored{binary.BigEndian.Uint64(b), d}
}

// NoteUnstored counts records that could be neither stored nor delivered, so that [Spool.Stats] and
// the next report of losses have them ([CauseUnstored]). It writes in place, beside the spool's file,
// and so works on a full disk.
//
// Errors: those of writing the marker's file; the records are then not counted.
func (s *Spool) NoteUnstored(ctx context.Context, records []Record) error {
	if err := s.acquire(ctx); err != nil {
		return err
	}
	defer s.release()
	// The lock excludes transactions and other notes. Where it cannot be had, a note that another
	// process makes at the same time may be lost; without this one, this is lost for sure.
	if release, err := s.lockBeside(ctx, true); err == nil {
		defer release()
	}
	if f, err := openFile(s.path, os.O_RDONLY); err == nil {
		defer f.Close()
		if err := lockWithin(ctx, f, true, s.opt.LockWait); err == nil {
			defer unlock(f)
		}
	}
	path := s.path + markerSuffix
	f, err := openFile(path, os.O_RDWR)
	created := errors.Is(err, fs.ErrNotExist)
	if created {
		f, err = openFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	}
	if err != nil {
		return explain("open", path, true, err)
	}
	defer f.Close()
	at, b := int64(unstoredAt), []byte(nil)
	if created {
		at, b = 0, make([]byte, unstoredAt, markerBytes)
		b[0] = markNew
	}
	u := readUnstored(f)
	if u.Records == 0 {
		u = unstored{id: randomStart()}
	}
	for i := range records {
		u.count(len(records[i].Data), records[i].Made.UnixMilli(), true)
	}
	if _, err = f.WriteAt(u.append(b), at); err == nil {
		err = f.Sync()
	}
	if err != nil && created {
		_ = os.Remove(path)
	}
	return explain("write", path, true, err)
}

func readUnstored(f *os.File) unstored {
	b := make([]byte, unstoredBytes)
	n, _ := f.ReadAt(b, unstoredAt)
	return parseUnstored(b[:n])
}

// clearUnstored deletes the marker's count, which is in the drop counts by now. One that grew since
// the transaction began stays.
func (m *marker) clearUnstored() {
	if m.f != nil && readUnstored(m.f) == m.unstored {
		_, _ = m.f.WriteAt(make([]byte, unstoredBytes), unstoredAt)
	}
}

// takeUnstored adds the marker's count to the drop counts. A transaction that only reads shows it.
func (tx *Tx) takeUnstored(meta *bolt.Bucket) error {
	d := tx.unstored.Drop
	if d.Records == 0 {
		return nil
	}
	if taken := parseUnstored(meta.Get(keyUnstored)); taken.id == tx.unstored.id {
		d.Records -= min(d.Records, taken.Records)
		d.Bytes -= min(d.Bytes, taken.Bytes)
	}
	if d.Records == 0 {
		tx.unstoredTaken = true
		return nil
	}
	i := CauseUnstored.index()
	if !tx.write {
		tx.drops[i] = d
		return nil
	}
	if err := tx.addDrop(i, d); err != nil {
		return err
	}
	tx.dirty = true
	if err := meta.Put(keyUnstored, tx.unstored.append(nil)); err != nil {
		return tx.wrapCorrupt(err)
	}
	return nil
}

// cutText returns the text before the first NUL.
func cutText(b []byte) string {
	text, _, _ := bytes.Cut(b, []byte{0})
	return string(text)
}
