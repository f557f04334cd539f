package spool

import (
	"fmt"
	"os"
	"slices"
	"testing"
)

func fileBytes(t *testing.T, s *Spool) int64 {
	t.Helper()
	fi, err := os.Stat(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	return fi.Size()
}

// The file shrinks when the queue is drained, and nothing of the rest is lost.
func TestFileShrinks(t *testing.T) {
	s := newSpool(t, Options{})
	putState(t, s, "space", "key", []byte("value"))
	data := make([]string, 2000)
	for i := range data {
		data[i] = fmt.Sprint(i, payloadData(i%70), string(make([]byte, 70<<10*(i%50/49))))
	}
	records := put(t, s, data...)
	settle(t, s, Outcome{Seq: records[5].Seq, Refused: &Refusal{Code: 400, Message: "no"}})
	long := fileBytes(t, s)
	_, rejects := listed(t, s)
	for len(records) > 20 {
		var outcomes []Outcome
		for _, r := range records[:20] {
			outcomes = append(outcomes, Outcome{Seq: r.Seq})
		}
		settle(t, s, outcomes...)
		records = records[20:]
	}
	if short := fileBytes(t, s); short >= 1<<20 || long < 2*compactFrom {
		t.Errorf("%d bytes, then %d", long, short)
	}
	queue, rejectsNow := listed(t, s)
	if len(queue) != 20 || !slices.Equal(rejects, rejectsNow) {
		t.Errorf("%d queued, %d rejected", len(queue), len(rejectsNow))
	}
	for i, r := range records {
		if queue[i] != fmt.Sprint(r.ID, " ", r.Order, " ", string(r.Data)) {
			t.Errorf("%.40s is queued instead of %s", queue[i], r.ID)
		}
	}
	if err := s.View(t.Context(), func(tx *Tx) error {
		if got := tx.Get("space", "key"); string(got) != "value" {
			t.Errorf("the state has %q", got)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	before := fileBytes(t, s)
	if err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := fileBytes(t, s); after > before {
		t.Errorf("compacted from %d bytes to %d", before, after)
	}
	if r := put(t, s, "next"); r[0].Seq != records[len(records)-1].Seq+1 {
		t.Errorf("the next sequence number is %d", r[0].Seq)
	}
}
