package spool

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
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

func TestNoSpool(t *testing.T) {
	good := goodFile(t)
	newerBolt := bytes.Clone(good)
	for page := range 2 {
		binary.NativeEndian.PutUint32(newerBolt[page*pageSize+pageHeader+4:], boltVersion+1)
	}
	for name, tt := range map[string]struct {
		b    []byte
		want error
	}{
		"text":                  {[]byte("not a spool\n"), ErrDamaged},
		"much text":             {bytes.Repeat([]byte("not a spool\n"), 5000), ErrDamaged},
		"zeros":                 {make([]byte, 1<<20), ErrDamaged},
		"cut to a header":       {good[:pageHeader+metaBytes], ErrDamaged},
		"cut to two pages":      {good[:2*pageSize], ErrDamaged},
		"cut by a page":         {good[:len(good)/2], ErrDamaged},
		"of a newer bbolt":      {newerBolt, ErrNewerFormat},
		"another program's":     {foreignFile(t), ErrDamaged},
		"garbage after headers": {append(bytes.Clone(good[:2*pageSize]), bytes.Repeat([]byte{0xa5}, len(good)-2*pageSize)...), ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			s := write(t, filepath.Join(t.TempDir(), "state"), tt.b)
			for range 2 { // the first refusal must not leave the file locked
				if _, err := s.Stats(context.Background()); !errors.Is(err, tt.want) {
					t.Errorf("a look at it: %v", err)
				}
				_, err := appendAll(s, entry("x"))
				if !errors.Is(err, tt.want) {
					t.Errorf("append: %v", err)
				}
				var e *DamagedError
				if tt.want == ErrDamaged && (!errors.As(err, &e) || e.Path != s.Path() || !strings.Contains(e.Hint(), e.Fix)) {
					t.Errorf("no path or no hint: %v", err)
				}
			}
			if after, _ := os.ReadFile(s.Path()); !bytes.Equal(after[:len(tt.b)], tt.b) {
				t.Error("the file was changed")
			}
		})
	}
}

func TestNewerFormat(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, "x")
	boltUpdate(t, s.Path(), func(tx *bolt.Tx) error {
		return tx.Bucket(bucketMeta).Put(keyFormat, []byte{0, 0, 0, Format + 1})
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

func TestPartsMissing(t *testing.T) {
	for name, spoil := range map[string]func(*bolt.Tx) error{
		"meta":   func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketMeta) },
		"queue":  func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketQueue) },
		"format": func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Delete(keyFormat) },
		"totals": func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Delete(keyTotals) },
		"sum": func(tx *bolt.Tx) error {
			v := bytes.Clone(tx.Bucket(bucketMeta).Get(keyTotals))
			v[8] ^= 0x80 // a queue of exabytes, which a bound would drop at once
			return tx.Bucket(bucketMeta).Put(keyTotals, v)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := write(t, filepath.Join(t.TempDir(), "state"), goodFile(t))
			boltUpdate(t, s.Path(), spoil)
			if _, err := appendAll(s, entry("x")); !errors.Is(err, ErrDamaged) {
				t.Errorf("append: %v", err)
			}
			if err := s.List(context.Background(), func(Record) error { return nil }); !errors.Is(err, ErrDamaged) {
				t.Errorf("list: %v", err)
			}
		})
	}
	s := write(t, filepath.Join(t.TempDir(), "state"), goodFile(t))
	boltUpdate(t, s.Path(), func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketState) })
	if err := s.View(context.Background(), func(tx *Tx) error { tx.Get("space", "key"); return nil }); !errors.Is(err, ErrDamaged) {
		t.Errorf("state: %v", err)
	}
}

// Keys out of order must end every walk: bbolt deletes nothing among them and says nothing.
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
			dir := filepath.Join(t.TempDir(), "state")
			s := write(t, dir, b)
			if err := s.List(t.Context(), func(Record) error { return nil }); !errors.Is(err, ErrDamaged) {
				t.Errorf("list: %v", err)
			}
			if _, err := s.Drop(t.Context(), Selection{Waiting: true}); !errors.Is(err, ErrDamaged) {
				t.Errorf("drop: %v", err)
			}
			tight, err := Open(dir, Options{MaxBytes: int64(one(1)), Now: func() time.Time { return testTime }})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := appendAll(tight, entry("x")); !errors.Is(err, ErrDamaged) {
				t.Errorf("append past the bound: %v", err)
			}
			// A caller that does not look commits nothing all the same.
			err = tight.Update(t.Context(), func(tx *Tx) error { tx.Append(entry("x")); return nil })
			if after, _ := os.ReadFile(s.Path()); !errors.Is(err, ErrDamaged) || !bytes.Equal(after, b) {
				t.Errorf("half an append was committed (%v)", err)
			}
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

// Whatever happens to the bytes, nothing crashes, nothing hangs, and no record is handed out that
// was not put in.
func TestDamage(t *testing.T) {
	good := goodFile(t)
	rounds := 300
	if testing.Short() {
		rounds = 60
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	pages := len(good) / pageSize
	page := func(b []byte, i int) []byte { return b[i*pageSize : (i+1)*pageSize] }
	outcomes := map[string]int{}
	for round := range rounds {
		b := bytes.Clone(good)
		kind := []string{"flip", "zero", "swap", "cut", "header", "copy"}[round%6]
		switch kind {
		case "flip":
			for range 1 + rnd.IntN(20) {
				b[rnd.IntN(len(b))] ^= 1 << rnd.IntN(8)
			}
		case "zero":
			clear(page(b, rnd.IntN(pages)))
		case "swap":
			i, j := page(b, rnd.IntN(pages)), page(b, rnd.IntN(pages))
			for k := range i {
				i[k], j[k] = j[k], i[k]
			}
		case "cut":
			b = b[:rnd.IntN(len(b))]
		case "header": // the heads of pages, where the numbers are that bbolt follows
			for range 1 + rnd.IntN(3) {
				b[rnd.IntN(pages)*pageSize+rnd.IntN(64)] = byte(rnd.IntN(256))
			}
		case "copy":
			copy(page(b, rnd.IntN(pages)), page(b, rnd.IntN(pages)))
		}
		name := filepath.Join(t.TempDir(), "state")
		outcomes[kind+" "+abuse(t, write(t, name, b))]++
		os.RemoveAll(name)
	}
	t.Log(outcomes)
}

// abuse does all that can be done to a spool and says what came of it.
func abuse(t *testing.T, s *Spool) string {
	t.Helper()
	ctx := context.Background()
	check := func(r Record) error {
		var n int
		fmt.Sscan(string(r.Data), &n)
		if string(r.Data) != payloadData(n) && string(r.Data) != "x" {
			t.Errorf("handed out %.20q…", r.Data)
		}
		return nil
	}
	worst := "unharmed"
	for _, err := range []error{
		s.List(ctx, check),
		s.ListRejected(ctx, func(r Record, _ Refusal) error { return check(r) }),
		func() error { _, err := s.Stats(ctx); return err }(),
		func() error { _, err := s.Read(ctx, 0, 50, 1<<20); return err }(),
		func() error { _, err := appendAll(s, entry("x")); return err }(),
		s.Settle(ctx, []Outcome{{Seq: 200}, {Seq: 202, Refused: &Refusal{}}}, nil),
		s.Update(ctx, func(tx *Tx) error { tx.Get("space", "key"); return tx.Put("space", "other", nil) }),
		func() error { _, err := s.Drop(ctx, Selection{Waiting: true}); return err }(),
	} {
		switch {
		case err == nil:
		case errors.Is(err, ErrDamaged):
			worst = "damaged"
		default:
			t.Errorf("neither well nor damaged: %v", err)
		}
	}
	return worst
}
