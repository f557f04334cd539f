package spool

import (
	"errors"
	"io/fs"
	"os"
)

// The marker is the first byte of a file beside the spool's. The file stays between transactions:
// creating and removing it would change the folder twice in each. Any other state than markClean,
// found while nobody has the spool locked, was left by a process that died with the spool open: it
// was killed, or reading a damaged page killed it. The spool's file is then verified before bbolt
// opens it again. An empty marker file means the same: the process died before writing to it.
//
// The marker is not synced. kill -9 does not undo writes. A power failure may undo them; then either
// damage is found without the marker's help, or a good file is verified.
const (
	markerSuffix  = ".marker"
	maxMarkerText = 1 << 10

	// oldMarkerSuffix is that of earlier versions, which created the file for each transaction and
	// removed it at its end. It was empty, or contained only the text about a damaged spool.
	oldMarkerSuffix = ".open"
)

// States of the marker.
const (
	markClean   = 'c' // no transaction runs
	markRunning = 'r' // one runs, or its process died
	markDamaged = 'd' // one found damage after fn had begun; a text follows that says what is wrong
	markNew     = 'n' // nothing was committed yet; an empty file is one whose creation was interrupted
)

var errUncleanExit = errors.New("a process died with the spool open")

// A marker is opened for one transaction.
type marker struct {
	s     *Spool
	f     *os.File // nil where the disk takes no marker: the transaction does without
	owner bool     // false where another process reads at the same time and has marked that
	old   bool     // an earlier version left its marker
	fresh bool     // the spool's file is new, and nothing is committed yet
	keep  bool     // it was not clean, and the file could not be repaired: the next call tries again

	unstored unstored // its count, when the transaction began
}

// mark notes that a transaction runs. fresh means that the transaction creates the spool's file: it
// is marked as new until a commit. clean is false if another transaction has not ended; then the
// marker is not changed. The caller calls [marker.end], or [marker.close] to leave the state as it
// is.
func (s *Spool) mark(fresh bool) (m marker, clean bool) {
	_, err := os.Lstat(s.path + oldMarkerSuffix)
	m = marker{s: s, old: err == nil, fresh: fresh}
	path, created := s.path+markerSuffix, false
	f, err := openFile(path, os.O_RDWR)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = openFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL)
		if created = err == nil; errors.Is(err, fs.ErrExist) { // by a process that also reads
			f, err = openFile(path, os.O_RDWR)
		}
	}
	if err != nil {
		return m, !m.old
	}
	m.f = f
	// Processes that read at the same time must not both find it clean: the first one to end would
	// clear the other's mark.
	if m.owner, err = tryLock(f, true); err == nil && !m.owner {
		return m, false
	}
	m.owner = true // also where the file system has no locks
	b := make([]byte, markerBytes)
	n, _ := f.ReadAt(b, 0)
	if !fresh && (m.old || !created && (n == 0 || b[0] != markClean)) {
		return m, false
	}
	if b[0] = markRunning; fresh {
		b[0] = markNew
	}
	if n == len(b) {
		m.unstored = parseUnstored(b[unstoredAt:])
		b = b[:1]
	} // else the file gets its whole length, while the disk has room
	if _, err := f.WriteAt(b, 0); err != nil {
		if created {
			_ = os.Remove(path) // left empty, it would say that a process died
			m.close()
		} else {
			_, _ = f.WriteAt(b[:1], 0)
		}
	}
	return m, true
}

// end notes that the transaction has ended, or the damage that it found, and closes the marker. A
// marker that cannot be written any more is removed: otherwise the file would be verified each time.
func (m *marker) end(damage error) {
	defer m.close()
	switch {
	case damage != nil && m.f != nil:
		b := make([]byte, 1+maxMarkerText) // an earlier text may be longer
		b[0] = markDamaged
		copy(b[1:], damage.Error())
		_, _ = m.f.WriteAt(b, 0)
	case damage == nil && !m.keep:
		if m.old {
			_ = os.Remove(m.s.path + oldMarkerSuffix)
		}
		if m.f == nil || !m.owner || m.fresh {
			return
		}
		if _, err := m.f.WriteAt([]byte{markClean}, 0); err != nil {
			_ = os.Remove(m.s.path + markerSuffix)
		}
	}
}

func (m *marker) close() {
	if m.f != nil {
		if m.owner {
			unlockNow(m.f)
		}
		_ = m.f.Close()
		m.f = nil
	}
}

// markNew notes that a spool's file is created. If a process dies before the first commit, the empty
// file is not taken for one that was emptied.
func (s *Spool) markNew() {
	if f, err := openFile(s.path+markerSuffix, os.O_RDWR); err == nil {
		_, _ = f.WriteAt([]byte{markNew}, 0)
		_ = f.Close()
	}
}

// hadRecords reports whether the marker says that a transaction of the spool's file was committed.
func (s *Spool) hadRecords() bool {
	b, _ := readMarkerFile(s.path + markerSuffix)
	return len(b) > 0 && (b[0] == markClean || b[0] == markRunning || b[0] == markDamaged)
}

// unmark marks the file, which the caller has locked, as good.
func (s *Spool) unmark() {
	m := marker{s: s, owner: true, old: true}
	if f, err := openFile(s.path+markerSuffix, os.O_RDWR); err == nil {
		m.f = f
	}
	m.end(nil)
}

// readMarker returns the marker's text about damage, if any, and whether the marker is clean. A
// marker that does not exist is clean.
func (s *Spool) readMarker() (text string, clean bool) {
	old, isOld := readMarkerFile(s.path + oldMarkerSuffix)
	b, exists := readMarkerFile(s.path + markerSuffix)
	switch {
	case len(old) > 0:
		return cutText(old), false
	case len(b) > 0 && b[0] == markDamaged:
		return cutText(b[1:]), false
	}
	return "", !isOld && (!exists || len(b) > 0 && b[0] == markClean)
}

// readMarkerFile returns the start of a file. exists is false if it cannot be opened.
func readMarkerFile(path string) (b []byte, exists bool) {
	f, err := openFile(path, os.O_RDONLY)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	b = make([]byte, 1+maxMarkerText)
	n, _ := f.ReadAt(b, 0)
	return b[:n], true
}
