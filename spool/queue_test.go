package spool

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"virgo/spool/internal/boltfile"
)

func TestRetryByID(t *testing.T) {
	s := newSpool(t, Options{})
	r := put(t, s, "a", "b", "c")
	settle(t, s, reject(r)...)
	n, err := s.Retry(t.Context(), Selection{IDs: []string{r[1].ID, "unknown"}})
	if n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if got := queued(t, s); len(got) != 1 || got[0] != "b" {
		t.Errorf("queued: %q", got)
	}
	if got := rejected(t, s); len(got) != 2 {
		t.Errorf("rejected: %q", got)
	}
}

// Oldest and Newest are those of queued records, where the first and the last of a group are gone.
func TestOldestAndNewestInGroup(t *testing.T) {
	s := newSpool(t, Options{})
	made := func(i int) time.Time { return testTime.Add(time.Duration(i) * time.Minute) }
	entries := make([]Entry, packFrom)
	for i := range entries {
		entries[i] = entry("x")
		entries[i].Made = made(i + 1)
	}
	records, err := appendAll(s, entries...)
	if err != nil {
		t.Fatal(err)
	}
	outcomes := []Outcome{{Seq: 1}, {Seq: groupRecords}}
	for _, r := range records[groupRecords:] {
		outcomes = append(outcomes, Outcome{Seq: r.Seq})
	}
	settle(t, s, outcomes...)
	st := stats(t, s)
	if st.Records != groupRecords-2 || !st.Oldest.Equal(made(2)) || !st.Newest.Equal(made(groupRecords-1)) {
		t.Errorf("%d queued, oldest %v, newest %v", st.Records, st.Oldest, st.Newest)
	}
}

// A record of a group is dropped only if it is the one that is meant.
func TestDropInGroupChecksRecord(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, make([]string, packFrom)...)
	never := func(*stored) bool { return false }
	if err := s.Update(t.Context(), func(tx *Tx) error {
		return tx.dropBySeq(bucketQueue, []uint64{5, 200}, never, CauseUser)
	}); err != nil {
		t.Fatal(err)
	}
	if st := stats(t, s); st.Records != packFrom || len(st.Dropped) != 0 {
		t.Errorf("%d queued, dropped %+v", st.Records, st.Dropped)
	}
}

func TestSettleBeforeGroup(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, "first")
	settle(t, s, Outcome{Seq: 1})
	put(t, s, make([]string, packFrom)...)
	settle(t, s, Outcome{Seq: 1}, Outcome{Seq: 2})
	if st := stats(t, s); st.Records != packFrom-1 {
		t.Errorf("%d queued, want %d", st.Records, packFrom-1)
	}
}

// A sequence that is behind its records does not replace any of them.
func TestSequenceBehindRecords(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, "a", "b", "c")
	boltUpdate(t, s.Path(), func(tx *bolt.Tx) error { return tx.Bucket(bucketQueue).SetSequence(1) })
	if _, err := appendAll(s, entry("d")); !errors.Is(err, ErrDamaged) {
		t.Errorf("append: %v", err)
	}
	if r := put(t, s, "d"); r[0].Seq != 4 {
		t.Errorf("appended as %d", r[0].Seq)
	}
	if got := queued(t, s); len(got) != 4 {
		t.Errorf("queued: %q", got)
	}
}

// A caller's function that found the damage is not called again by the same call.
func TestCallerIsNotCalledTwice(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, "a")
	boltUpdate(t, s.Path(), func(tx *bolt.Tx) error { return tx.Bucket(bucketQueue).SetSequence(0) })
	calls := 0
	fn := func(tx *Tx) error {
		calls++
		_, err := tx.Append(entry("b"))
		return err
	}
	if err := s.Update(t.Context(), fn); !errors.Is(err, ErrDamaged) || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
	if err := s.Update(t.Context(), fn); err != nil || calls != 2 {
		t.Errorf("then %d calls, %v", calls, err)
	}
}

// Only the file that was found damaged is replaced, and none of a newer version.
func TestRepairLeavesOtherFiles(t *testing.T) {
	newer := goodFile(t)
	for page := range 2 {
		binary.NativeEndian.PutUint32(newer[page*boltfile.PageSize+16+4:], 3)
	}
	for name, content := range map[string][]byte{"replaced meanwhile": goodFile(t), "newer": newer} {
		t.Run(name, func(t *testing.T) {
			s := write(t, filepath.Join(t.TempDir(), "state"), content)
			s.opt.Recovered = func(r Recovery) { t.Error(r) }
			var info os.FileInfo // with a marker and without info, the file is verified
			if name == "newer" {
				leaveMarker(s)
			} else {
				other := filepath.Join(s.dir, "other")
				if err := os.WriteFile(other, nil, 0o600); err != nil {
					t.Fatal(err)
				}
				var err error
				if info, err = os.Stat(other); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.repair(t.Context(), info, errors.New("damaged")); err != nil {
				t.Error(err)
			}
			if got, err := os.ReadFile(s.Path()); err != nil || !bytes.Equal(got, content) {
				t.Errorf("the file was changed: %v", err)
			}
		})
	}
}
