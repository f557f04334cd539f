package spool

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func noteUnstored(t *testing.T, s *Spool, made ...time.Time) {
	t.Helper()
	records := make([]Record, len(made))
	for i := range made {
		records[i] = Record{Made: made[i], Data: []byte("12345")}
	}
	if err := s.NoteUnstored(t.Context(), records); err != nil {
		t.Fatal(err)
	}
}

// checkUnstored checks what was ever lost, and that it is to be reported.
func checkUnstored(t *testing.T, s *Spool, want ...Drop) {
	t.Helper()
	st := stats(t, s)
	equal := func(a, b Drop) bool {
		return a.Cause == b.Cause && a.Records == b.Records && a.Bytes == b.Bytes && a.First.Equal(b.First) && a.Last.Equal(b.Last)
	}
	if !slices.EqualFunc(st.Ever, want, equal) || !slices.EqualFunc(st.Dropped, want, equal) {
		t.Errorf("ever %+v, to report %+v, want %+v", st.Ever, st.Dropped, want)
	}
}

func markerCount(t *testing.T, s *Spool) uint64 {
	t.Helper()
	b, err := os.ReadFile(s.path + markerSuffix)
	if err != nil || len(b) != markerBytes {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	return parseUnstored(b[unstoredAt:]).Records
}

// What could not be stored is shown at once, and counted once by the next transaction that commits.
func TestUnstoredIsCountedOnce(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, "a")
	first, last := testTime.Add(-time.Hour), testTime.Add(time.Minute)
	noteUnstored(t, s, testTime)
	noteUnstored(t, s, last, first)
	want := Drop{CauseUnstored, 3, 15, first, last}
	for range 2 {
		checkUnstored(t, s, want)
	}
	own := errors.New("the caller's")
	if err := s.Update(t.Context(), func(tx *Tx) error { return own }); err != own {
		t.Fatal(err)
	}
	checkUnstored(t, s, want)
	if n := markerCount(t, s); n != 3 {
		t.Errorf("the marker counts %d", n)
	}
	for range 2 {
		put(t, s, "b")
		checkUnstored(t, s, want)
		if n := markerCount(t, s); n != 0 {
			t.Errorf("the marker counts %d", n)
		}
	}
	if loss := reportLoss(t, s); len(loss.Drops) != 1 || loss.Drops[0].Records != 3 {
		t.Errorf("to report: %+v", loss)
	}
	noteUnstored(t, s, last)
	put(t, s, "c")
	want.Records, want.Bytes = 4, 20
	checkUnstored(t, s, want)
}

// The transaction that counts it also reports it, if it asks.
func TestUnstoredIsReportedByTheNextTransaction(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, "a")
	noteUnstored(t, s, testTime)
	err := s.Update(t.Context(), func(tx *Tx) error {
		if st, err := tx.Stats(); err != nil || len(st.Dropped) != 1 {
			t.Errorf("%+v, %v", st.Dropped, err)
		}
		if d := tx.Dropped(); len(d) != 0 {
			t.Errorf("this transaction dropped %+v", d)
		}
		loss, err := tx.ReportLoss("agent-1")
		if len(loss.Drops) != 1 || loss.Drops[0].Cause != CauseUnstored || loss.Drops[0].Records != 1 {
			t.Errorf("to report: %+v", loss)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A process that dies between the commit and the end of the transaction leaves the count in the
// marker; it is not counted again, and what is added to it is.
func TestUnstoredOfAKilledProcess(t *testing.T) {
	for _, damage := range []bool{false, true} {
		s := newSpool(t, Options{})
		put(t, s, "a")
		noteUnstored(t, s, testTime)
		before, err := os.ReadFile(s.path + markerSuffix)
		if err != nil {
			t.Fatal(err)
		}
		put(t, s, "b")
		if err := os.WriteFile(s.path+markerSuffix, before, 0o600); err != nil {
			t.Fatal(err)
		}
		if damage {
			spoilFreelist(t, s)
		}
		checkUnstored(t, s, Drop{CauseUnstored, 1, 5, testTime, testTime})
		if err := os.WriteFile(s.path+markerSuffix, before, 0o600); err != nil {
			t.Fatal(err)
		}
		noteUnstored(t, s, testTime, testTime)
		put(t, s, "c")
		checkUnstored(t, s, Drop{CauseUnstored, 3, 15, testTime, testTime})
	}
}

// The count survives what else is written to the marker: that of an earlier version, a text about
// damage, a killed process, a file that is created anew.
func TestUnstoredSurvives(t *testing.T) {
	for name, change := range map[string]func(s *Spool) error{
		"damage": func(s *Spool) error {
			m, _ := s.mark(false)
			m.end(damaged(s.path, "%s", strings.Repeat("long ", 1000)))
			return nil
		},
		"killed":       func(s *Spool) error { leaveMarker(s); return nil },
		"moved aside":  func(s *Spool) error { return os.Rename(s.path, s.path+".aside") },
		"short marker": func(s *Spool) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSpool(t, Options{})
			put(t, s, "a")
			if name == "short marker" {
				if err := os.WriteFile(s.path+markerSuffix, []byte("cits keys are out of order"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			noteUnstored(t, s, testTime)
			if err := change(s); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the first one may repair or create
				put(t, s, "b")
			}
			checkUnstored(t, s, Drop{CauseUnstored, 1, 5, testTime, testTime})
		})
	}
}

// Where there is no file yet, the count waits for it.
func TestUnstoredWithoutAFile(t *testing.T) {
	s := newSpool(t, Options{})
	noteUnstored(t, s, testTime)
	put(t, s, "a")
	checkUnstored(t, s, Drop{CauseUnstored, 1, 5, testTime, testTime})
}

// A marker that is damaged counts nothing.
func TestDamagedUnstored(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, "a")
	noteUnstored(t, s, testTime)
	b, err := os.ReadFile(s.path + markerSuffix)
	if err != nil {
		t.Fatal(err)
	}
	for i := unstoredAt; i < len(b); i++ {
		bad := bytes.Clone(b)
		bad[i] ^= 4
		if err := os.WriteFile(s.path+markerSuffix, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		checkUnstored(t, s)
	}
}

func TestUnstoredCannotBeNoted(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, "a")
	if err := os.Remove(s.path + markerSuffix); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(s.path+markerSuffix), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.NoteUnstored(t.Context(), make([]Record, 1)); err == nil {
		t.Error("no error")
	}
}

// A note that is made while a transaction runs, because the lock could not be had, is not cleared with
// what the transaction counted.
func TestUnstoredDuringATransaction(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, "a")
	noteUnstored(t, s, testTime)
	other := open(t, s.dir, Options{LockWait: time.Millisecond})
	if err := s.Update(t.Context(), func(tx *Tx) error {
		noteUnstored(t, other, testTime, testTime)
		_, err := tx.Append(entry("b"))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if n := markerCount(t, s); n != 3 {
		t.Errorf("the marker counts %d", n)
	}
	put(t, s, "c")
	checkUnstored(t, s, Drop{CauseUnstored, 3, 15, testTime, testTime})
}
