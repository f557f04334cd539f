package spool

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// testTime is the time in tests that set no clock.
var testTime = time.Date(2026, 3, 4, 5, 6, 7, 8_000_000, time.UTC)

// open opens a spool in dir, and checks the file when the test ends.
func open(t testing.TB, dir string, opt Options) *Spool {
	t.Helper()
	if opt.Now == nil {
		opt.Now = func() time.Time { return testTime }
	}
	s, err := Open(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { checkWhole(t, s.Path()) })
	return s
}

func newSpool(t testing.TB, opt Options) *Spool {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "state"), opt)
}

// checkWhole checks the file by bbolt's rules, and its totals by a recount.
func checkWhole(t testing.TB, path string) {
	t.Helper()
	if fi, err := os.Stat(path); errors.Is(err, os.ErrNotExist) || err == nil && fi.Size() == 0 {
		return
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: 10 * time.Second})
	if err != nil {
		t.Fatalf("check %s: %v", path, err)
	}
	defer db.Close()
	err = db.View(func(tx *bolt.Tx) error {
		for err := range tx.Check() {
			t.Errorf("check %s: %v", path, err)
		}
		meta := tx.Bucket(bucketMeta)
		if meta == nil {
			return nil
		}
		var queue, rejected tally
		var unpacked uint64
		var parsed totals
		b := meta.Get(keyTotals)
		if !parsed.parse(b) {
			t.Error("the totals cannot be read")
			return nil
		}
		tx.Bucket(bucketQueue).ForEach(func(k, v []byte) error {
			queue.add(len(k) + len(v))
			if isGroup(v) {
				g, err := parseGroup(parseKey(k), v)
				if err != nil || g.queued() == 0 {
					t.Errorf("group %x: %v", k, err)
				}
				queue.records += uint64(g.queued()) - 1
				if list, _, err := g.records(nil); err != nil || len(list) != g.queued() {
					t.Errorf("group %x: %d records, %v", k, len(list), err)
				}
			} else if parseKey(k) > parsed.packed {
				unpacked++
			}
			if seq := binary.BigEndian.Uint64(k); seq > tx.Bucket(bucketQueue).Sequence() {
				t.Errorf("record %d is past the bucket's sequence", seq)
			}
			return nil
		})
		tx.Bucket(bucketRejected).ForEach(func(k, v []byte) error {
			rejected.add(len(k) + len(v))
			return nil
		})
		if parsed.unpacked != unpacked {
			t.Errorf("the totals count %d unpacked records, a recount %d", parsed.unpacked, unpacked)
		}
		if q, r := readTally(b), readTally(b[16:]); q != queue || r != rejected {
			t.Errorf("the totals count %v queued and %v rejected, a recount %v and %v", q, r, queue, rejected)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// withoutLock removes virgo.db.lock from a list of files: only Windows has it.
func withoutLock(files []string, _ error) []string {
	return slices.DeleteFunc(files, func(path string) bool { return filepath.Ext(path) == ".lock" })
}

func entry(data string) Entry {
	return Entry{Agent: "agent-1", Made: testTime, Data: []byte(data)}
}

// put appends records with the given data.
func put(t testing.TB, s *Spool, data ...string) []Record {
	t.Helper()
	entries := make([]Entry, len(data))
	for i, d := range data {
		entries[i] = entry(d)
	}
	records, err := appendAll(s, entries...)
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func appendAll(s *Spool, entries ...Entry) (records []Record, err error) {
	err = s.Update(context.Background(), func(tx *Tx) error {
		records, err = tx.Append(entries...)
		return err
	})
	return records, err
}

// queued lists the data of the queued records.
func queued(t testing.TB, s *Spool) (data []string) {
	t.Helper()
	if err := s.List(context.Background(), func(r Record) error {
		data = append(data, string(r.Data))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return data
}

// rejected lists the data of the rejected records, with the reasons.
func rejected(t testing.TB, s *Spool) (data []string) {
	t.Helper()
	if err := s.ListRejected(context.Background(), func(r Record, why Refusal) error {
		data = append(data, fmt.Sprintf("%s: %d %s", r.Data, why.Code, why.Message))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return data
}

func stats(t testing.TB, s *Spool) Stats {
	t.Helper()
	st, err := s.Stats(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func settle(t testing.TB, s *Spool, outcomes ...Outcome) {
	t.Helper()
	if err := s.Settle(context.Background(), outcomes, nil); err != nil {
		t.Fatal(err)
	}
}

func putState(t testing.TB, s *Spool, space, key string, value []byte) {
	t.Helper()
	if err := s.Update(context.Background(), func(tx *Tx) error { return tx.Put(space, key, value) }); err != nil {
		t.Fatal(err)
	}
}

// boltUpdate changes the file with bbolt alone.
func boltUpdate(t testing.TB, path string, fn func(*bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Update(fn); err != nil {
		t.Fatal(err)
	}
}
