//go:build unix

package segment

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// perCommit is how many sessions share a commit in these benchmarks.
const perCommit = 16

// dictionaryOf is a sample of sessions of other hosts.
func dictionaryOf(b testing.TB, size int) []byte {
	f, s := newFleet(b), newSegment(b, nil)
	for i := range int64(100) {
		store(b, s, []int64{-1 - i}, [][]intake.Result{f.session(-1-i, begun)}, begun)
	}
	d, err := s.Sample(b.Context(), size)
	if err != nil {
		b.Fatal(err)
	}
	return d
}

func BenchmarkAppend(b *testing.B) {
	for _, agents := range []int64{1_000, 100_000} {
		for _, size := range []int{0, 16 << 10, MaxDictionary} {
			b.Run(fmt.Sprintf("agents=%d/dictionary=%d", agents, size), func(b *testing.B) {
				var d []byte
				if size > 0 {
					d = dictionaryOf(b, size)
				}
				f, s := newFleet(b), newSegment(b, d)
				at := begun
				next := int64(0)
				var cpu time.Duration
				for n := 0; n < b.N; n += perCommit {
					var list []int64
					var sessions [][]intake.Result
					for range perCommit {
						next = (next + 7919) % agents
						at = at.Add(time.Minute / time.Duration(agents))
						list, sessions = append(list, next+1), append(sessions, f.session(next+1, at))
					}
					before := used(b)
					store(b, s, list, sessions, at)
					cpu += used(b) - before
				}
				sessions := (b.N + perCommit - 1) / perCommit * perCommit
				s.finishForSize(b)
				info, err := os.Stat(s.Path())
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(cpu.Microseconds())/float64(sessions), "cpu-µs/session")
				b.ReportMetric(float64(info.Size())/float64(sessions*7), "B/result")
			})
		}
	}
}

func (s *Segment) finishForSize(b *testing.B) {
	tx, err := s.Begin(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	if err := tx.Seal(); err != nil {
		b.Fatal(err)
	}
	if err := s.Finish(b.Context()); err != nil {
		b.Fatal(err)
	}
}

func used(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
