package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// ErrTestRuns is returned while the test before has not come back.
var ErrTestRuns = errors.New("the test before has not come back yet")

// ErrNoSuchNotifier is returned when notify.yaml has no notifier with a name.
var ErrNoSuchNotifier = errors.New("there is no such notifier")

const (
	// pollInterval is how often the queue is asked what is due: the engine and other processes add to it.
	pollInterval = time.Second
	// orphanInterval is how often rows are looked for that no notifier takes.
	orphanInterval = time.Minute
)

// Options are what a Notifier works with.
type Options struct {
	Config  *Config
	Drivers map[string]Driver
	Queue   watch.Queue
	// Standing returns how an alarm stands now, and false if it is over; nil: as its event said. Escalations ask for it.
	Standing func(watch.Key) (watch.Standing, bool)
	// Healthy returns why no heartbeat may be sent; nil: always healthy.
	Healthy func() error
	// HTTP sends heartbeats; nil: [NewClient].
	HTTP *http.Client
	// WebURL is the address of the page, for links; empty: there are none, unless [Notifier.LinkTo] says so.
	WebURL string
	// Zone is that of the times in messages; nil: this system's.
	Zone *time.Location
	Now  func() time.Time
	Log  *slog.Logger
}

// A Notifier sends what waits in the queue. It is safe for concurrent use.
type Notifier struct {
	queue    watch.Queue
	standing func(watch.Key) (watch.Standing, bool)
	healthy  func() error
	http     *http.Client
	composer composer
	now      func() time.Time
	log      *slog.Logger

	mu      sync.Mutex
	setup   setup
	changed chan struct{} // closed when the setup is replaced
	testing map[string]bool
}

// A setup is a configuration with its drivers.
type setup struct {
	config  *Config
	drivers map[string]Driver
}

// New returns a notifier, which sends nothing before Run.
func New(o Options) *Notifier {
	n := &Notifier{queue: o.Queue, standing: o.Standing, healthy: o.Healthy, http: o.HTTP, composer: composer{o.WebURL, o.Zone},
		now: o.Now, log: o.Log, setup: newSetup(o.Config, o.Drivers), changed: make(chan struct{}), testing: map[string]bool{}}
	if n.http == nil {
		n.http = NewClient(nil)
	}
	if n.composer.zone == nil {
		n.composer.zone = time.Local
	}
	if n.now == nil {
		n.now = time.Now
	}
	if n.log == nil {
		n.log = slog.New(slog.DiscardHandler)
	}
	return n
}

// LinkTo makes the messages have links to the page at that address. It is called before Run.
func (n *Notifier) LinkTo(webURL string) { n.composer.webURL = webURL }

func newSetup(c *Config, drivers map[string]Driver) setup {
	if c == nil {
		c = &Config{}
	}
	return setup{c, drivers}
}

// Replace takes another configuration. What waits is sent by it.
func (n *Notifier) Replace(c *Config, drivers map[string]Driver) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.setup = newSetup(c, drivers)
	close(n.changed)
	n.changed = make(chan struct{})
}

func (n *Notifier) current() (setup, <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.setup, n.changed
}

// Config returns the configuration at present.
func (n *Notifier) Config() *Config {
	s, _ := n.current()
	return s.config
}

// Route is [Config.Route] by the configuration at present.
func (n *Notifier) Route(e watch.Event) []watch.Row { return n.Config().Route(e) }

// Run sends what is due until the context ends. A message that is being sent then has a few seconds left.
func (n *Notifier) Run(ctx context.Context) {
	for ctx.Err() == nil {
		s, changed := n.current()
		n.runSetup(ctx, s, changed)
	}
}

// runSetup runs the workers of one configuration until it is replaced.
func (n *Notifier) runSetup(ctx context.Context, s setup, changed <-chan struct{}) {
	ctx, cancel := context.WithCancel(ctx)
	var workers []*worker
	var running sync.WaitGroup
	for i := range s.config.Notifiers {
		w := newWorker(n, s, &s.config.Notifiers[i])
		workers = append(workers, w)
		running.Go(func() { w.run(ctx) })
	}
	for _, h := range s.config.Heartbeats {
		running.Go(func() { n.beat(ctx, h) })
	}
	n.poll(ctx, s, workers, changed)
	cancel()
	running.Wait()
}

// poll wakes the workers when something is due.
func (n *Notifier) poll(ctx context.Context, s setup, workers []*worker, changed <-chan struct{}) {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	var orphans time.Time
	failing := false
	for {
		now := n.now()
		next, err := n.queue.Next(ctx)
		if err == nil && !next.IsZero() && !next.After(now) {
			for _, w := range workers {
				w.wakeUp()
			}
			if now.Sub(orphans) >= orphanInterval {
				orphans = now
				err = n.adopt(ctx, s)
			}
		}
		if err != nil && ctx.Err() == nil && !failing {
			n.log.Error("the queue of notifications cannot be read", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-changed:
			return
		case <-ticker.C:
		}
	}
}

// beginTest reports whether no test of a notifier runs: a driver that hangs must not gather them.
func (n *Notifier) beginTest(name string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.testing[name] {
		return false
	}
	n.testing[name] = true
	return true
}

func (n *Notifier) endTest(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.testing, name)
}

// Test sends a message by one notifier at once, past the queue. Errors: ErrNoSuchNotifier, ErrTestRuns, the driver's.
func (n *Notifier) Test(ctx context.Context, name string) error {
	s, _ := n.current()
	c := s.config.Notifier(name)
	switch {
	case c == nil:
		return fmt.Errorf("%w: %q", ErrNoSuchNotifier, name)
	case c.Fault != nil:
		return c.Fault
	case s.drivers[name] == nil:
		return fmt.Errorf("the notifier %q has no driver", name)
	}
	now := n.now()
	e := watch.Event{Kind: watch.TestEvent, At: now, Text: "virgo: a test of the notifier " + name}
	row := watch.Row{ID: now.UnixNano(), Notifier: name, Created: now, Event: encode(e)}
	if !n.beginTest(name) {
		return ErrTestRuns
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		err := s.drivers[name].Send(ctx, n.composer.compose(name, []watch.Row{row}, now))
		n.endTest(name) // before whoever waits knows of it: another test may follow at once
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select { // a driver that heeds the context says more than that it is over
	case err := <-done:
		return err
	case <-time.After(hangGrace):
		return errHangs(c.Timeout)
	}
}

// A State is how sending by one notifier goes.
type State struct {
	watch.NotifierState
	// Kind is mail, webhook, chat or command; empty for one that notify.yaml has not, or wrong.
	Kind string
	// Fault is the mistake in notify.yaml because of which it cannot send.
	Fault error
	// Known is false for one that notify.yaml has no more.
	Known bool
}

// States returns all notifiers: those of notify.yaml in its order, then others that have rows.
func (n *Notifier) States(ctx context.Context) ([]State, error) {
	s, _ := n.current()
	return States(ctx, s.config, n.queue)
}

// States is [Notifier.States] for a program that sends nothing. q is nil where there never was a queue.
func States(ctx context.Context, c *Config, q watch.Queue) ([]State, error) {
	var stored []watch.NotifierState
	if q != nil {
		var err error
		if stored, err = q.Notifiers(ctx); err != nil {
			return nil, err
		}
	}
	byName := make(map[string]watch.NotifierState, len(stored))
	for _, s := range stored {
		byName[s.Name] = s
	}
	var list []State
	if c != nil {
		for i := range c.Notifiers {
			one := &c.Notifiers[i]
			state := State{NotifierState: byName[one.Name], Kind: one.Kind(), Fault: one.Fault, Known: true}
			state.Name = one.Name
			list = append(list, state)
		}
	}
	for _, s := range stored {
		if c.Notifier(s.Name) == nil && s.Waiting > 0 {
			list = append(list, State{NotifierState: s})
		}
	}
	return list, nil
}
