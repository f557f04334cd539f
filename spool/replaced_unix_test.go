//go:build unix

package spool

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A file that is replaced every time it is opened is an error soon; one that is replaced a few
// times is opened.
func TestFileReplacedRepeatedly(t *testing.T) {
	s := newSpool(t, Options{})
	if _, err := appendAll(s, entry("x")); err != nil {
		t.Fatal(err)
	}
	times := 0
	s.afterOpen = func() {
		if times--; times < 0 {
			return
		}
		data, err := os.ReadFile(s.path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.WriteFile(s.path+".new", data, 0o600), os.Rename(s.path+".new", s.path)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, tc := range []struct {
		replaced int
		want     error
	}{{3, nil}, {1 << 30, errReplaced}, {0, nil}} {
		times = tc.replaced
		err := s.View(ctx, func(tx *Tx) error {
			stats, err := tx.Stats()
			if stats.Records != 1 {
				t.Errorf("replaced %d times: %d records", tc.replaced, stats.Records)
			}
			return err
		})
		if !errors.Is(err, tc.want) || ctx.Err() != nil {
			t.Errorf("replaced %d times: %v, want %v", tc.replaced, err, tc.want)
		}
	}
}

// The same holds for the lock of the delivery, where the file is deleted. It once tried for ever, until the
// program's deadline.
func TestDeliverLockDeletedRepeatedly(t *testing.T) {
	s := newSpool(t, Options{})
	times := 0
	s.afterOpen = func() {
		if times--; times >= 0 {
			if err := os.Remove(filepath.Join(s.dir, deliverName)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tc := range []struct {
		deleted int
		want    error
	}{{3, nil}, {10 * maxOpenTries, errReplaced}, {0, nil}} {
		times = tc.deleted
		release, ok, err := s.TryDeliver()
		if !errors.Is(err, tc.want) || ok != (tc.want == nil) {
			t.Errorf("deleted %d times: %v, %v, want %v", tc.deleted, ok, err, tc.want)
		}
		if ok {
			if err := release(); err != nil {
				t.Error(err)
			}
		}
	}
}
