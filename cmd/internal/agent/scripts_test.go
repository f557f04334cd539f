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

// Every script process asks for a control group; in that of this test, which is not the unit's, it gets none.
func TestScriptProcessesHaveGroups(t *testing.T) {
	p := &Program{}
	for name, w := range map[string]*worker.Program{"of checks": p.ScriptWorker(), "of a new bundle": p.emptyScriptWorker()} {
		if w.Group == nil {
			t.Errorf("that %s asks for none", name)
		} else if g := w.Group(); g != nil {
			t.Errorf("that %s has %+v", name, g)
		}
	}
	p.CloseWorker()
}
