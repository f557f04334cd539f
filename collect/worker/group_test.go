package worker

import (
	"os/exec"
	"slices"
	"sync"
	"testing"

	"virgo/collect"
)

// testGroups are groups that record what becomes of them.
type testGroups struct {
	mu          sync.Mutex
	calls       []string
	refuses     bool // no process can start in them
	outOfMemory bool
}

func (g *testGroups) call(what string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls = append(g.calls, what)
}

func (g *testGroups) Enter(cmd *exec.Cmd) {
	g.call("enter")
	if g.refuses {
		cmd.Dir = "/does/not/exist"
	}
}

func (g *testGroups) End() bool {
	g.call("end")
	return g.outOfMemory
}

// Each process has a group of its own, which ends with it and says why it did.
func TestGroups(t *testing.T) {
	for name, outOfMemory := range map[string]bool{"enough memory": false, "out of memory": true} {
		t.Run(name, func(t *testing.T) {
			p := program(t, "")
			g := &testGroups{outOfMemory: outOfMemory}
			p.Group = func() Group { return g }
			var died Death
			p.Describe = func(d Death) (kind, text string) { died = d; return "memory", "too much" }
			_, err := checker{p}.Check(t.Context(), requestFor("t.exits", nil))
			if failed, ok := err.(*collect.FailedError); !ok || failed.Kind != "memory" {
				t.Errorf("%v", err)
			}
			if died.OutOfMemory != outOfMemory || died.How != "exit status 7" {
				t.Errorf("%+v", died)
			}
			if want := []string{"enter", "end", "enter", "end"}; !slices.Equal(g.calls, want) { // together, then alone
				t.Errorf("%q", g.calls)
			}
		})
	}
}

// Where the system starts no process in a group, it runs in none.
func TestRefusedGroup(t *testing.T) {
	p := program(t, "")
	g := &testGroups{refuses: true}
	p.Group = func() Group { return g }
	if _, err := (checker{p}).Check(t.Context(), requestFor("t.echo", nil)); err != nil {
		t.Error(err)
	}
	p.Close()
	p.Group = func() Group { return nil }
	if _, err := (checker{p}).Check(t.Context(), requestFor("t.echo", nil)); err != nil {
		t.Error(err)
	}
	if want := []string{"enter", "end"}; !slices.Equal(g.calls, want) {
		t.Errorf("%q", g.calls)
	}
}
