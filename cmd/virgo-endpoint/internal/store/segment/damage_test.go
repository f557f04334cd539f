package segment

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport/receipt"
)

// sample makes a sealed segment of some agents and returns its file and its results by number.
func sample(t *testing.T) (data []byte, want map[int64]intake.Result) {
	t.Helper()
	f, s := newFleet(t), newSegment(t, nil)
	want = map[int64]intake.Result{}
	for n := range 30 {
		at := begun.Add(time.Duration(n) * time.Minute)
		agent := int64(n%5 + 1)
		list := f.session(agent, at)
		store(t, s, []int64{agent}, [][]intake.Result{list}, at)
		for _, r := range list {
			want[r.Seq] = r
		}
	}
	tx, err := s.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(tx.Seal(), s.Finish(t.Context()), s.Verify(t.Context())); err != nil {
		t.Fatal(err)
	}
	if data, err = os.ReadFile(s.Path()); err != nil {
		t.Fatal(err)
	}
	return data, want
}

// Whatever page of a file is damaged, in whatever way: what is read is what was stored, what is not read is an error
// that names the file, and the other results are still read in the order of arrival.
func TestDamageOfEachPage(t *testing.T) {
	const page = 4096
	data, want := sample(t)
	dir := t.TempDir()
	readable := 0
	for at := 0; at < len(data); at += page {
		for kind, damage := range map[string]func([]byte){
			"zeros":  func(b []byte) { clear(b) },
			"noise":  func(b []byte) { copy(b, bytes.Repeat([]byte{0xa5}, len(b))) },
			"a byte": func(b []byte) { b[len(b)*2/3] ^= 0x10 },
			"end":    func(b []byte) { clear(b[len(b)/2:]) },
		} {
			damaged := bytes.Clone(data)
			damage(damaged[at : at+page])
			path := filepath.Join(dir, fmt.Sprintf("%d-%s.db", at, kind))
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			n, err := readAll(t, path, want)
			if err != nil && (!errors.Is(err, intake.ErrDamaged) || !strings.Contains(err.Error(), path)) {
				t.Errorf("page %d, %s: %v", at/page, kind, err)
			}
			if err == nil && n != len(want) {
				t.Errorf("page %d, %s: %d of %d results and no error", at/page, kind, n, len(want))
			}
			readable += n
			os.Remove(path)
		}
	}
	if most := len(data) / page * 4 * len(want); readable < most/2 {
		t.Errorf("%d of %d results were read", readable, most)
	}
}

// readAll reads a segment in all ways, compares what it reads, and returns the number of the results that can be read in
// the order of arrival.
func readAll(t *testing.T, path string, want map[int64]intake.Result) (n int, err error) {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	seen := map[int64]bool{}
	compare := func(b *Blob) error {
		list, err := b.Results(nil)
		for i := range list {
			w := want[list[i].Seq]
			if list[i].ResultID != w.ResultID || !bytes.Equal(list[i].Params, w.Params) || !list[i].Time.Equal(w.Time) || list[i].CheckID != w.CheckID {
				t.Errorf("%s: result %d is another one: %+v", path, list[i].Seq, list[i])
			}
			seen[list[i].Seq] = true
		}
		return err
	}
	err = s.Blobs(t.Context(), 0, math.MaxInt64, compare)
	n = len(seen)
	for _, short := range []bool{true, false} {
		last := Place{math.MinInt64, math.MinInt64}
		for {
			list, pageErr := s.After(t.Context(), short, last)
			err = errors.Join(err, pageErr)
			for i := range list {
				err = errors.Join(err, compare(&list[i]))
				last = list[i].Place()
			}
			if len(list) == 0 || pageErr != nil {
				break
			}
		}
	}
	for agent := int64(1); agent <= 5; agent++ {
		list, agentErr := s.OfAgent(t.Context(), agent, 0)
		err = errors.Join(err, agentErr)
		for i := range list {
			if list[i].Agent != agent {
				t.Errorf("%s: results of agent %d for agent %d", path, list[i].Agent, agent)
			}
		}
		var found receipt.Ranges
		_ = s.Held(t.Context(), agent, name(agent), []receipt.Range{{Start: 1, From: 1, To: 10}}, &found)
		_, _, contactErr := s.Contact(t.Context(), agent)
		err = errors.Join(err, contactErr)
	}
	// What none of these has read, Verify finds.
	return n, errors.Join(err, s.Verify(t.Context()))
}
