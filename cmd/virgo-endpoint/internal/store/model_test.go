package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/cmd/virgo-endpoint/internal/store/retention"
	"virgo/transport/receipt"
)

// The store is compared with a map: hosts whose clocks jump make results, keep them for weeks, deliver them
// again, lose their state, are cloned and restored; the endpoint's clock jumps, its process dies at any
// step, it deletes what is old, is backed up and restored. What the model does not decide itself is which
// segments are deleted, and so where the floor is: that it takes from the store, and holds it to the rules.

// modelAgents are the ids of the agents. Several hosts may use one of them.
var modelAgents = []string{"a", "b", "ä/x"}

// A world is one history under way.
type world struct {
	t      testing.TB
	dir    string
	path   string
	stores [2]*Store // as two processes have it open
	turn   int       // the one that is used
	access map[string]intake.Access

	truth time.Duration // that has passed
	wall  time.Duration // how far the endpoint's clock is ahead of it
	ahead int           // how often that clock jumped forward
	hosts []*modelHost
	model model
	saved *savedModel // the last backup
	made  int
	keep  time.Duration
	least time.Duration // the least keep so far
	full  bool          // the disk is full
	// old means that it began with rows. Those of a day become a segment in the order of their agents.
	old bool

	killIn int // steps until the process dies; 0: it does not
	killed bool
	log    []string
}

// A modelHost is a host with its spool.
type modelHost struct {
	agent     string
	start     uint64
	next      uint64
	clock     time.Duration // how far its clock is ahead of the truth
	jumps     int
	spool     []*modelResult
	delivered []*modelResult
	snapshot  *modelHost
}

// A modelResult is a result at its host.
type modelResult struct {
	id      string
	regular bool // its id has the order
	order   uint64
	start   uint64
	agent   string
	params  string
	time    time.Time // by the host's clock
	truth   time.Duration
	jumps   int  // of the host's clock when it was made
	old     bool // of an agent of the existing protocol: it tells neither age nor time of sending
}

// A model is what the store should have.
type model struct {
	all     []*storedResult // in the order of their arrival, without those that were deleted
	byID    map[string]*storedResult
	highest map[string]uint64
	known   map[string]bool
	names   map[string]bool
	clock   modelClock
	thrown  int64
	// gone is when the youngest of the deleted results arrived, by the clock; nil if none was deleted.
	gone *time.Duration
}

// A storedResult is one that is stored.
type storedResult struct {
	*modelResult
	received time.Time
	age      time.Duration // of the retention clock when it arrived
	row      bool          // of a store of before segments
}

// sameArrival compares the time of an arrival. Rows that become segments arrived within a second of it.
func (s *storedResult) sameArrival(received time.Time) bool {
	if s.row {
		return received.Sub(s.received).Abs() < arrivalSpan
	}
	return received.Equal(s.received)
}

// A modelClock is the retention clock: at most a day for a step of the wall clock.
type modelClock struct {
	begun bool
	wall  time.Time
	age   time.Duration
}

func (c *modelClock) at(now time.Time) time.Duration {
	if step := now.Sub(c.wall); c.begun && step > 0 && step <= 366*retention.Day {
		return c.age + min(step, retention.Day)
	}
	return c.age
}

func (c *modelClock) advance(now time.Time) { c.age, c.wall, c.begun = c.at(now), now, true }

type savedModel struct {
	file  string
	model model
}

func (m *model) has(agent string) bool { return m.names[agent] }

func (m *model) clone() model {
	c := *m
	c.names = maps.Clone(m.names)
	c.all, c.byID, c.highest, c.known = slices.Clone(m.all), maps.Clone(m.byID), maps.Clone(m.highest), maps.Clone(m.known)
	return c
}

var errModelKill = errors.New("killed by the test")

// A modelFailure is what a history finds.
type modelFailure string

func (w *world) fail(format string, args ...any) { panic(modelFailure(fmt.Sprintf(format, args...))) }

func (w *world) must(err error) {
	if err != nil {
		w.fail("%v", err)
	}
}

// modelStart is a Sunday, away from the end of a day.
var modelStart = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func (w *world) now() time.Time { return modelStart.Add(w.truth + w.wall).Truncate(time.Millisecond) }

func (h *modelHost) now(w *world) time.Time {
	return modelStart.Add(w.truth + h.clock).Truncate(time.Millisecond)
}

// newWorld begins with an empty store, or with one of before segments.
func newWorld(t testing.TB, dir string, old bool) *world {
	w := &world{t: t, dir: dir, access: map[string]intake.Access{}, keep: 30 * retention.Day, least: 30 * retention.Day}
	w.model = model{byID: map[string]*storedResult{}, highest: map[string]uint64{}, known: map[string]bool{}, names: map[string]bool{}}
	for _, agent := range modelAgents {
		w.model.names[agent] = true
	}
	if old {
		w.old = true
		w.table()
		return w
	}
	w.path = filepath.Join(dir, "first", storeName)
	w.must(os.Mkdir(filepath.Dir(w.path), 0o700))
	_, err := Create(t.Context(), w.path)
	w.must(err)
	w.open()
	for i, agent := range modelAgents {
		key := intaketest.Key(byte(100 + i))
		_, err := w.store().AddKey(t.Context(), agent, key, w.now())
		w.must(err)
		a, err := w.store().Admit(t.Context(), intake.Claim{AgentID: agent, Key: key, Proven: true, Session: 1, Now: w.now()})
		w.must(err)
		w.access[agent] = a.Access
		w.hosts = append(w.hosts, &modelHost{agent: agent, start: uint64(i + 1)})
	}
	w.bounds()
	return w
}

// table begins with a store of before segments.
func (w *world) table() {
	f := tableOf(w.t, 4, modelAgents...)
	var rows []intake.Result
	w.must(f.s.Results(w.t.Context(), intake.Filter{}, func(r intake.Result) error {
		r.Params = slices.Clone(r.Params)
		rows = append(rows, r)
		return nil
	}))
	w.must(f.s.Close())
	w.path, w.access = f.path, f.access
	w.open()
	for _, agent := range modelAgents {
		w.hosts = append(w.hosts, &modelHost{agent: agent, start: hostsStart, next: f.order[agent]})
		w.model.known[agent], w.model.highest[agent] = true, f.order[agent]
	}
	w.bounds()
	w.round()
	slices.SortFunc(rows, func(a, b intake.Result) int { return cmp.Compare(a.Seq, b.Seq) })
	for i := range rows {
		r := &rows[i]
		s := &storedResult{
			modelResult: &modelResult{agent: r.AgentID, id: r.ResultID, params: string(r.Params), time: r.Time, truth: r.Time.Sub(firstDay), start: hostsStart, old: true},
			received:    r.Received, age: r.Received.Sub(firstDay), row: true,
		}
		w.model.all = append(w.model.all, s)
		if r.ResultID == "" {
			continue
		}
		s.regular, s.order = true, *r.Order
		w.model.byID[s.agent+" "+s.id] = s
		h := w.hosts[slices.Index(modelAgents, s.agent)]
		h.delivered = append(h.delivered, s.modelResult)
	}
}

// migrate moves rows of the table into segments; all of them if all is set.
func (w *world) migrate(all bool) {
	for {
		m, err := w.store().moveOn(w.t.Context(), w.now())
		if w.died(err) || w.full && err != nil {
			return
		}
		w.must(err)
		if m.Done || !all {
			return
		}
	}
}

// rename gives the hosts of an agent another id. What waits has the old one in its ids.
func (w *world) rename(h *modelHost) {
	from, to := h.agent, h.agent+"'"
	if strings.HasSuffix(from, "''") {
		return
	}
	w.must(w.store().RenameAgent(w.t.Context(), from, to))
	w.access[to] = w.access[from]
	m := &w.model
	m.known[to], m.highest[to] = m.known[from], m.highest[from]
	delete(m.names, from)
	m.names[to] = true
	delete(m.known, from)
	delete(m.highest, from)
	for _, h := range w.hosts {
		h.renamed(from, to)
	}
	// Records are shared with the model of a backup, which does not know the name.
	for i, s := range m.all {
		if s.agent == from {
			one, r := *s, *s.modelResult
			r.agent, one.modelResult = to, &r
			m.all[i] = &one
			if s.id != "" {
				delete(m.byID, from+" "+s.id)
				m.byID[to+" "+s.id] = &one
			}
		}
	}
}

func (h *modelHost) renamed(from, to string) {
	if h.agent == from {
		h.agent = to
	}
	if h.snapshot != nil {
		h.snapshot.renamed(from, to)
	}
}

func (w *world) store() *Store { return w.stores[w.turn] }

func (w *world) open() {
	for i := range w.stores {
		s, err := Open(w.t.Context(), w.path)
		w.must(err)
		w.prepare(s)
		w.stores[i] = s
	}
}

// prepare makes a store die at a step, and its disk full.
func (w *world) prepare(s *Store) {
	s.freeSpace = func() (retention.Space, error) {
		if w.full {
			return retention.Space{Free: 1 << 20, Total: 1 << 40}, nil
		}
		return retention.Space{Free: 1 << 39, Total: 1 << 40}, nil
	}
	s.step = func(name string) error {
		if w.killIn == 0 {
			return nil
		}
		if w.killIn--; w.killIn > 0 {
			return nil
		}
		w.killed = true
		w.log = append(w.log, "  killed at "+name)
		return errModelKill
	}
}

// died opens the store anew if the process was killed in what returned err. It reports whether it was.
func (w *world) died(err error) bool {
	if !w.killed {
		return false
	}
	if err == nil {
		w.log = append(w.log, "  the error was not returned")
	}
	w.killed = false
	w.reopen()
	return true
}

func (w *world) reopen() {
	w.store().Close()
	s, err := Open(w.t.Context(), w.path)
	w.must(err)
	w.prepare(s)
	w.stores[w.turn] = s
}

func (w *world) close() {
	for _, s := range w.stores {
		if s != nil {
			s.Close()
		}
	}
}

func (w *world) bounds() {
	floor := retention.Limit{Bytes: 1 << 30}
	_, _, err := w.store().SetBounds(w.t.Context(), Bounds{Keep: w.keep, MaxBytes: -1, MinFree: &floor})
	w.must(err)
	w.least = min(w.least, w.keep)
}

// makeResult lets a host make one.
func (w *world) makeResult(h *modelHost, kind int) {
	h.next++
	w.made++
	r := &modelResult{
		agent: h.agent, order: h.next, start: h.start, time: h.now(w), truth: w.truth, jumps: h.jumps,
		params: fmt.Sprintf(`{"check_id":"c%d","n":%d}`, w.made%3, w.made),
	}
	switch kind {
	case 0:
		r.id = fmt.Sprintf("%s/odd-%d-%d", h.agent, h.start, h.next)
	case 1:
		r.old = true
		r.id = ""
	case 2:
		r.old = true
		fallthrough
	default:
		r.regular = true
		r.id = receipt.ID(h.agent, h.start, h.next)
	}
	h.spool = append(h.spool, r)
}

// send delivers results of a host. It reports whether they were acknowledged.
func (w *world) send(h *modelHost, list []*modelResult) bool {
	if len(list) == 0 {
		return true
	}
	now := w.now()
	offset := now.Sub(h.now(w)).Milliseconds()
	a := intake.Arrival{AgentID: h.agent, Access: w.access[h.agent], Received: now,
		Hello: &intake.Hello{Name: h.agent, Session: 1, ClockOffsetMS: &offset}}
	for _, r := range list {
		one := intake.Result{ResultID: r.id, CheckID: "c", CheckType: "agent.cpu", State: "available", Status: "s", Time: r.time, Params: []byte(r.params)}
		if !r.old {
			age := max(0, h.now(w).Sub(r.time).Milliseconds())
			one.Order, one.AgeMS, one.ClockOffsetMS, one.Late = &r.order, &age, &offset, age > 60_000
		}
		a.Results = append(a.Results, one)
	}
	out, err := w.store().Append(w.t.Context(), []intake.Arrival{a})
	if w.died(err) && err != nil {
		return false
	}
	if w.full {
		if !errors.Is(err, intake.ErrFull) {
			w.fail("results were stored on a full disk: %v, %v", out, err)
		}
		return false
	}
	w.must(err)
	w.must(out[0].Err)
	if want := w.expect(h, list, now); out[0].Stored != want {
		w.fail("%d of %d results of %s were stored, want %d", out[0].Stored, len(list), h.agent, want)
	}
	return true
}

// expect adds results to the model and returns how many are new.
func (w *world) expect(h *modelHost, list []*modelResult, now time.Time) (stored int) {
	m := &w.model
	c, err := w.store().catalogue(w.t.Context())
	w.must(err)
	if !m.clock.begun {
		m.clock.advance(now)
	}
	floor := c.floor.At(c.clock, now)
	known := m.known[h.agent]
	agent, err := w.store().agent(w.t.Context(), c, h.agent)
	w.must(err)
	// While rows are left whose orders nobody has read, an order is not known to be above all.
	unsure := agent.unsure
	for _, r := range list {
		key := h.agent + " " + r.id
		switch {
		case r.id != "" && m.byID[key] != nil:
			continue // a copy
		case r.id == "", !known, r.regular && r.order > m.highest[h.agent] && !unsure:
		default:
			made := r.time.Add(now.Sub(h.now(w)))
			if r.old {
				made = r.time
			}
			if floor.IsZero() || !made.Before(floor) {
				break
			}
			m.thrown++
			// A host whose clock told the truth throws nothing away that is not old.
			if age := w.truth - r.truth; !r.old && r.jumps == h.jumps && age+time.Duration(w.ahead+1)*retention.Day < w.least {
				w.fail("a result of %v ago was thrown away: %s", age, r.id)
			}
			continue
		}
		as := *r // as the store knows it
		as.agent = h.agent
		s := &storedResult{modelResult: &as, received: now, age: m.clock.at(now)}
		m.all = append(m.all, s)
		if r.id != "" {
			m.byID[key] = s
		}
		if r.regular {
			m.highest[h.agent] = max(m.highest[h.agent], r.order)
		}
		stored++
	}
	m.known[h.agent] = true
	return stored
}

// round is a minute's maintenance.
func (w *world) round() {
	unlock, err := w.store().becomeMaintainer()
	w.must(err)
	m := Maintenance{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: w.now}
	err = w.store().upkeep(w.t.Context(), &m, &state{})
	unlock()
	w.model.clock.advance(w.now())
	if !w.died(err) {
		w.must(err)
	}
	w.deleted()
}

// deleted takes results off the model that the store has deleted, if it should have.
func (w *world) deleted() {
	m := &w.model
	there := map[string]int{} // of those without an id there may be several
	for _, r := range w.results(intake.Filter{}) {
		there[resultKey(r.ResultID, string(r.Params), r.Time)]++
	}
	var kept []*storedResult
	for _, s := range slices.Backward(m.all) {
		if there[s.key()] > 0 {
			there[s.key()]--
			kept = append(kept, s)
		}
	}
	slices.Reverse(kept)
	for i, s := range m.all {
		if i >= len(m.all)-len(kept) {
			break
		}
		if age := m.clock.age - s.age; age <= w.keep-retention.Day {
			w.fail("%s was deleted %v after it arrived, before %v", s.name(), age, w.keep)
		}
		if len(kept) > 0 && slices.Contains(kept, s) {
			w.fail("something was deleted, and %s is older and there", s.name())
		}
		if s.id != "" {
			delete(m.byID, s.agent+" "+s.id)
		}
		if m.gone == nil || s.age > *m.gone {
			m.gone = &s.age
		}
	}
	m.all = kept
	if m.gone == nil {
		return
	}
	c, err := w.store().catalogue(w.t.Context())
	w.must(err)
	if c.floor.Age.IsZero() {
		w.fail("results were deleted, and there is no floor")
	}
	if since := c.clock.Age.Sub(c.floor.Age); since > m.clock.age-*m.gone+retention.Day || since < w.least-retention.Day {
		w.fail("the floor is %v ago; the youngest of the deleted results arrived %v ago", since, m.clock.age-*m.gone)
	}
}

// key tells results apart.
func (r *modelResult) key() string { return resultKey(r.id, r.params, r.time) }

func resultKey(id, params string, at time.Time) string { return fmt.Sprint(id, params, at.UnixMilli()) }

func (r *modelResult) name() string { return fmt.Sprintf("%q %s", r.id, r.params) }

func (w *world) results(f intake.Filter) (list []intake.Result) {
	w.must(w.store().Results(w.t.Context(), f, func(r intake.Result) error {
		r.Params = slices.Clone(r.Params)
		list = append(list, r)
		return nil
	}))
	return list
}

// compare fails if the store has anything else than the model.
func (w *world) compare(agent string, limit int) {
	f := intake.Filter{AgentID: agent, Limit: limit}
	want := slices.DeleteFunc(slices.Clone(w.model.all), func(s *storedResult) bool { return agent != "" && s.agent != agent })
	slices.SortStableFunc(want, func(a, b *storedResult) int { return a.time.Compare(b.time) })
	if limit > 0 {
		want = want[max(0, len(want)-limit):]
	}
	got := w.results(f)
	if w.old {
		if limit > 0 {
			return // which of the rows with one time are the newest is not told
		}
		byKey := func(time, other time.Time, key, otherKey string) int {
			return cmp.Or(time.Compare(other), strings.Compare(key, otherKey))
		}
		slices.SortStableFunc(want, func(a, b *storedResult) int { return byKey(a.time, b.time, a.agent+a.key(), b.agent+b.key()) })
		slices.SortStableFunc(got, func(a, b intake.Result) int {
			return byKey(a.Time, b.Time, a.AgentID+resultKey(a.ResultID, string(a.Params), a.Time), b.AgentID+resultKey(b.ResultID, string(b.Params), b.Time))
		})
	}
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			w.fail("%s is lost (agent %q, limit %d: %d of %d results)", want[i].name(), agent, limit, len(got), len(want))
		case i >= len(want):
			w.fail("%q %s is there, and should not be (agent %q, limit %d)", got[i].ResultID, got[i].Params, agent, limit)
		}
		g, s := &got[i], want[i]
		if g.AgentID != s.agent || g.ResultID != s.id || string(g.Params) != s.params || !g.Time.Equal(s.time) || !s.sameArrival(g.Received) {
			w.fail("result %d is %q %s (%v, %v), want %s (%v, %v; agent %q, limit %d)", i, g.ResultID, g.Params, g.Time, g.Received, s.name(), s.time, s.received, agent, limit)
		}
	}
	if agent != "" || limit > 0 || w.old {
		if agent == "" && limit == 0 {
			w.compareAgents()
		}
		return
	}
	slices.SortFunc(got, func(a, b intake.Result) int { return cmp.Compare(a.Seq, b.Seq) })
	for i, s := range w.model.all {
		if g := &got[i]; resultKey(g.ResultID, string(g.Params), g.Time) != s.key() {
			w.fail("result %d of the order of arrival is %q %s, want %s", i, g.ResultID, g.Params, s.name())
		}
	}
	w.compareAgents()
}

func (w *world) compareAgents() {
	c, err := w.store().catalogue(w.t.Context())
	w.must(err)
	if slices.ContainsFunc(c.entries, func(e entry) bool { return e.state == segmentDeleting }) {
		return // numbers are not right before a deletion is done that a kill interrupted
	}
	want := map[string]int64{}
	for _, s := range w.model.all {
		want[s.agent]++
	}
	list, err := w.store().Agents(w.t.Context(), "")
	w.must(err)
	for _, a := range list {
		if a.Results != want[a.ID] {
			w.fail("agent %q has %d results, want %d", a.ID, a.Results, want[a.ID])
		}
	}
	space, err := w.store().Storage(w.t.Context())
	w.must(err)
	if space.ThrownAway != w.model.thrown {
		w.fail("%d results were thrown away, want %d", space.ThrownAway, w.model.thrown)
	}
}

// held compares what a receipt would confirm.
func (w *world) held(h *modelHost) {
	last := h.next + 2
	got, refused, err := w.store().Held(w.t.Context(), h.agent, []receipt.Range{{Start: h.start, From: 1, To: last}})
	w.must(err)
	var want receipt.Ranges
	for n := uint64(1); n <= last; n++ {
		if w.model.byID[h.agent+" "+receipt.ID(h.agent, h.start, n)] != nil {
			want.Add(h.start, n)
		}
	}
	if !slices.Equal(got, want.List()) || len(refused) > 0 {
		w.fail("of the results of start %d of agent %q it has %v and refused %v, want %v", h.start, h.agent, got, refused, want.List())
	}
}

func (w *world) backup() {
	file := filepath.Join(w.dir, fmt.Sprintf("backup%d", len(w.log)))
	_, err := w.store().Backup(w.t.Context(), file, nil, w.now())
	if w.died(err) {
		return
	}
	w.must(err)
	w.saved = &savedModel{file, w.model.clone()}
}

func (w *world) restore() {
	if w.saved == nil {
		return
	}
	dir := filepath.Join(w.dir, fmt.Sprintf("restored%d", len(w.log)))
	_, err := Restore(w.t.Context(), w.saved.file, dir, func(string, int64) bool { return false }, nil, w.now())
	if w.died(err) {
		return
	}
	w.must(err)
	w.close()
	w.path = filepath.Join(dir, storeName)
	w.open()
	w.model = w.saved.model.clone()
	for _, h := range w.hosts { // a host that was renamed since has to be renamed again
		h.agent = strings.TrimRight(h.agent, "'")
		for !w.model.has(h.agent) {
			h.agent += "'"
		}
		if h.snapshot != nil {
			h.snapshot.agent = h.agent
		}
	}
	w.bounds()
}

// states says what the catalogue has, for a failure.
func (w *world) states() string {
	c, err := w.store().catalogue(context.WithoutCancel(w.t.Context()))
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, e := range c.entries {
		fmt.Fprintf(&b, "%d %v, ", e.number, e.state)
	}
	return fmt.Sprintf("%sfloor %v, clock %v", b.String(), c.floor, c.clock)
}
