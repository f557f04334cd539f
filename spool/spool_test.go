package spool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAppendReadSettle(t *testing.T) {
	s := newSpool(t, Options{})
	ctx := context.Background()
	made := put(t, s, "one", "two", "three")
	read, err := s.Read(ctx, 0, 10, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if len(read) != 3 {
		t.Fatalf("read %d records, want 3", len(read))
	}
	for i, r := range read {
		w := made[i]
		if r.Seq != w.Seq || r.ID != w.ID || r.Agent != "agent-1" || !r.Made.Equal(testTime) || !bytes.Equal(r.Data, w.Data) {
			t.Errorf("record %d: appended %+v, read %+v", i, w, r)
		}
		if !regexp.MustCompile(`^agent-1/[0-9a-f]{16}-[0-9a-f]+$`).MatchString(r.ID) {
			t.Errorf("id %q", r.ID)
		}
	}
	settle(t, s, Outcome{Seq: read[1].Seq}, Outcome{Seq: 99}, Outcome{Seq: 0},
		Outcome{Seq: read[2].Seq, Refused: &Refusal{Code: 400, Message: "no such check"}}, Outcome{Seq: read[2].Seq})
	if got := queued(t, s); !slices.Equal(got, []string{"one"}) {
		t.Errorf("queued: %q", got)
	}
	if got := rejected(t, s); !slices.Equal(got, []string{"three: 400 no such check"}) {
		t.Errorf("rejected: %q", got)
	}
	if next := put(t, s, "four"); next[0].Seq != 4 {
		t.Errorf("the next sequence number is %d, want 4", next[0].Seq)
	}
	st := stats(t, s)
	if st.Records != 2 || st.Rejected != 1 || len(st.Dropped) != 0 || st.FileBytes == 0 ||
		!st.Oldest.Equal(testTime) || !st.Newest.Equal(testTime) {
		t.Errorf("stats: %+v", st)
	}
}

func TestReadInBatches(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, "aaaa", "bbbb", strings.Repeat("c", 100), "dddd", "eeee")
	for _, tt := range []struct {
		after          uint64
		records, bytes int
		want           string
		name           string
	}{
		{0, 10, 1000, "abcde", "all"},
		{0, 2, 1000, "ab", "by count"},
		{0, 10, 8, "ab", "by bytes"},
		{0, 10, 7, "a", "by bytes, the second does not fit"},
		{2, 10, 1, "c", "at least one, however long"},
		{2, 10, 104, "cd", "from the middle"},
		{5, 10, 1000, "", "past the end"},
		{1<<64 - 1, 10, 1000, "", "past the greatest sequence number"},
		{0, 0, 1000, "", "a limit of none"},
		{0, -1, 1000, "", "a negative limit"},
	} {
		records, err := s.Read(context.Background(), tt.after, tt.records, tt.bytes)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, r := range records {
			got += string(r.Data[:1])
		}
		if got != tt.want {
			t.Errorf("%s: read %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Two spools have different ids for the same sequence number.
func TestIDsAreRandom(t *testing.T) {
	a, b := newSpool(t, Options{}), newSpool(t, Options{})
	if x, y := put(t, a, "x")[0], put(t, b, "x")[0]; x.Seq != y.Seq || x.ID == y.ID {
		t.Errorf("records %+v and %+v", x, y)
	}
	first, second := put(t, a, "y")[0], put(t, a, "z")[0]
	if first.ID[:len("agent-1/")+16] == second.ID[:len("agent-1/")+16] {
		t.Errorf("two appends have the same start: %s, %s", first.ID, second.ID)
	}
}

func TestViewCreatesNothing(t *testing.T) {
	s := newSpool(t, Options{})
	err := s.View(context.Background(), func(tx *Tx) error {
		if v := tx.Get("space", "key"); v != nil {
			t.Errorf("got %q", v)
		}
		if err := tx.Put("space", "key", nil); !errors.Is(err, ErrViewOnly) {
			t.Errorf("put in a view: %v", err)
		}
		if _, err := tx.Append(entry("x")); !errors.Is(err, ErrViewOnly) {
			t.Errorf("append in a view: %v", err)
		}
		return tx.Each("space", func(string, []byte) error { return errors.New("called") })
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := queued(t, s); got != nil {
		t.Errorf("queued: %q", got)
	}
	if st := stats(t, s); st.Records != 0 || st.FileBytes != 0 ||
		st.MaxBytes != DefaultMaxBytes || st.MaxAge != DefaultMaxAge {
		t.Errorf("stats: %+v", st)
	}
	if _, err := os.Stat(s.Path()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a view created the file: %v", err)
	}
}

func TestNothingWrittenIsNotCommitted(t *testing.T) {
	var points []string
	s := newSpool(t, Options{Hook: func(p string) { points = append(points, p) }})
	ctx := context.Background()
	putState(t, s, "space", "key", []byte("value"))
	before, _ := os.ReadFile(s.Path())
	points = nil
	for _, fn := range []func(tx *Tx) error{
		func(tx *Tx) error { return nil },
		func(tx *Tx) error { tx.Get("space", "key"); return nil },
		func(tx *Tx) error { return tx.Put("space", "key", []byte("value")) },
		func(tx *Tx) error { return tx.Delete("space", "other") },
		func(tx *Tx) error { return tx.Delete("nowhere", "key") },
		func(tx *Tx) error { _, err := tx.Append(); return err },
	} {
		if err := s.Update(ctx, fn); err != nil {
			t.Fatal(err)
		}
	}
	settle(t, s, Outcome{Seq: 7})
	if after, _ := os.ReadFile(s.Path()); !bytes.Equal(before, after) || points != nil {
		t.Errorf("the file changed, or there was a commit: %q", points)
	}
}

func TestErrorRollsBack(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, "kept")
	mine := errors.New("mine")
	err := s.Update(context.Background(), func(tx *Tx) error {
		if _, err := tx.Append(entry("gone")); err != nil {
			t.Error(err)
		}
		if err := tx.Put("space", "key", []byte("gone")); err != nil {
			t.Error(err)
		}
		return mine
	})
	if err != mine {
		t.Errorf("got %v", err)
	}
	err = s.Settle(context.Background(), []Outcome{{Seq: 1}}, func(*Tx) error { return mine })
	if err != mine {
		t.Errorf("got %v", err)
	}
	if got := queued(t, s); !slices.Equal(got, []string{"kept"}) {
		t.Errorf("queued: %q", got)
	}
}

func TestCallersPanicPassesThrough(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, "kept")
	for _, run := range []func(context.Context, func(*Tx) error) error{s.Update, s.View} {
		func() {
			defer func() {
				if p := recover(); p != "mine" {
					t.Errorf("recovered %v", p)
				}
			}()
			run(context.Background(), func(tx *Tx) error {
				tx.Append(entry("gone"))
				return tx.Each("none", nil)
			})
			run(context.Background(), func(tx *Tx) error {
				tx.Get("space", "key")
				panic("mine")
			})
		}()
		settle(t, s, Outcome{Seq: 2})
		if got := queued(t, s); !slices.Equal(got, []string{"kept"}) {
			t.Errorf("queued: %q", got)
		}
	}
}

func TestUseAfterTransaction(t *testing.T) {
	s := newSpool(t, Options{})
	var over *Tx
	if err := s.Update(context.Background(), func(tx *Tx) error { over = tx; return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := over.Append(entry("x")); !errors.Is(err, ErrTxOver) {
		t.Errorf("append: %v", err)
	}
	if err := over.Put("space", "key", nil); !errors.Is(err, ErrTxOver) {
		t.Errorf("put: %v", err)
	}
	if v := over.Get("space", "key"); v != nil {
		t.Errorf("get: %q", v)
	}
}

func TestTooLarge(t *testing.T) {
	s := newSpool(t, Options{})
	data := make([]byte, MaxRecordBytes+1)
	for _, e := range []Entry{
		{Agent: "a", Made: testTime, Data: data},
		{Agent: strings.Repeat("a", MaxAgentBytes+1), Made: testTime},
	} {
		if _, err := appendAll(s, entry("before"), e, entry("after")); !errors.Is(err, ErrTooLarge) {
			t.Errorf("got %v", err)
		}
	}
	if got := queued(t, s); got != nil {
		t.Errorf("queued: %d records", len(got))
	}
	// The longest that is allowed can be appended and read.
	longest := Entry{Agent: strings.Repeat("a", MaxAgentBytes), Made: testTime, Data: data[:MaxRecordBytes]}
	if _, err := appendAll(s, longest); err != nil {
		t.Fatal(err)
	}
	if got := queued(t, s); len(got) != 1 || len(got[0]) != MaxRecordBytes {
		t.Errorf("queued: %d records", len(got))
	}
	small := newSpool(t, Options{MaxBytes: 1000})
	if _, err := appendAll(small, Entry{Data: data[:1000]}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("longer than the whole spool: %v", err)
	}
}

func TestCancelledContext(t *testing.T) {
	s := newSpool(t, Options{})
	cause := errors.New("the run is over")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	never := func(*Tx) error { t.Error("called"); return nil }
	for _, err := range []error{s.Update(ctx, never), s.View(ctx, never), s.Settle(ctx, []Outcome{{Seq: 1}}, never)} {
		if !errors.Is(err, cause) {
			t.Errorf("got %v", err)
		}
	}
}

func TestSeveralGoroutines(t *testing.T) {
	s := newSpool(t, Options{LockWait: time.Minute})
	other := open(t, filepath.Dir(s.Path()), Options{LockWait: time.Minute}) // as another process would
	var wg sync.WaitGroup
	for range 3 {
		for _, s := range []*Spool{s, other} {
			wg.Go(func() {
				for range 5 {
					r, err := appendAll(s, entry("x"), entry("y"))
					if err != nil {
						t.Error(err)
						return
					}
					if err := s.Settle(context.Background(), []Outcome{{Seq: r[0].Seq}}, nil); err != nil {
						t.Error(err)
					}
					if _, err := s.Read(context.Background(), 0, 3, 100); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	if got := queued(t, s); len(got) != 30 || slices.Contains(got, "x") {
		t.Errorf("queued: %q", got)
	}
}

func TestLockedByAnother(t *testing.T) {
	s := newSpool(t, Options{LockWait: 20 * time.Millisecond})
	other := open(t, filepath.Dir(s.Path()), Options{})
	err := other.Update(context.Background(), func(tx *Tx) error {
		if err := s.Update(context.Background(), func(*Tx) error { return nil }); !errors.Is(err, ErrLocked) {
			t.Errorf("while another opening writes: %v", err)
		}
		if _, err := s.Stats(context.Background()); !errors.Is(err, ErrLocked) {
			t.Errorf("while another opening writes: %v", err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := s.Stats(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(context.Background(), func(tx *Tx) error {
		if err := s.Update(context.Background(), func(*Tx) error { return nil }); !errors.Is(err, ErrLocked) {
			t.Errorf("inside its own transaction: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// Views do not exclude each other.
	err = s.View(context.Background(), func(tx *Tx) error {
		_, err := other.Stats(context.Background())
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// Concurrent readers do not take each other's marker for that of a killed process.
func TestConcurrentReaders(t *testing.T) {
	s := newSpool(t, Options{LockWait: time.Minute})
	put(t, s, "a", "b", "c")
	const readers = 8
	failed := make(chan error, readers)
	for range readers {
		other := open(t, s.dir, Options{LockWait: time.Minute, Recovered: func(r Recovery) { t.Error(r) }})
		go func() {
			var err error
			for i := 0; i < 200 && err == nil; i++ {
				var records []Record
				if records, err = other.Read(context.Background(), 0, 10, 1000); err == nil && len(records) != 3 {
					err = fmt.Errorf("%d records", len(records))
				}
			}
			failed <- err
		}()
	}
	for range readers {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
}
