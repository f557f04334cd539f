package spool

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
)

// A model is a spool without a disk: lists, and the rules of the package comment.
type model struct {
	maxBytes, maxAge int64
	wall, age        int64
	seq              uint64
	queue, rejected  []modelRecord
	dropped          map[Cause]Drop
}

type modelRecord struct {
	seq    uint64
	id     string
	at     int64
	made   time.Time
	data   string
	reason string
	bytes  int64
}

func (m *model) tick(now time.Time) {
	ms := now.UnixMilli()
	if step := ms - m.wall; step > 0 && step <= 366*86400*1000 {
		m.age += min(step, 86400*1000)
	}
	m.wall = ms
}

func (m *model) drop(from *[]modelRecord, i int, cause Cause) {
	r := (*from)[i]
	*from = slices.Delete(*from, i, i+1)
	d := m.dropped[cause]
	d.Cause = cause
	d.count(int(r.bytes), r.made.UnixMilli(), true)
	m.dropped[cause] = d
}

func sum(list []modelRecord) (n int64) {
	for _, r := range list {
		n += r.bytes
	}
	return n
}

func (m *model) trim() {
	for len(m.queue) > 0 {
		if m.age > m.queue[0].at+m.maxAge {
			m.drop(&m.queue, 0, CauseAge)
		} else if sum(m.queue) > m.maxBytes {
			m.drop(&m.queue, 0, CauseSpace)
		} else {
			break
		}
	}
	for len(m.rejected) > 0 && sum(m.rejected) > m.maxBytes/8 {
		m.drop(&m.rejected, 0, CauseRefused)
	}
}

func (m *model) find(list []modelRecord, seq uint64) int {
	return slices.IndexFunc(list, func(r modelRecord) bool { return r.seq == seq })
}

func TestAgainstAModel(t *testing.T) {
	seeds := 4
	if testing.Short() {
		seeds = 1
	}
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { modelRun(t, seed) })
	}
}

func modelRun(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	now := testTime
	m := &model{
		maxBytes: 40_000, maxAge: (40 * time.Hour).Milliseconds(),
		wall: now.UnixMilli(), dropped: map[Cause]Drop{},
	}
	s := newSpool(t, Options{MaxBytes: m.maxBytes, MaxAge: 40 * time.Hour, Now: func() time.Time { return now }})
	ctx := context.Background()
	created := false
	for step := range 150 {
		switch rnd.IntN(12) {
		case 0:
			now = now.Add(time.Duration(rnd.IntN(48)-24) * time.Hour)
		case 1:
			now = now.AddDate(rnd.IntN(6)-3, 0, 0)
		default:
			now = now.Add(time.Duration(rnd.IntN(90)) * time.Second)
		}
		switch op := rnd.IntN(20); {
		case op < 9:
			modelAppend(t, s, m, rnd, now, &created)
		case op < 16:
			var outcomes []Outcome
			for range rnd.IntN(30) {
				o := Outcome{Seq: m.seq - min(m.seq, uint64(rnd.IntN(60))) + uint64(rnd.IntN(3))}
				if len(m.queue) > 0 && rnd.IntN(2) == 0 {
					o.Seq = m.queue[rnd.IntN(len(m.queue))].seq
				}
				if rnd.IntN(4) == 0 {
					o.Refused = &Refusal{Code: rnd.IntN(500), Message: "no"}
				}
				outcomes = append(outcomes, o)
			}
			if err := s.Settle(ctx, outcomes, nil); err != nil {
				t.Fatal(err)
			}
			changed := false
			for _, o := range outcomes {
				i := m.find(m.queue, o.Seq)
				if i < 0 {
					continue
				}
				changed = true
				r := m.queue[i]
				m.queue = slices.Delete(m.queue, i, i+1)
				if o.Refused != nil {
					r.reason = fmt.Sprint(o.Refused.Code, " ", o.Refused.Message)
					r.bytes += reasonFixed + int64(len(o.Refused.Message))
					j, _ := slices.BinarySearchFunc(m.rejected, r.seq, func(x modelRecord, seq uint64) int {
						return int(x.seq) - int(seq)
					})
					m.rejected = slices.Insert(m.rejected, j, r)
				}
			}
			if changed {
				m.tick(now)
				for len(m.rejected) > 0 && sum(m.rejected) > m.maxBytes/8 {
					m.drop(&m.rejected, 0, CauseRefused)
				}
			}
		case op < 18:
			var ids []string
			for _, list := range []*[]modelRecord{&m.queue, &m.rejected} {
				if len(*list) > 0 {
					i := rnd.IntN(len(*list))
					ids = append(ids, (*list)[i].id)
					m.drop(list, i, CauseUser)
				}
			}
			if len(ids) > 0 {
				m.tick(now)
			}
			if d, err := s.Drop(ctx, Selection{IDs: ids}); err != nil || d.Records != uint64(len(ids)) {
				t.Fatalf("drop %q: %+v, %v", ids, d, err)
			}
		case rnd.IntN(4) == 0:
			if len(m.queue)+len(m.rejected) > 0 {
				m.tick(now)
			}
			for len(m.queue) > 0 {
				m.drop(&m.queue, 0, CauseUser)
			}
			for len(m.rejected) > 0 {
				m.drop(&m.rejected, 0, CauseUser)
			}
			if _, err := s.Drop(ctx, Selection{Waiting: true, Rejected: true}); err != nil {
				t.Fatal(err)
			}
		}
		compare(t, s, m, step)
	}
	checkWhole(t, s.Path())
}

func modelAppend(t *testing.T, s *Spool, m *model, rnd *rand.Rand, now time.Time, created *bool) {
	var entries []Entry
	for range rnd.IntN(15) {
		size := rnd.IntN(300)
		if rnd.IntN(10) == 0 {
			size = rnd.IntN(9000)
		}
		data := make([]byte, size)
		for i := range data {
			data[i] = byte('a' + rnd.IntN(26))
		}
		entries = append(entries, Entry{
			Agent: fmt.Sprint("agent-", rnd.IntN(3)), Data: data,
			Made: now.Add(-time.Duration(rnd.IntN(5000)) * time.Millisecond),
		})
	}
	records, err := appendAll(s, entries...)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) == 0 {
		return
	}
	if !*created {
		*created = true
		m.wall = now.UnixMilli() // the spool's clock starts with its file
	}
	m.tick(now)
	for i, e := range entries {
		m.seq++
		if records[i].Seq != m.seq {
			t.Fatalf("sequence %d, want %d", records[i].Seq, m.seq)
		}
		m.queue = append(m.queue, modelRecord{
			seq: m.seq, id: records[i].ID, at: m.age, data: string(e.Data),
			made: e.Made, bytes: int64(recordSize(e.Agent, len(e.Data))),
		})
	}
	m.trim()
}

// compare compares everything in the spool with the model.
func compare(t *testing.T, s *Spool, m *model, step int) {
	t.Helper()
	line := func(seq uint64, id string, made time.Time, data, reason string) string {
		return fmt.Sprintf("%d %s %d %x %s", seq, id, made.UnixMilli(), xxhash.Sum64String(data), reason)
	}
	var got, want []string
	s.List(t.Context(), func(r Record) error {
		got = append(got, line(r.Seq, r.ID, r.Made, string(r.Data), ""))
		return nil
	})
	s.ListRejected(t.Context(), func(r Record, why Refusal) error {
		got = append(got, line(r.Seq, r.ID, r.Made, string(r.Data), fmt.Sprint(why.Code, " ", why.Message)))
		return nil
	})
	for _, r := range slices.Concat(m.queue, m.rejected) {
		want = append(want, line(r.seq, r.id, r.made, r.data, r.reason))
	}
	if !slices.Equal(got, want) {
		t.Fatalf("step %d: the spool has\n%q\nthe model\n%q", step, got, want)
	}
	st := stats(t, s)
	if st.Records != uint64(len(m.queue)) || st.Bytes != sum(m.queue) ||
		st.Rejected != uint64(len(m.rejected)) || st.RejectedBytes != sum(m.rejected) {
		t.Fatalf("step %d: the spool counts %+v, the model %d (%d bytes), %d (%d bytes)",
			step, st, len(m.queue), sum(m.queue), len(m.rejected), sum(m.rejected))
	}
	var drops []Drop
	for _, cause := range causes {
		if d, ok := m.dropped[cause]; ok {
			drops = append(drops, d)
		}
	}
	if fmt.Sprint(st.Dropped) != fmt.Sprint(drops) {
		t.Fatalf("step %d: drop counts %v, the model's %v", step, st.Dropped, drops)
	}
}
