package main

import (
	"testing"
	"time"
)

// Lost and doubled results of different agents do not cancel out, and those of strangers count.
func TestComparison(t *testing.T) {
	agents := []storedAgent{
		{"same", 7, 0}, {"lost", 5, 0}, {"doubled", 9, 0}, {"unknown", 3, 4}, {"unknown and empty", 0, 0}, {"renumbered", 7, 1},
	}
	told := map[string]int{"same": 7, "lost": 7, "doubled": 7, "renumbered": 7, "not listed": 14}
	var c comparison
	c.add(agents, told)
	if want := (comparison{acknowledged: 42, lost: 2 + 14, surplus: 2 + 3, renumbered: 1}); c != want {
		t.Errorf("%+v, want %+v", c, want)
	}
}

// The backlogs of late hosts are as old as the row says.
func TestLatePast(t *testing.T) {
	for _, c := range []struct {
		k    int
		from int // days ago
	}{{0, 4}, {lateHosts - 1, 40}} {
		p := latePast(c.k)
		if got := (p.Until + time.Duration(p.Runs-1)*p.Every).Hours() / 24; got < float64(c.from)-0.1 || got > float64(c.from) {
			t.Errorf("host %d: its first run was %.2f days ago, want %d", c.k, got, c.from)
		}
	}
}
