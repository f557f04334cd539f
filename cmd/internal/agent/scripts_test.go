package agent

import (
	"testing"

	"virgo/collect/worker"
)

// The limit that a script broke is named, whoever found it.
func TestDescribeDeath(t *testing.T) {
	for _, c := range []struct {
		died       worker.Death
		kind, text string
	}{
		{worker.Death{How: "signal: killed", OutOfMemory: true}, "memory", "broke the limit of 1152 MiB of memory for a script and its programs"},
		{worker.Death{How: "fatal error: out of memory (exit status 2)"}, "memory", "broke the limit of 64 MiB of memory"},
		{worker.Death{How: "signal: killed"}, "died", "the script process died while it ran this check: signal: killed"},
	} {
		if kind, text := describeDeath(c.died); kind != c.kind || text != c.text {
			t.Errorf("%+v: %q, %q", c.died, kind, text)
		}
	}
}
