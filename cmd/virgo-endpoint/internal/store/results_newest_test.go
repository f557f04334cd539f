package store

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// However large the newest results are, only some of them are in memory at a time, and all are passed on.
func TestNewestResultsAreNotAllInMemory(t *testing.T) {
	const n, limit = 120, 110
	f := newHosts(t, "a", "b")
	text := bytes.Repeat([]byte("x"), 1<<20)
	for i := range n {
		agent := f.agents()[i%2]
		f.now = f.now.Add(10 * time.Minute)
		list := f.results(agent, 1)
		list[0].Params = fmt.Appendf(nil, `{"n":%q}`, text)
		if _, err := f.send(agent, list); err != nil {
			t.Fatal(err)
		}
	}
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var got []time.Time
	err := f.s.Results(t.Context(), intake.Filter{Limit: limit}, func(r intake.Result) error {
		if len(r.Params) < 1<<20 {
			t.Fatalf("params of %d bytes", len(r.Params))
		}
		if got = append(got, r.Time); len(got)%50 == 1 {
			runtime.GC()
			runtime.ReadMemStats(&during)
			if used := int64(during.HeapAlloc) - int64(before.HeapAlloc); used > 3*maxKept {
				t.Errorf("%d bytes in use", used)
			}
		}
		return nil
	})
	if err != nil || len(got) != limit || !got[limit-1].Equal(f.now) {
		t.Fatalf("%d results, %v", len(got), err)
	}
	for i := 1; i < len(got); i++ {
		if got[i].Sub(got[i-1]) != 10*time.Minute {
			t.Fatalf("%v comes after %v", got[i], got[i-1])
		}
	}
}
