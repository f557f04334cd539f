package spool

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// holdLock locks the file as another process would, until the test ends.
func holdLock(t *testing.T, s *Spool) {
	t.Helper()
	f, err := openFile(s.Path(), os.O_RDWR|os.O_CREATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if ok, err := tryLock(f, true); !ok || err != nil {
		t.Fatal(ok, err)
	}
}

func TestWaitIsBounded(t *testing.T) {
	s := newSpool(t, Options{LockWait: 7 * time.Second})
	put(t, s, "x")
	synctest.Test(t, func(t *testing.T) {
		s := newSpoolIn(t, s.dir, 7*time.Second)
		holdLock(t, s)
		began := time.Now()
		if _, err := s.Stats(context.Background()); !errors.Is(err, ErrLocked) {
			t.Errorf("got %v", err)
		}
		if waited := time.Since(began); waited != 7*time.Second {
			t.Errorf("waited %v, want 7s", waited)
		}
		cause := errors.New("the run's time is up")
		ctx, cancel := context.WithTimeoutCause(context.Background(), 3*time.Second, cause)
		defer cancel()
		began = time.Now()
		if _, err := appendAllIn(ctx, s); !errors.Is(err, cause) {
			t.Errorf("got %v", err)
		}
		if waited := time.Since(began); waited != 3*time.Second {
			t.Errorf("waited %v, want 3s", waited)
		}
	})
}

// A wait ends soon after the lock is released.
func TestWaitEndsSoon(t *testing.T) {
	dir := newSpool(t, Options{}).dir
	synctest.Test(t, func(t *testing.T) {
		s := newSpoolIn(t, dir, time.Minute)
		f, err := openFile(s.Path(), os.O_RDWR|os.O_CREATE)
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := tryLock(f, true); !ok || err != nil {
			t.Fatal(ok, err)
		}
		began := time.Now()
		time.AfterFunc(time.Second, func() { f.Close() })
		if _, err := appendAllIn(context.Background(), s); err != nil {
			t.Error(err)
		}
		if waited := time.Since(began); waited < time.Second || waited > time.Second+maxPoll {
			t.Errorf("waited %v for a lock that was released after 1s", waited)
		}
	})
}

// newSpoolIn opens a spool inside a synctest bubble, without the cleanup that would run outside of
// it.
func newSpoolIn(t *testing.T, dir string, wait time.Duration) *Spool {
	t.Helper()
	s, err := Open(dir, Options{LockWait: wait})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func appendAllIn(ctx context.Context, s *Spool) (records []Record, err error) {
	err = s.Update(ctx, func(tx *Tx) error {
		records, err = tx.Append(entry("x"))
		return err
	})
	return records, err
}

// A process that waited for the lock of a file that was renamed meanwhile must not write to it.
func TestFileRenamedWhileWaiting(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, "old")
	f, err := openFile(s.Path(), os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Rename(s.Path(), filepath.Join(s.dir, "aside")); err != nil {
		t.Skipf("an open file cannot be moved here: %v", err)
	}
	for range 2 { // no file in its place, another one
		if o, err := s.lockFile(context.Background(), f, true); o != nil || err != nil {
			t.Errorf("opened %+v, %v", o, err)
		}
		put(t, s, "new")
	}
	if got := queued(t, s); len(got) != 2 || got[0] != "new" {
		t.Errorf("queued: %q", got)
	}
}
