package live

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/feed"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/report"
)

// A Source is what the table is read from.
type Source interface {
	report.Source
	report.LatestSource
}

// A Table has the latest values of all hosts. It is safe for concurrent use.
type Table struct {
	src Source
	now func() time.Time

	subscribers subscribers
	// wanted asks Run to read who the hosts are at once.
	wanted chan struct{}

	mu     sync.RWMutex
	alarms Alarms
	hosts  map[intake.AgentNumber]*host
	byID   map[string]*host
	left   int64 // values that were not kept
	loaded bool
}

// New returns an empty table. [Table.Run] fills it.
func New(src Source, now func() time.Time) *Table {
	return &Table{src: src, now: now, wanted: make(chan struct{}, 1),
		hosts: map[intake.AgentNumber]*host{}, byID: map[string]*host{}}
}

// SetAlarms says who is to be asked for alarms; until then no host has any.
func (t *Table) SetAlarms(a Alarms) {
	t.mu.Lock()
	t.alarms = a
	t.mu.Unlock()
	t.subscribers.all()
}

// Name implements [feed.Follower].
func (*Table) Name() string { return "live" }

// Take implements [feed.Follower].
func (t *Table) Take(_ context.Context, batch []feed.Item) error {
	t.mu.Lock()
	strangers := false
	changed := make([]intake.AgentNumber, 0, 8)
	for i := range batch {
		item := &batch[i]
		h := t.hosts[item.Agent]
		if h == nil {
			h = &host{number: item.Agent, known: intake.Agent{Number: item.Agent, ID: item.Result.AgentID}}
			t.add(h)
			strangers = true
		}
		t.take(h, item.Result, item.Metrics)
		if !slices.Contains(changed, item.Agent) {
			changed = append(changed, item.Agent)
		}
	}
	t.mu.Unlock()
	if strangers {
		t.refreshSoon()
	}
	t.subscribers.notify(changed...)
	return nil
}

// add makes a host known. The lock is held.
func (t *Table) add(h *host) {
	t.hosts[h.number] = h
	t.byID[h.known.ID] = h
}

// drop forgets a host. The lock is held.
func (t *Table) drop(h *host) {
	delete(t.hosts, h.number)
	if t.byID[h.known.ID] == h {
		delete(t.byID, h.known.ID)
	}
}

// Loaded reports whether the latest results of all hosts have been read once.
func (t *Table) Loaded() bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.loaded
}

// Left returns how many values were not kept because their hosts have too many.
func (t *Table) Left() int64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.left
}

// Touch tells subscribers that something about hosts changed which the table does not see, such as their alarms.
func (t *Table) Touch(agents ...intake.AgentNumber) { t.subscribers.notify(agents...) }

// Hosts returns all hosts, sorted by id.
func (t *Table) Hosts(now time.Time) []Host {
	t.mu.RLock()
	defer t.mu.RUnlock()
	list := make([]Host, 0, len(t.hosts))
	for _, h := range t.hosts {
		list = append(list, h.view(now))
	}
	slices.SortFunc(list, func(a, b Host) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// Host returns a host by its number.
func (t *Table) Host(agent intake.AgentNumber, now time.Time) (Host, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	h := t.hosts[agent]
	if h == nil {
		return Host{}, false
	}
	return h.view(now), true
}

// Find returns a host by its id.
func (t *Table) Find(agentID string, now time.Time) (Host, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	h := t.byID[agentID]
	if h == nil {
		return Host{}, false
	}
	return h.view(now), true
}

// Checks returns what is known of a host's checks, sorted by id.
func (t *Table) Checks(agentID string) []Check {
	t.mu.RLock()
	defer t.mu.RUnlock()
	h := t.byID[agentID]
	if h == nil {
		return nil
	}
	list := make([]Check, len(h.checks))
	for i := range h.checks {
		list[i] = h.checks[i].view()
	}
	return list
}

// Values returns the latest values of a host's numbers, sorted by check, dimension and metric.
func (t *Table) Values(agentID string) []Sample {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if h := t.byID[agentID]; h != nil {
		return h.samples(nil)
	}
	return nil
}

// Each calls fn with each host, by id, and the latest values of its numbers, until fn returns false. values are valid until
// fn returns. The table is not locked meanwhile, so fn may take its time.
func (t *Table) Each(now time.Time, fn func(h *Host, checks []Check, values []Sample) bool) {
	var checks []Check
	var values []Sample
	for _, view := range t.Hosts(now) {
		t.mu.RLock()
		h := t.hosts[view.Agent]
		if h == nil {
			t.mu.RUnlock()
			continue
		}
		checks, values = checks[:0], h.samples(values[:0])
		for i := range h.checks {
			checks = append(checks, h.checks[i].view())
		}
		t.mu.RUnlock()
		if !fn(&view, checks, values) {
			return
		}
	}
}
