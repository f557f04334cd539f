package spool

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// The tests run on this clock unless they set their own.
var testTime = time.Date(2026, 3, 4, 5, 6, 7, 8_000_000, time.UTC)

// open opens a spool in dir, and checks the whole file when the test ends.
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

// checkWhole holds the file to bbolt's own rules, and its totals to a recount.
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
		var loose uint64
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
				if err != nil || g.live() == 0 {
					t.Errorf("group %x: %v", k, err)
				}
				queue.records += uint64(g.live()) - 1
				if list, _, err := g.records(nil); err != nil || len(list) != g.live() {
					t.Errorf("group %x: %d records, %v", k, len(list), err)
				}
			} else if parseKey(k) > parsed.packed {
				loose++
			}
			if seq := binary.BigEndian.Uint64(k); seq > tx.Bucket(bucketQueue).Sequence() {
				t.Errorf("record %d lies past the sequence", seq)
			}
			return nil
		})
		tx.Bucket(bucketRejected).ForEach(func(k, v []byte) error {
			rejected.add(len(k) + len(v))
			return nil
		})
		if parsed.loose != loose {
			t.Errorf("totals say that %d wait by themselves; a recount says %d", parsed.loose, loose)
		}
		if q, r := readTally(b), readTally(b[16:]); q != queue || r != rejected {
			t.Errorf("totals say %v waiting, %v refused; a recount says %v, %v", q, r, queue, rejected)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
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

// waiting and refused list what is there, by their data.
func waiting(t testing.TB, s *Spool) (data []string) {
	t.Helper()
	if err := s.List(context.Background(), func(r Record) error {
		data = append(data, string(r.Data))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return data
}

func refused(t testing.TB, s *Spool) (data []string) {
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

// boltUpdate changes the file behind the spool's back.
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
