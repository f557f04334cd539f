package feed

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

const (
	// pollEvery is how often the feed looks for results that another process stored.
	pollEvery = 2 * time.Second
	// pause is the shortest time between two reads of what is new: batches of many hosts are taken together.
	pause = 200 * time.Millisecond
	// firstWait and maxWait bound the pause after an error; it doubles.
	firstWait, maxWait = time.Second, time.Minute
)

// Where a follower begins that has no cursor yet.
const (
	// FromNewest is behind the newest result.
	FromNewest int64 = 0
	// FromOldest is before the oldest result that is kept.
	FromOldest int64 = -1
)

// Place returns the place behind the newest result, for a follower that notes it before it reads what is stored already.
func Place(ctx context.Context, src intake.Feed) (int64, error) {
	newest, err := src.Newest(ctx)
	if newest == 0 {
		newest = FromOldest
	}
	return newest, err
}

// A Follower takes results.
type Follower interface {
	// Name distinguishes it from others; it is for logs and figures.
	Name() string
	// Take takes a batch, in the order of Result.Seq. The batch is shared and valid until Take returns: nothing of it is
	// changed, and what is kept is copied. After an error the same results come again.
	Take(ctx context.Context, batch []Item) error
}

// A Loser is a Follower that wants to know of results that it will never get.
type Loser interface {
	// Lose is called, before the next Take, when n results up to through were deleted before they were taken, or
	// cannot be read. After an error it is called again.
	Lose(ctx context.Context, through, n int64) error
}

// An Item is a result with what several followers need of it.
type Item struct {
	Agent  intake.AgentNumber
	Result *intake.Result
	// Metrics are those of Result.Params; nil if these cannot be read.
	Metrics []intake.Metric
}

// A Feed passes new results on to followers. It is safe for concurrent use.
type Feed struct {
	src intake.Feed
	log *slog.Logger
	now func() time.Time

	batches batches

	mu        sync.Mutex
	followers []*following
	changed   chan struct{} // closed when something was stored
	newest    int64
	run       func(*following) // starts it; nil while the feed does not run
}

// New returns a feed that reads src. Nothing happens before [Feed.Run].
func New(src intake.Feed, log *slog.Logger, now func() time.Time) *Feed {
	return &Feed{src: src, log: log, now: now, changed: make(chan struct{})}
}

// Wake returns an intake that wakes the feed when it has stored something.
func (f *Feed) Wake(in intake.Intake) intake.Intake { return &waking{in, f} }

type waking struct {
	intake.Intake
	feed *Feed
}

// Append implements [intake.Intake].
func (w *waking) Append(ctx context.Context, batch []intake.Arrival) ([]intake.Outcome, error) {
	outcomes, err := w.Intake.Append(ctx, batch)
	for i := range outcomes {
		if err == nil && outcomes[i].Stored > 0 {
			w.feed.announce()
			break
		}
	}
	return outcomes, err
}

// announce wakes the followers that wait.
func (f *Feed) announce() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.run == nil {
		return // nobody waits
	}
	close(f.changed)
	f.changed = make(chan struct{})
}

// news returns a channel that is closed when something is stored from now on.
func (f *Feed) news() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changed
}

// Add adds a follower that has taken everything up to from, or begins at FromNewest or FromOldest. A name that is there
// already is an error in the program.
func (f *Feed) Add(fl Follower, from int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if slices.ContainsFunc(f.followers, func(o *following) bool { return o.Name() == fl.Name() }) {
		panic(fmt.Sprintf("feed: two followers have the name %q", fl.Name()))
	}
	one := &following{Follower: fl, feed: f, at: from}
	f.followers = append(f.followers, one)
	if f.run != nil {
		f.run(one)
	}
}

// Remove removes a follower. It gets nothing more once Remove has returned, and a batch that it has is cancelled.
func (f *Feed) Remove(name string) {
	f.mu.Lock()
	i := slices.IndexFunc(f.followers, func(o *following) bool { return o.Name() == name })
	if i < 0 {
		f.mu.Unlock()
		return
	}
	one := f.followers[i]
	f.followers = slices.Delete(f.followers, i, i+1)
	if one.cancel != nil {
		one.cancel()
	}
	f.mu.Unlock()
	one.ended.Wait()
}

// Run passes results on until ctx is done, and returns when no follower is at work any more. It is called once.
func (f *Feed) Run(ctx context.Context) error {
	var all sync.WaitGroup
	f.mu.Lock()
	f.run = func(one *following) {
		following, cancel := context.WithCancel(ctx)
		one.cancel = cancel
		one.ended.Add(1)
		all.Go(func() {
			defer one.ended.Done()
			defer cancel()
			one.follow(following)
		})
	}
	for _, one := range f.followers {
		f.run(one)
	}
	f.mu.Unlock()
	f.poll(ctx)
	f.mu.Lock()
	f.run = func(*following) {} // too late
	f.mu.Unlock()
	all.Wait()
	return nil
}

// poll wakes followers for what other processes store.
func (f *Feed) poll(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if seq, err := f.src.Newest(ctx); err == nil && f.seen(seq) {
			f.announce()
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// seen notes that there is a result of that number, and reports whether that is new.
func (f *Feed) seen(seq int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	grew := seq > f.newest
	f.newest = max(f.newest, seq)
	return grew
}

// taken returns the number up to which every follower has taken everything.
func (f *Feed) taken() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	least := int64(math.MaxInt64)
	for _, one := range f.followers {
		least = min(least, one.at)
	}
	return least
}

// A Status is how a follower does.
type Status struct {
	Name string
	// At is the number of the last result that it took, or FromNewest or FromOldest before it began. Behind is how many
	// results are behind that.
	At, Behind int64
	// Lost counts the results that it never got, since the start.
	Lost int64
	// Err is why it waits; nil if it does not. Failing is since when.
	Err     error
	Failing time.Time
}

// Status returns how the followers do, by name.
func (f *Feed) Status() []Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]Status, 0, len(f.followers))
	for _, one := range f.followers {
		s := Status{Name: one.Name(), At: one.at, Lost: one.lost, Err: one.err, Failing: one.failing}
		if one.at != FromNewest {
			s.Behind = max(0, f.newest-max(one.at, 0))
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b Status) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Behind returns how many results each follower has not taken yet, by its name.
func (f *Feed) Behind() map[string]int64 {
	behind := map[string]int64{}
	for _, s := range f.Status() {
		behind[s.Name] = s.Behind
	}
	return behind
}
