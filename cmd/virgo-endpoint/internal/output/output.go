package output

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/feed"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// A Host is what series say of a host.
type Host struct {
	ID, Name string
	Tags     []string
	// Labels are those that its tags make.
	Labels [][2]string
}

// An Item is a result with its host and its metrics.
type Item struct {
	Host    Host
	Result  *intake.Result
	Metrics []intake.Metric
}

// A Sink takes results. Send returns nil when the receiver has them. An error that wraps *Refused says that the same batch will
// never be taken, *Partial that a part of it was not, and the rest was; every other is repeated. No error has a secret in it.
type Sink interface {
	Send(ctx context.Context, batch []Item) error
}

// Refused is the error of a batch that a receiver refuses for ever.
type Refused struct{ Err error }

func (r *Refused) Error() string { return r.Err.Error() }
func (r *Refused) Unwrap() error { return r.Err }

// Partial is the error of a batch that a receiver has, without some numbers that it refuses for ever.
type Partial struct {
	// Refused is how many numbers; which they are is not known.
	Refused int64
	// Err is why, if the receiver said it.
	Err error
}

func (p *Partial) Error() string {
	text := fmt.Sprintf("%d numbers are refused for ever", p.Refused)
	if p.Err != nil {
		text += ": " + p.Err.Error()
	}
	return text
}

func (p *Partial) Unwrap() error { return p.Err }

// sendTimeout bounds one attempt.
const sendTimeout = 30 * time.Second

// An Output passes results on to a sink. It is a follower of the feed.
type Output struct {
	Options
	cursor watch.Cursor
	// waits is true while a batch cannot be sent.
	waits bool
}

// Options are what an output works with.
type Options struct {
	Config  Config
	Sink    Sink
	Cursors watch.Cursors
	// Hosts returns what series say of a host.
	Hosts func(ctx context.Context, agent intake.AgentNumber) (Host, error)
	// Newest returns the place behind the newest result, where a new output begins.
	Newest func(ctx context.Context) (int64, error)
	Now    func() time.Time
	Log    *slog.Logger
}

// Open returns an output, and where the feed is to begin. A new one begins with what arrives from now on, or with the oldest that
// is kept; that place is stored, so that a restart skips nothing.
func Open(ctx context.Context, opt Options) (*Output, int64, error) {
	o := &Output{Options: opt, cursor: watch.Cursor{Name: opt.Config.Name, Seq: feed.FromOldest, At: opt.Now()}}
	stored, ok, err := opt.Cursors.Cursor(ctx, opt.Config.Name)
	if err != nil {
		return nil, 0, err
	}
	if ok {
		o.cursor = stored
		return o, stored.Seq, nil
	}
	if !opt.Config.FromOldest {
		if o.cursor.Seq, err = opt.Newest(ctx); err != nil {
			return nil, 0, err
		}
	}
	return o, o.cursor.Seq, opt.Cursors.SaveCursor(ctx, o.cursor)
}

// Name is of [feed.Follower].
func (o *Output) Name() string { return FollowerName(o.Config.Name) }

// FollowerName returns what the feed calls an output.
func FollowerName(name string) string { return "output " + name }

// Take is of [feed.Follower]: it sends a batch, and notes that it was sent.
func (o *Output) Take(ctx context.Context, batch []feed.Item) error {
	items, err := o.wanted(ctx, batch)
	if err != nil {
		return err
	}
	s := sending{Output: o, cursor: o.cursor}
	if err := s.send(ctx, items); err != nil {
		o.fail(ctx, err)
		return err
	}
	s.cursor.Seq, s.cursor.Err, s.cursor.At = batch[len(batch)-1].Result.Seq, s.said(), o.Now()
	if err := o.Cursors.SaveCursor(ctx, s.cursor); err != nil {
		return err
	}
	if o.waits {
		o.Log.Info("results are passed on again", "output", o.Config.Name)
	}
	if s.refused != nil {
		o.Log.Warn("results are refused for ever, and left out", "output", o.Config.Name, "results", s.cursor.Refused-o.cursor.Refused,
			"agent", s.example.Host.ID, "check", s.example.Result.CheckID, "error", s.refused)
	}
	o.cursor, o.waits = s.cursor, false
	return nil
}

// fail notes why nothing is passed on, once.
func (o *Output) fail(ctx context.Context, err error) {
	if ctx.Err() != nil || o.waits && err.Error() == o.cursor.Err {
		return
	}
	o.waits = true
	o.Log.Warn("results wait to be passed on", "output", o.Config.Name, "error", err)
	o.cursor.Err = err.Error()
	if err := o.Cursors.SaveCursor(ctx, o.cursor); err != nil {
		o.Log.Warn("why results wait cannot be stored", "output", o.Config.Name, "error", err)
	}
}

// Lose is of [feed.Loser].
func (o *Output) Lose(ctx context.Context, through, n int64) error {
	next := o.cursor
	next.Seq, next.Lost, next.At = max(next.Seq, through), next.Lost+n, o.Now()
	if err := o.Cursors.SaveCursor(ctx, next); err != nil {
		return err
	}
	o.Log.Warn("results were deleted before they were passed on", "output", o.Config.Name, "results", n)
	o.cursor = next
	return nil
}

// labelsFromTags makes labels of a host's tags: of "site:berlin" site="berlin", and of "web" web="true", where these names are wanted.
// Of several tags for one label the first counts.
func labelsFromTags(tags, wanted []string) [][2]string {
	var list [][2]string
	for _, name := range wanted {
		for _, tag := range tags {
			value, ok := strings.CutPrefix(tag, name+":")
			if tag == name {
				value, ok = "true", true
			}
			if ok && value != "" {
				list = append(list, [2]string{name, value})
				break
			}
		}
	}
	return list
}

// wanted are the results that the filters let through.
func (o *Output) wanted(ctx context.Context, batch []feed.Item) ([]Item, error) {
	var items []Item
	for i := range batch {
		r := batch[i].Result
		if r.Received.Before(o.Config.From) {
			continue
		}
		matches := func(g string) bool { ok, err := path.Match(g, r.CheckType); return ok && err == nil }
		if len(o.Config.Types) > 0 && !slices.ContainsFunc(o.Config.Types, matches) {
			continue
		}
		h, err := o.Hosts(ctx, batch[i].Agent)
		if err != nil {
			return nil, err
		}
		if h.ID == "" {
			h.ID = r.AgentID
		}
		if len(o.Config.Tags) > 0 && !slices.ContainsFunc(o.Config.Tags, func(t string) bool { return slices.Contains(h.Tags, t) }) {
			continue
		}
		h.Labels = labelsFromTags(h.Tags, o.Config.LabelsFromTags)
		items = append(items, Item{h, r, batch[i].Metrics})
	}
	return items, nil
}

// A sending is one batch on its way.
type sending struct {
	*Output
	// cursor counts what was sent and refused.
	cursor watch.Cursor
	// refused is why the first results were refused for ever, example one of them.
	refused error
	example Item
}

// said is what the cursor says of a batch that is sent.
func (s *sending) said() string {
	if s.refused == nil {
		return ""
	}
	return "left out for ever: " + s.refused.Error()
}

// send sends items; of those that are refused it finds the ones that are to blame, which are counted and left out.
func (s *sending) send(ctx context.Context, items []Item) error {
	if len(items) == 0 {
		return nil
	}
	timely, cancel := context.WithTimeout(ctx, sendTimeout)
	err := s.Sink.Send(timely, items)
	cancel()
	refused, partial := (*Refused)(nil), (*Partial)(nil)
	switch {
	case err == nil:
		s.cursor.Sent += int64(len(items))
		return nil
	case errors.As(err, &partial): // numbers are at least as many as the results that have them
		s.leaveOut(items, min(partial.Refused, int64(len(items))), err)
		return nil
	case !errors.As(err, &refused):
		return err
	case len(items) > 1:
		if err := s.send(ctx, items[:len(items)/2]); err != nil {
			return err
		}
		return s.send(ctx, items[len(items)/2:])
	}
	s.leaveOut(items, 1, err)
	return nil
}

// leaveOut counts items of which n are refused for ever.
func (s *sending) leaveOut(items []Item, n int64, err error) {
	s.cursor.Sent, s.cursor.Refused = s.cursor.Sent+int64(len(items))-n, s.cursor.Refused+n
	if s.refused == nil {
		s.refused, s.example = err, items[0]
	}
}
