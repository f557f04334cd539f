package agent

import (
	"context"
	"slices"
	"time"

	"virgo/collect/host"
	"virgo/schedule"
	"virgo/spool"
)

// Self gives agent.virgo its figures: what the spool holds and what the runs before this one left.
func (a *Agent) Self(ctx context.Context) (host.Self, error) {
	if a.snapshot != nil {
		return *a.snapshot, nil
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
	return self(st, stats, a.Now()), nil
}

// snapshotFor takes agent.virgo's figures from inside the transaction that its check may run in; nil where
// that check is not due.
func snapshotFor(tx *spool.Tx, p plan, now time.Time) (*host.Self, error) {
	if !slices.ContainsFunc(p.claimed, func(c schedule.Claimed) bool { return c.Check.Type == "agent.virgo" }) {
		return nil, nil
	}
	stats, err := tx.Stats()
	if err != nil {
		return nil, err
	}
	s := self(p.state, stats, now)
	return &s, nil
}

// self leaves out what is not known yet.
func self(st State, stats spool.Stats, now time.Time) host.Self {
	bytes := uint64(stats.Bytes)
	s := host.Self{SpoolResults: &stats.Records, SpoolBytes: &bytes, SpoolRejected: &stats.Rejected}
	if stats.Records > 0 {
		age := now.Sub(stats.Oldest)
		s.SpoolOldest = &age
	}
	for _, d := range stats.Dropped {
		s.Dropped = append(s.Dropped, host.Dropped{Cause: string(d.Cause), Results: d.Records})
	}
	if st.Link.LastMS != 0 {
		age, took := now.Sub(time.UnixMilli(st.Link.LastMS)), milliseconds(st.Link.TookMS)
		s.LastDelivery, s.LastDeliveryDuration = &age, &took
	}
	if asked := st.Link.Asked; asked != (Asked{}) {
		s.Asked = []host.Asked{
			{What: "check_test", Times: uint64(asked.Tests)}, {What: "check_targets", Times: uint64(asked.Targets)},
			{What: "host_info", Times: uint64(asked.HostInfos)}, {What: "refused", Times: uint64(asked.Refused)},
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
	if st.Link.OffsetMS != nil {
		offset := milliseconds(*st.Link.OffsetMS)
		s.ClockOffset = &offset
	}
	return s
}

func milliseconds(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }
