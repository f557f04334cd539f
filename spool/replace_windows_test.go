package spool

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// writeAsEarlierVersion changes the file as a program does that does not know virgo.db.lock. It
// returns an error if the file is locked.
func writeAsEarlierVersion(t *testing.T, path string, sequence uint64) error {
	t.Helper()
	f, err := openFile(path, os.O_RDWR)
	if err != nil {
		return err
	}
	defer f.Close()
	if ok, err := tryLock(f, true); !ok || err != nil {
		return errors.Join(ErrLocked, err)
	}
	defer unlock(f)
	boltUpdate(t, path, func(tx *bolt.Tx) error { return tx.Bucket(bucketQueue).SetSequence(sequence) })
	return nil
}

func sequence(t *testing.T, s *Spool) (n uint64) {
	t.Helper()
	if err := s.View(t.Context(), func(tx *Tx) (err error) {
		n, err = tx.highest()
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

// An earlier version locks the file alone. What it writes between the copy and the replacement stays.
func TestEarlierVersionWritesMeanwhile(t *testing.T) {
	t.Run("compact", func(t *testing.T) {
		s := newSpool(t, Options{Hook: func(string) {}})
		put(t, s, "a", "b")
		s.opt.Hook = func(point string) { // the file is locked
			if err := writeAsEarlierVersion(t, s.path, 1); !errors.Is(err, ErrLocked) {
				t.Errorf("at %s an earlier version can write: %v", point, err)
			}
		}
		s.beforeReplace = func() {
			s.opt.Hook = nil
			if err := writeAsEarlierVersion(t, s.path, 1000); err != nil {
				t.Error(err)
			}
		}
		if err := s.Compact(t.Context()); !errors.Is(err, ErrLocked) {
			t.Errorf("compact: %v", err)
		}
		s.beforeReplace = nil
		if got := sequence(t, s); got != 1000 {
			t.Errorf("what the earlier version wrote is lost: sequence %d", got)
		}
		if err := s.Compact(t.Context()); err != nil {
			t.Error(err)
		}
		if got := queued(t, s); !slices.Equal(got, []string{"a", "b"}) || sequence(t, s) != 1000 {
			t.Errorf("%q are queued", got)
		}
	})
	t.Run("repair", func(t *testing.T) {
		recovered := 0
		s := newSpool(t, Options{Recovered: func(Recovery) { recovered++ }})
		put(t, s, "a", "b")
		if err := os.WriteFile(s.path+markerSuffix, []byte("dwrong"), 0o600); err != nil {
			t.Fatal(err)
		}
		written := false
		s.beforeReplace = func() {
			if !written {
				written = true
				if err := writeAsEarlierVersion(t, s.path, 1000); err != nil {
					t.Error(err)
				}
			}
		}
		put(t, s, "c")
		if got := queued(t, s); !slices.Equal(got, []string{"a", "b", "c"}) || sequence(t, s) != 1001 {
			t.Errorf("%q are queued, sequence %d", got, sequence(t, s))
		}
		if !written {
			t.Error("the file was never repaired")
		}
		if backups := backups(t, s); recovered != len(backups) {
			t.Errorf("recovered %d times, backups %q", recovered, backups)
		}
	})
}

func backups(t *testing.T, s *Spool) []string {
	t.Helper()
	files, err := filepath.Glob(s.path + damagedSuffix + "*")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// A scanner that has the file open for a while is waited for, one that does not close it is an error.
func TestFileInUseIsReplacedLater(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, "a")
	var scanner *os.File
	open := func(path string) {
		var err error
		if scanner, err = os.Open(path); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{s.path, s.path + compactSuffix} {
		try := 0
		s.beforeReplace = func() {
			switch try++; try {
			case 1:
				open(path)
			case 3:
				scanner.Close()
			}
		}
		if err := s.Compact(t.Context()); err != nil || try < 3 {
			t.Errorf("%s was open: %v after %d tries", path, err, try)
		}
	}
	s.beforeReplace = func() {
		s.beforeReplace = nil
		open(s.path)
	}
	if err := s.Compact(t.Context()); !errors.Is(err, ErrLocked) || errors.Is(err, ErrReadOnly) {
		t.Errorf("the file stayed open: %v", err)
	}
	scanner.Close()
	ctx, cancel := context.WithCancel(t.Context())
	s.beforeReplace = func() {
		if s.beforeReplace = nil; ctx.Err() == nil {
			open(s.path)
			cancel()
		}
	}
	if err := s.Compact(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the context ended: %v", err)
	}
	scanner.Close()
	if got := queued(t, s); !slices.Equal(got, []string{"a"}) {
		t.Errorf("%q are queued", got)
	}
}

// A repair that cannot replace the file leaves the earlier backups alone, and the next call repairs it.
func TestFailedRepairIsRepeated(t *testing.T) {
	recovered := 0
	s := newSpool(t, Options{Recovered: func(Recovery) { recovered++ }})
	put(t, s, "a")
	markDamage := func() {
		if err := os.WriteFile(s.path+markerSuffix, []byte("dwrong"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range maxBackups {
		markDamage()
		put(t, s, "a")
	}
	markDamage()
	for range maxBackups {
		before := backups(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		var scanner *os.File
		s.beforeReplace = func() {
			if scanner == nil {
				scanner, _ = os.Open(s.path)
				cancel()
			}
		}
		_, err := appendAllIn(ctx, s) // to a file that may be good
		if scanner == nil || recovered != maxBackups {
			t.Fatalf("append: %v; repaired %d times", err, recovered)
		}
		scanner.Close()
		if got := backups(t, s); len(before) != maxBackups || !slices.Equal(before[1:], got[1:]) {
			t.Errorf("backups %q, then %q", before, got)
		}
	}
	s.beforeReplace = nil
	put(t, s, "b")
	if got := queued(t, s); recovered != maxBackups+1 || len(got) < maxBackups+2 || len(backups(t, s)) != maxBackups {
		t.Errorf("%q are queued; repaired %d times, backups %q", got, recovered, backups(t, s))
	}
}

// After a panic, bbolt cannot be closed any more. The file can be replaced all the same.
func TestReplacedAfterPanic(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, "a")
	o, err := s.openLocked(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	tx := &Tx{s: s, o: o, write: true, now: testTime}
	if err := tx.begin(); err != nil {
		t.Fatal(err)
	}
	o.close(true)
	if err := s.Compact(t.Context()); err != nil {
		t.Error(err)
	}
	if got := queued(t, s); !slices.Equal(got, []string{"a"}) {
		t.Errorf("%q are queued", got)
	}
}

// Reading what is not there creates nothing.
func TestViewCreatesNoLock(t *testing.T) {
	s := newSpool(t, Options{})
	if st := stats(t, s); st.Records != 0 {
		t.Errorf("%+v", st)
	}
	if files, err := os.ReadDir(s.dir); err != nil || len(files) != 0 {
		t.Errorf("%v, %v", files, err)
	}
}
