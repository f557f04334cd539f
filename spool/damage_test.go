package spool

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// write makes a spool whose file has the given bytes, and no check at the end.
func write(t testing.TB, dir string, b []byte) *Spool {
	t.Helper()
	s, err := Open(dir, Options{Now: func() time.Time { return testTime }, LockWait: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.Path(), b, 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// What is not this package's at all is set aside, whole, and a fresh file takes its place.
func TestNoSpool(t *testing.T) {
	good := goodFile(t)
	for name, b := range map[string][]byte{
		"text":                  []byte("not a spool\n"),
		"much text":             bytes.Repeat([]byte("not a spool\n"), 5000),
		"zeros":                 make([]byte, 1<<20),
		"cut to a header":       good[:pageHeader+metaBytes],
		"cut to two pages":      good[:2*pageSize],
		"another program's":     foreignFile(t),
		"garbage after headers": append(bytes.Clone(good[:2*pageSize]), bytes.Repeat([]byte{0xa5}, len(good)-2*pageSize)...),
	} {
		t.Run(name, func(t *testing.T) {
			s := write(t, filepath.Join(t.TempDir(), "state"), b)
			var told []Recovery
			s.opt.Recovered = func(r Recovery) { told = append(told, r) }
			if st, err := s.Stats(t.Context()); err != nil || st.Records != 0 {
				t.Errorf("a look at it: %+v, %v", st, err)
			}
			put(t, s, "x")
			if waiting, _ := listed(t, s); len(waiting) != 1 {
				t.Errorf("%q wait", waiting)
			}
			if len(told) != 1 || told[0].Saved != 0 || told[0].Kept != s.Path()+".damaged-1" || !strings.Contains(told[0].String(), told[0].Kept) {
				t.Fatalf("told of %+v", told)
			}
			if kept, err := os.ReadFile(told[0].Kept); err != nil || !bytes.Equal(kept, b) {
				t.Errorf("%d bytes of %d were kept, %v", len(kept), len(b), err)
			}
		})
	}
}

// The last three damaged files are kept.
func TestDamagedFilesAreKept(t *testing.T) {
	s := newSpool(t, Options{})
	for n := range 5 {
		put(t, s, "x")
		if err := os.WriteFile(s.Path(), bytes.Repeat([]byte{byte('a' + n)}, 20_000), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(t, s, "x")
	var kept string
	for n := 1; n < 6; n++ {
		b, _ := os.ReadFile(fmt.Sprint(s.Path(), ".damaged-", n))
		if len(b) > 0 {
			kept += string(b[:1])
		}
	}
	if kept != "edc" {
		t.Errorf("%q are kept", kept)
	}
}

func TestNewerFormat(t *testing.T) {
	newerBolt := goodFile(t)
	for page := range 2 {
		binary.NativeEndian.PutUint32(newerBolt[page*pageSize+pageHeader+4:], boltVersion+1)
	}
	s := write(t, filepath.Join(t.TempDir(), "state"), newerBolt)
	if _, err := appendAll(s, entry("x")); !errors.Is(err, ErrNewerFormat) {
		t.Errorf("append: %v", err)
	}
	s = newSpool(t, Options{})
	put(t, s, "x")
	boltUpdate(t, s.Path(), func(tx *bolt.Tx) error {
		return tx.Bucket(bucketMeta).Put(keyFormat, formatValue(Format+1))
	})
	before, _ := os.ReadFile(s.Path())
	if _, err := appendAll(s, entry("x")); !errors.Is(err, ErrNewerFormat) {
		t.Errorf("append: %v", err)
	}
	if _, err := s.Stats(context.Background()); !errors.Is(err, ErrNewerFormat) {
		t.Errorf("stats: %v", err)
	}
	if err := s.Settle(context.Background(), []Outcome{{Seq: 1}}, nil); !errors.Is(err, ErrNewerFormat) {
		t.Errorf("settle: %v", err)
	}
	if after, _ := os.ReadFile(s.Path()); !bytes.Equal(before, after) {
		t.Error("the file was changed")
	}
}

// A part that is missing costs what was in it, and nothing else.
func TestPartsMissing(t *testing.T) {
	good := goodFile(t)
	whole := write(t, filepath.Join(t.TempDir(), "state"), good)
	waiting, refused := listed(t, whole)
	for name, tt := range map[string]struct {
		spoil   func(*bolt.Tx) error
		without string
	}{
		"meta":     {func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketMeta) }, ""},
		"queue":    {func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketQueue) }, "queue"},
		"rejected": {func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketRejected) }, "rejected"},
		"state":    {func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketState) }, "state"},
		"format":   {func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Delete(keyFormat) }, ""},
		"totals":   {func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Delete(keyTotals) }, ""},
		"sum": {func(tx *bolt.Tx) error {
			v := bytes.Clone(tx.Bucket(bucketMeta).Get(keyTotals))
			v[8] ^= 0x80 // a queue of exabytes, which a bound would drop at once
			return tx.Bucket(bucketMeta).Put(keyTotals, v)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := write(t, filepath.Join(t.TempDir(), "state"), good)
			boltUpdate(t, s.Path(), tt.spoil)
			// Whoever comes by it first: a look, or a transaction that is told once.
			for range 2 {
				err := s.Update(t.Context(), func(tx *Tx) error {
					if _, err := tx.Append(entry("x")); err != nil {
						return err
					}
					if err := tx.Put("other", "key", nil); err != nil {
						return err
					}
					_, err := tx.Stats()
					return err
				})
				if err == nil {
					break
				}
				if !errors.Is(err, ErrDamaged) {
					t.Fatal(err)
				}
			}
			gotWaiting, gotRefused := listed(t, s)
			if n := len(gotWaiting) - 1; tt.without != "queue" && n != len(waiting) || n < 0 {
				t.Errorf("%d of %d wait", n, len(waiting))
			}
			if tt.without != "rejected" && len(gotRefused) != len(refused) {
				t.Errorf("%d of %d were refused", len(gotRefused), len(refused))
			}
			if err := s.View(t.Context(), func(tx *Tx) error {
				if tt.without != "state" && len(tx.Get("space", "key")) != 10_000 {
					t.Error("the state is gone")
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
			checkWhole(t, s.Path())
		})
	}
}

func TestKeysOutOfOrder(t *testing.T) {
	for name, swap := range map[string][]uint64{
		"first and last": {1, 9, 9, 1},
		"past the last":  {5, 5000},
		"none":           {5, 0},
		"twice":          {5, 6},
	} {
		t.Run(name, func(t *testing.T) {
			made := newSpool(t, Options{})
			put(t, made, "1", "2", "3", "4", "5", "6", "7", "8", "9")
			b, err := os.ReadFile(made.Path())
			if err != nil {
				t.Fatal(err)
			}
			good := bytes.Clone(b)
			for i := 0; i < len(swap); i += 2 {
				data := strconv.FormatUint(swap[i], 10)
				key, other := keyOf(swap[i]), keyOf(swap[i+1])
				// A key stands right before its value, which ends with the data.
				at := bytes.Index(good, append(key[:], kindPlain))
				if value := good[at+keyBytes:]; at < 0 || !bytes.HasPrefix(value[recordFixed+len("agent-1"):], []byte(data)) {
					t.Fatal("no such record in the file")
				}
				copy(b[at:], other[:])
			}
			s := write(t, filepath.Join(t.TempDir(), "state"), b)
			s.opt.MaxBytes = int64(4 * one(1))
			// A caller that does not look at the error commits nothing all the same, and hears of it.
			for tries := 0; ; tries++ {
				err := s.Update(t.Context(), func(tx *Tx) error { tx.Append(entry("x")); return nil })
				if err == nil {
					break
				}
				if !errors.Is(err, ErrDamaged) || tries == 1 {
					t.Fatal(err)
				}
			}
			waiting, _ := listed(t, s)
			if len(waiting) == 0 || !strings.HasSuffix(waiting[len(waiting)-1], " x") {
				t.Errorf("%q wait", waiting)
			}
			checkWhole(t, s.Path())
		})
	}
}

// goodFile has a tree of several levels in its queue, and some of everything.
func goodFile(t testing.TB) []byte {
	t.Helper()
	s := newSpool(t, Options{})
	var outcomes []Outcome
	for i := range 100 {
		outcomes = append(outcomes, Outcome{Seq: uint64(3 * i)})
		if i%5 == 0 {
			outcomes[i].Refused = &Refusal{Code: 400, Message: "no"}
		}
	}
	data := make([]string, 300)
	for i := range data {
		data[i] = payloadData(i)
	}
	put(t, s, data...)
	settle(t, s, outcomes...)
	if err := s.Update(context.Background(), func(tx *Tx) error { return tx.Put("space", "key", make([]byte, 10_000)) }); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func foreignFile(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "other.db")
	db, err := bolt.Open(path, 0o600, &bolt.Options{PageSize: pageSize})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error { _, err := tx.CreateBucket([]byte("users")); return err })
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
