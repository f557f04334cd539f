package run

import (
	"context"
	"slices"
	"time"

	"virgo/cmd/internal/link"
	"virgo/collect/host"
	"virgo/schedule"
	"virgo/spool"
)

// selfKey is the context key of the figures of agent.virgo; see withSelf.
type selfKey struct{}

// withSelf passes agent.virgo its figures, because its check cannot read the spool while the
// claiming transaction is open.
func withSelf(ctx context.Context, self *host.Self) context.Context {
	if self == nil {
		return ctx
	}
	return context.WithValue(ctx, selfKey{}, self)
}

// Self returns the figures of agent.virgo: the state of the spool, and what earlier runs stored.
func (a *Agent) Self(ctx context.Context) (host.Self, error) {
	if self, ok := ctx.Value(selfKey{}).(*host.Self); ok {
		return *self, nil
	}
	var st State
	var stats spool.Stats
	err := a.Spool.View(ctx, func(tx *spool.Tx) (err error) {
		st = ReadState(tx)
		stats, err = tx.Stats()
		return err
	})
	if err != nil {
		return host.Self{}, err
	}
	return newSelf(st, stats, a.Now()), nil
}

// snapshotSelf reads the figures of agent.virgo within the claiming transaction; nil if that check
// is not due.
func snapshotSelf(tx *spool.Tx, c claims, now time.Time) (*host.Self, error) {
	if !slices.ContainsFunc(c.due, func(c schedule.Claimed) bool { return c.Check.Type == "agent.virgo" }) {
		return nil, nil
	}
	stats, err := tx.Stats()
	if err != nil {
		return nil, err
	}
	s := newSelf(c.state, stats, now)
	return &s, nil
}

// newSelf makes the figures of agent.virgo; unknown ones are nil.
func newSelf(st State, stats spool.Stats, now time.Time) host.Self {
	bytes := uint64(stats.Bytes)
	s := host.Self{SpoolResults: &stats.Records, SpoolBytes: &bytes, SpoolRejected: &stats.Rejected}
	if stats.Records > 0 {
		age := now.Sub(stats.Oldest)
		s.SpoolOldest = &age
	}
	for _, d := range stats.Dropped {
		if d.Cause == spool.CauseUnknown {
			continue // it counts no results
		}
		s.Dropped = append(s.Dropped, host.Dropped{Cause: string(d.Cause), Results: d.Records})
	}
	if st.LastMS != 0 {
		age, took := now.Sub(time.UnixMilli(st.LastMS)), milliseconds(st.TookMS)
		s.LastDelivery, s.LastDeliveryDuration = &age, &took
	}
	if q := st.Questions; q != (link.Questions{}) {
		s.Requests = []host.RequestCount{
			{Kind: "check_test", Count: uint64(q.Tests)}, {Kind: "check_targets", Count: uint64(q.Targets)},
			{Kind: "host_info", Count: uint64(q.HostInfos)}, {Kind: "refused", Count: uint64(q.Refused)},
		}
	}
	if st.Run.StartedMS != 0 {
		took := milliseconds(st.Run.TookMS)
		s.LastRunDuration = &took
	}
	if st.Run.PeakBytes > 0 {
		peak := uint64(st.Run.PeakBytes)
		s.PeakMemory = &peak
	}
	if b := st.Bundle; b.Version != "" || b.BackVersion != "" {
		s.Bundle = &host.Bundle{Version: b.Version, State: string(b.State), Refused: uint64(b.Refused)}
		if b.BackVersion != "" {
			s.Bundle.State = "back"
		}
	}
	if st.OffsetMS != nil {
		offset := milliseconds(*st.OffsetMS)
		s.ClockOffset = &offset
	}
	return s
}

func milliseconds(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }
