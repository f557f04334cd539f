package host

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A goroutine that was abandoned in a file system that hangs probes no other one when it returns.
func TestAbandonedProbeGoesNoFurther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			mu      sync.Mutex
			probed  = make(map[string]int)
			release = make(chan struct{})
		)
		p := statProber{statfs: func(path string) (usage, error) {
			mu.Lock()
			probed[path]++
			mu.Unlock()
			if path == "/hangs" {
				<-release
			}
			return usage{total: 1}, nil
		}}
		start := time.Now()
		answers := p.probe(t.Context(), []mount{{point: "/hangs"}, {point: "/a"}, {point: "/b"}})
		if took := time.Since(start); took != ProbeTimeout {
			t.Errorf("took %v", took)
		}
		if answers[0].err != errHangs || answers[1].err != nil || answers[2].err != nil {
			t.Errorf("%+v", answers)
		}
		close(release)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		for _, path := range []string{"/hangs", "/a", "/b"} {
			if probed[path] != 1 {
				t.Errorf("%s was probed %d times", path, probed[path])
			}
		}
	})
}
