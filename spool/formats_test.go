package spool

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var sample = flag.Bool("sample", false, "write testdata/format2.db again: only before the first release of a format")

// A file of the current format from when it was introduced: with groups, one of them half
// delivered, a rejected record that was queued again, and a loss report.
func TestReadFormat2(t *testing.T) {
	const file = "testdata/format2.db"
	if *sample {
		writeSample(t, file)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := write(t, filepath.Join(t.TempDir(), "state"), b)
	queue, rejects := listed(t, s)
	if len(queue) != 257 || !strings.HasSuffix(queue[0], "result 41 of 300") ||
		!strings.HasSuffix(queue[256], "result 7 of 300") {
		t.Fatalf("%d are queued, from %q to %q", len(queue), queue[0], queue[len(queue)-1])
	}
	if len(rejects) != 1 || !strings.HasSuffix(rejects[0], "result 8 of 300") {
		t.Errorf("%q are rejected", rejects)
	}
	st := stats(t, s)
	if st.Records != 257 || st.Rejected != 1 ||
		len(st.Dropped) != 1 || st.Dropped[0].Records != 4 || st.Ever[0].Records != 4 {
		t.Errorf("%+v", st)
	}
	if err := s.Update(t.Context(), func(tx *Tx) error {
		loss, err := tx.ReportLoss("agent-1")
		if err != nil || len(loss.Drops) != 1 || loss.Drops[0].Records != 3 {
			t.Errorf("reported %+v, %v", loss, err)
		}
		if v := tx.Get("checks", "cpu"); string(v) != "\x01\x02\x03" {
			t.Errorf("the state has %x", v)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	checkWhole(t, s.Path())
}

func writeSample(t *testing.T, file string) {
	s := newSpool(t, Options{})
	data := make([]string, 300)
	for i := range data {
		data[i] = fmt.Sprintf("result %d of 300", i+1)
	}
	records := put(t, s, data...)
	var outcomes []Outcome
	for i, r := range records[:40] {
		o := Outcome{Seq: r.Seq}
		if i == 6 || i == 7 {
			o.Refused = &Refusal{Code: 400, Message: "no"}
		}
		outcomes = append(outcomes, o)
	}
	settle(t, s, outcomes...)
	if _, err := s.Retry(t.Context(), Selection{IDs: []string{records[6].ID}}); err != nil {
		t.Fatal(err)
	}
	for i, n := range []int{3, 1} {
		var ids []string
		for _, r := range records[100+10*i : 100+10*i+n] {
			ids = append(ids, r.ID)
		}
		if _, err := s.Drop(t.Context(), Selection{IDs: ids}); err != nil {
			t.Fatal(err)
		}
		if err := s.Update(t.Context(), func(tx *Tx) error {
			if _, err := tx.ReportLoss("agent-1"); err != nil {
				return err
			}
			return tx.Put("checks", "cpu", []byte{1, 2, 3})
		}); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// What is in the file besides records reduces the bound on the records.
func TestBoundOnFile(t *testing.T) {
	now := testTime
	s := newSpool(t, Options{MaxBytes: 1 << 20, MaxFileBytes: 1 << 20, Now: func() time.Time { return now }})
	putState(t, s, "space", "key", make([]byte, 700<<10))
	long := strings.Repeat("0123456789abcdef", 1<<10)
	for i := range 100 {
		put(t, s, fmt.Sprint(i, long[:8<<10+i]), fmt.Sprint(i, "b", long[i:]))
	}
	st := stats(t, s)
	if st.Bytes > 400<<10 || st.Records == 0 || len(st.Dropped) != 1 || st.Dropped[0].Cause != CauseSpace {
		t.Errorf("%d records of %d bytes are queued, dropped %+v", st.Records, st.Bytes, st.Dropped)
	}
	if n := fileBytes(t, s); n > 3<<20 {
		t.Errorf("the file has %d bytes", n)
	}
}
