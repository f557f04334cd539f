package agent

import (
	"context"
	"slices"
	"strings"
	"time"

	"virgo/spool"
)

// offsetNews is how much the endpoint's clock must have moved against ours to be worth a write of its own.
const offsetNews = time.Second

func (l *link) setOffset(offset time.Duration) {
	ms := offset.Milliseconds()
	old := l.state.Link.OffsetMS
	if old == nil || (offset-time.Duration(*old)*time.Millisecond).Abs() > offsetNews {
		l.dirty = true
	}
	l.state.Link.OffsetMS = &ms
}

// arrivedIn notes an acknowledgement, in the transaction that settles what was acknowledged.
func (l *link) arrivedIn(tx *spool.Tx) error {
	now := l.agent.Now()
	l.state.Link.LastMS = now.UnixMilli()
	l.state.Link.TookMS = now.Sub(l.started).Milliseconds()
	l.state.Link.Endpoint, l.state.Link.Resumed = l.endpoint, l.resumed
	l.dirty = false
	kept, err := l.tickets.keepIn(tx, l.endpoint)
	if err != nil {
		return err
	}
	if kept {
		l.state.Link.TicketMS = now.UnixMilli()
	}
	return tx.Put(agentSpace, linkKey, l.state.Link.append(nil))
}

// conclude tells a person, once, that delivery starts to fail and that it works again, and keeps
// what the next run must know.
func (l *link) conclude(ctx context.Context, d Delivery, memory bool) {
	a, st := l.agent, &l.state.Link
	now := a.Now()
	switch {
	case d.Err == nil && st.FailingSinceMS != 0:
		a.Notice("delivery works again after %s: %d results delivered", since(now, st.FailingSinceMS), d.Delivered)
		st.FailingSinceMS, st.Error, st.Told, st.Hold = 0, "", "", Hold{}
		l.dirty = true
	case d.Err != nil && !interrupted(ctx):
		if st.FailingSinceMS == 0 {
			st.FailingSinceMS = now.UnixMilli()
			l.dirty = true
		}
		reason := l.stayAway(now, d.Err, d.Delivered > 0)
		if st.tell(reason) {
			l.dirty = true
			kept := "results are kept and go out with a later run"
			switch {
			case memory:
				kept = "and this host's disk does not take them either"
			case reason != "":
				kept = "results are kept; the next try is at " + time.UnixMilli(st.Hold.UntilMS).Local().Format("15:04:05") + " or later, or at once with virgo flush"
			}
			a.Notice("not delivered: %v; %s", d.Err, kept)
		}
		if text := clip(d.Err.Error(), maxErrorBytes); text != st.Error {
			st.Error = text
			l.dirty = true
		}
	}
	if err := l.save(ctx); err != nil {
		a.Verbose("state: %v", err)
	}
}

// tell notes that a person is told of a failure of this kind, and says whether that is news since delivery
// began to fail: a rate limit after a day without a network is, and the same again an hour later is not.
func (l *LinkState) tell(reason Reason) bool {
	word := string(reason)
	if word == "" {
		word = "delivery"
	}
	words := strings.Fields(l.Told)
	if slices.Contains(words, word) || reason == "" && len(words) > 0 {
		return false
	}
	l.Told = strings.Join(append(words, word), " ")
	return true
}

// maxErrorBytes bounds the last error that is remembered: a hostile endpoint chooses its words.
const maxErrorBytes = 1 << 10

func clip(s string, n int) string {
	if len(s) > n {
		return s[:n] + "…"
	}
	return s
}

// save writes what is remembered of the link, if there is news.
func (l *link) save(ctx context.Context) error {
	if !l.dirty {
		return nil
	}
	ctx, cancel := afterwards(ctx)
	defer cancel()
	err := l.agent.Spool.Update(ctx, func(tx *spool.Tx) error {
		return tx.Put(agentSpace, linkKey, l.state.Link.append(nil))
	})
	l.dirty = err != nil
	return err
}

// since gives a span that a person reads: no more than two units.
func since(now time.Time, ms int64) time.Duration {
	d := now.Sub(time.UnixMilli(ms))
	switch {
	case d > time.Hour:
		return d.Round(time.Minute)
	default:
		return d.Round(time.Second)
	}
}
