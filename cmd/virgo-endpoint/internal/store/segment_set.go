package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"virgo/cmd/virgo-endpoint/internal/filelock"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

const (
	// maxIdleSegments bounds the segments that are open and not in use: each has up to four connections.
	maxIdleSegments = 48
	// readersLock is locked shared by whoever reads segments, and exclusively while their files are
	// removed. maintainLock belongs to the one process that maintains the store.
	readersLock, maintainLock = "readers.lock", "maintain.lock"
)

// A segmentSet has the segments that this process has open. It is safe for concurrent use.
type segmentSet struct {
	mu   sync.Mutex
	open map[int64]*openSegment
	uses int64 // counts acquisitions, for the order of their last use
	// busy is the number of acquired segments. While it is not 0 and this process does not maintain the store,
	// lock has readersLock.
	busy       int
	lock       *os.File
	maintainer bool
	// buried are segments whose files are being removed: whoever has an older catalogue does not open them.
	buried map[int64]bool
}

// An openSegment is a segment in use, or one that may be used again soon.
type openSegment struct {
	seg   *segment.Segment
	entry entry
	refs  int
	used  int64
	gone  bool // not for new users
}

// An acquired segment is in use until release is called; its file is not removed before.
type acquired struct {
	*segment.Segment
	entry   entry
	release func()
}

// acquire opens a segment of the catalogue. Errors: fs.ErrNotExist if it was deleted meanwhile;
// intake.ErrDamaged.
func (s *Store) acquire(e *entry) (*acquired, error) {
	set := &s.segments
	path := s.segmentPath(e.number)
	set.mu.Lock()
	defer set.mu.Unlock()
	if set.buried[e.number] {
		return nil, &segmentError{e.number, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}}
	}
	if err := set.lockReaders(s.segmentsDir()); err != nil {
		return nil, err
	}
	o := set.open[e.number]
	if o != nil && o.refs == 0 && !set.maintainer {
		// Another process may have removed the file since. While the lock is held it does not.
		if _, err := os.Lstat(path); err != nil {
			set.drop(o)
			o = nil
		}
	}
	if o != nil && o.entry.state != segmentSealed && e.state == segmentSealed && !o.seg.Sealed() {
		set.drop(o) // from now on it is read without locks
		o = nil
	}
	if o == nil {
		seg, err := segment.Open(path)
		if err == nil && seg.Number() != e.number {
			err = fmt.Errorf("%w: the segment %q has the number %d", intake.ErrDamaged, seg.Path(), seg.Number())
			seg.Close()
		}
		if err != nil {
			set.unlockReaders()
			return nil, &segmentError{e.number, err}
		}
		o = &openSegment{seg: seg, entry: *e}
		if set.open == nil {
			set.open = make(map[int64]*openSegment)
		}
		set.open[e.number] = o
	}
	set.busy++
	set.uses++
	o.refs++
	o.used = set.uses
	var once sync.Once
	return &acquired{Segment: o.seg, entry: *e, release: func() { once.Do(func() { set.release(o) }) }}, nil
}

func (set *segmentSet) release(o *openSegment) {
	set.mu.Lock()
	defer set.mu.Unlock()
	o.refs--
	set.busy--
	set.unlockReaders()
	if o.gone && o.refs == 0 {
		o.seg.Close()
	}
	set.closeIdle()
}

// closeIdle closes the segments that were not used for the longest time.
func (set *segmentSet) closeIdle() {
	for {
		var oldest *openSegment
		idle := 0
		for _, o := range set.open {
			if o.refs > 0 {
				continue
			}
			if idle++; oldest == nil || o.used < oldest.used {
				oldest = o
			}
		}
		if idle <= maxIdleSegments {
			return
		}
		set.drop(oldest)
	}
}

// drop closes a segment once it is not in use, and lets nobody else acquire it.
func (set *segmentSet) drop(o *openSegment) {
	o.gone = true
	if set.open[o.entry.number] == o {
		delete(set.open, o.entry.number)
	}
	if o.refs == 0 {
		o.seg.Close()
	}
}

// forget closes a segment, so that it is opened anew. It reports whether nobody in this process uses it.
func (s *Store) forget(number int64) bool { return s.segments.forget(number, false) }

// bury is forget, and lets nobody open the segment any more once nobody uses it.
func (s *Store) bury(number int64) bool { return s.segments.forget(number, true) }

func (set *segmentSet) forget(number int64, bury bool) bool {
	set.mu.Lock()
	defer set.mu.Unlock()
	if o := set.open[number]; o != nil {
		if o.refs > 0 {
			return false
		}
		set.drop(o)
	}
	if bury {
		if set.buried == nil {
			set.buried = make(map[int64]bool)
		}
		set.buried[number] = true
	}
	return true
}

func (set *segmentSet) unbury(number int64) {
	set.mu.Lock()
	defer set.mu.Unlock()
	delete(set.buried, number)
}

// lockReaders is called with mu held, before busy grows.
func (set *segmentSet) lockReaders(dir string) error {
	if set.busy > 0 || set.maintainer || set.lock != nil {
		return nil
	}
	f, err := openLock(filepath.Join(dir, readersLock))
	if err != nil {
		return fmt.Errorf("locking the segments: %w", err)
	}
	// Whoever removes files has it for a moment; the files it removes are not in the catalogue any more.
	if err := filelock.Lock(f, false, true); err != nil {
		f.Close()
		return fmt.Errorf("locking the segments: %w", err)
	}
	set.lock = f
	return nil
}

// unlockReaders is called with mu held.
func (set *segmentSet) unlockReaders() {
	if set.busy == 0 && set.lock != nil {
		filelock.Unlock(set.lock)
		set.lock.Close()
		set.lock = nil
	}
}

func (set *segmentSet) close() error {
	set.mu.Lock()
	defer set.mu.Unlock()
	var errs []error
	for _, o := range set.open {
		errs = append(errs, o.seg.Close())
	}
	set.open = nil
	if set.lock != nil {
		filelock.Unlock(set.lock)
		set.lock.Close()
		set.lock = nil
	}
	return errors.Join(errs...)
}

// openLock opens a lock file, which has no content.
func openLock(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_RDWR, fileMode)
}

// acquireAll acquires all segments that may have results, newest first. The caller calls release. Those that
// were deleted since c was read are left out.
func (s *Store) acquireAll(ctx context.Context, c *catalogue) (list []*acquired, release func(), err error) {
	release = func() {
		for _, a := range list {
			a.release()
		}
	}
	for i := len(c.entries) - 1; i >= 0; i-- {
		e := &c.entries[i]
		if !e.state.readable() {
			continue
		}
		a, err := s.acquire(e)
		if errors.Is(err, os.ErrNotExist) {
			if err = s.missing(ctx, e); err == nil {
				continue
			}
		}
		if err != nil {
			release()
			return nil, nil, err
		}
		list = append(list, a)
	}
	return list, release, nil
}

// missing returns nil if a segment that has no file was deleted or set aside meanwhile, and otherwise an error. That wraps
// intake.ErrDamaged, for which the segment is set aside, unless all files are missing: then the folder is.
func (s *Store) missing(ctx context.Context, e *entry) error {
	c, err := s.catalogue(ctx)
	if err != nil {
		return err
	}
	if now := c.of(e.number); now == nil || !now.state.readable() {
		return nil
	}
	others, found := 0, 0
	for i := range c.entries {
		if other := &c.entries[i]; other.number != e.number && other.state.readable() {
			others++
			if _, err := os.Lstat(s.segmentPath(other.number)); err == nil {
				found++
				break
			}
		}
	}
	if others > 0 && found == 0 {
		return fmt.Errorf("the folder %q has none of the store's segments: is it the right one, and mounted?", s.segmentsDir())
	}
	return &segmentError{e.number, fmt.Errorf("%w: segment %q: its file is missing", intake.ErrDamaged, s.segmentPath(e.number))}
}

// A segmentError is an error of one segment.
type segmentError struct {
	number int64
	err    error
}

func (e *segmentError) Error() string { return e.err.Error() }
func (e *segmentError) Unwrap() error { return e.err }
