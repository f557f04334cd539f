//go:build unix

package spool

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"
)

// A file that is another one each time that it was opened keeps nobody until the deadline; one that was moved
// away a few times is found.
func TestAFileThatIsMovedAwayAgainAndAgain(t *testing.T) {
	s := newSpool(t, Options{})
	if _, err := appendAll(s, entry("kept")); err != nil {
		t.Fatal(err)
	}
	times := 0
	s.opened = func() {
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
		moved int
		want  error
	}{{3, nil}, {1 << 30, errElusive}, {0, nil}} {
		times = tc.moved
		err := s.View(ctx, func(tx *Tx) error {
			stats, err := tx.Stats()
			if stats.Records != 1 {
				t.Errorf("moved %d times: %d records", tc.moved, stats.Records)
			}
			return err
		})
		if !errors.Is(err, tc.want) || ctx.Err() != nil {
			t.Errorf("moved %d times: %v, want %v", tc.moved, err, tc.want)
		}
	}
}
