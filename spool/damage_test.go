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

	"virgo/spool/internal/boltfile"
)

// write returns a spool whose file has the given bytes. The file is not checked at the end.
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

// A file that is not a spool is replaced by a new one and kept unchanged beside it.
func TestForeignFileIsReplaced(t *testing.T) {
	good := goodFile(t)
	for name, b := range map[string][]byte{
		"text":                   []byte("not a spool\n"),
		"much text":              bytes.Repeat([]byte("not a spool\n"), 5000),
		"zeros":                  make([]byte, 1<<20),
		"truncated to a header":  good[:80],
		"truncated to two pages": good[:2*boltfile.PageSize],
		"another program's":      foreignFile(t),
		"garbage after headers":  append(bytes.Clone(good[:2*boltfile.PageSize]), bytes.Repeat([]byte{0xa5}, len(good)-2*boltfile.PageSize)...),
	} {
		t.Run(name, func(t *testing.T) {
			s := write(t, filepath.Join(t.TempDir(), "state"), b)
			var recovered []Recovery
			s.opt.Recovered = func(r Recovery) { recovered = append(recovered, r) }
			if st, err := s.Stats(t.Context()); err != nil || st.Records != 0 {
				t.Errorf("stats: %+v, %v", st, err)
			}
			put(t, s, "x")
			if queue, _ := listed(t, s); len(queue) != 1 {
				t.Errorf("%q are queued", queue)
			}
			if len(recovered) != 1 || recovered[0].Saved != 0 || recovered[0].Backup != s.Path()+".damaged-1" ||
				!strings.Contains(recovered[0].String(), recovered[0].Backup) {
				t.Fatalf("recovered %+v", recovered)
			}
			if kept, err := os.ReadFile(recovered[0].Backup); err != nil || !bytes.Equal(kept, b) {
				t.Errorf("the backup has %d bytes of %d, %v", len(kept), len(b), err)
			}
		})
	}
}

// The last three damaged files are kept.
func TestBackups(t *testing.T) {
	s := newSpool(t, Options{})
	for n := range 5 {
		put(t, s, "x")
		if err := os.WriteFile(s.Path(), bytes.Repeat([]byte{byte('a' + n)}, 20_000), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(t, s, "x")
	var kept string // the first byte of each
	for n := 1; n < 6; n++ {
		b, _ := os.ReadFile(fmt.Sprint(s.Path(), ".damaged-", n))
		if len(b) > 0 {
			kept += string(b[:1])
		}
	}
	if kept != "edc" {
		t.Errorf("backups %q", kept)
	}
}

func TestNewerFormat(t *testing.T) {
	newerBolt := goodFile(t)
	for page := range 2 {
		binary.NativeEndian.PutUint32(newerBolt[page*boltfile.PageSize+16+4:], 3)
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

// A missing bucket or key loses its content and nothing else.
func TestMissingBuckets(t *testing.T) {
	good := goodFile(t)
	whole := write(t, filepath.Join(t.TempDir(), "state"), good)
	queue, rejects := listed(t, whole)
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
			v[8] ^= 0x80 // a queue of exabytes, all of which would be dropped
			return tx.Bucket(bucketMeta).Put(keyTotals, v)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := write(t, filepath.Join(t.TempDir(), "state"), good)
			boltUpdate(t, s.Path(), tt.spoil)
			// The first transaction may fail; the next one finds the file repaired.
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
			gotQueue, gotRejects := listed(t, s)
			if n := len(gotQueue) - 1; tt.without != "queue" && n != len(queue) || n < 0 {
				t.Errorf("%d of %d are queued", n, len(queue))
			}
			if tt.without != "rejected" && len(gotRejects) != len(rejects) {
				t.Errorf("%d of %d are rejected", len(gotRejects), len(rejects))
			}
			if err := s.View(t.Context(), func(tx *Tx) error {
				if tt.without != "state" && len(tx.Get("space", "key")) != 10_000 {
					t.Error("the state is lost")
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
			// A caller that ignores the error commits nothing all the same, and Update returns the
			// error.
			for tries := 0; ; tries++ {
				err := s.Update(t.Context(), func(tx *Tx) error { tx.Append(entry("x")); return nil })
				if err == nil {
					break
				}
				if !errors.Is(err, ErrDamaged) || tries == 1 {
					t.Fatal(err)
				}
			}
			queue, _ := listed(t, s)
			if len(queue) == 0 || !strings.HasSuffix(queue[len(queue)-1], " x") {
				t.Errorf("%q are queued", queue)
			}
			checkWhole(t, s.Path())
		})
	}
}

// goodFile returns a file with a tree of several levels in its queue, and records or values in
// every bucket.
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
	putState(t, s, "space", "key", make([]byte, 10_000))
	b, err := os.ReadFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func foreignFile(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "other.db")
	db, err := bolt.Open(path, 0o600, &bolt.Options{PageSize: boltfile.PageSize})
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
