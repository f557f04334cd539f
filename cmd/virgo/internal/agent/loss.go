package agent

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"virgo/collect"
	"virgo/spool"
	"virgo/transport"
)

// A loss is reported as a result of its own, so that it is seen where results are seen: check id
// "agent.virgo.loss", unavailable, one sentence, and for each cause lost_results, lost_bytes, lost_from_ms and
// lost_to_ms under the cause as dimension. It goes out before all else, under an id of its own that stays until
// it is acknowledged; only then the spool forgets it.
const (
	lossCheck = "agent.virgo.loss"
	lossType  = "agent.virgo"
	// lossKey is the post's key: no record has it.
	lossKey = 0
	// lossAgain is when an endpoint that refused a report is shown it again.
	lossAgain = 24 * time.Hour
)

// lossRecord makes a report into what is sent. It has no place in the order of results.
func lossRecord(loss spool.Loss, now time.Time) spool.Record {
	r := collect.Result{
		CheckID: lossCheck, CheckType: lossType, State: collect.Unavailable, Status: LossSentence(loss.Drops), Time: now,
		Metrics: make([]collect.Metric, 0, 4*len(loss.Drops)),
	}
	for _, d := range loss.Drops {
		add := func(name string, t collect.MetricType, value, unit string) {
			r.Metrics = append(r.Metrics, collect.Metric{Dimension: string(d.Cause), Name: name, Type: t, Value: value, Unit: unit})
		}
		add("lost_results", collect.Uint64, strconv.FormatUint(d.Records, 10), "results")
		add("lost_bytes", collect.Uint64, strconv.FormatInt(max(d.Bytes, 0), 10), "bytes")
		if !d.First.IsZero() {
			add("lost_from_ms", collect.Int64, strconv.FormatInt(d.First.UnixMilli(), 10), "milliseconds")
			add("lost_to_ms", collect.Int64, strconv.FormatInt(d.Last.UnixMilli(), 10), "milliseconds")
		}
	}
	return spool.Record{ID: loss.ID, Made: now, Data: r.AppendJSON(nil)}
}

// LossSentence says what was lost, why, and of which time: "12 results lost: 10 for want of space, 2 damaged,
// made between 2026-01-02 03:04 UTC and 2026-01-02 05:00 UTC". Empty where nothing was.
func LossSentence(drops []spool.Drop) string {
	var total uint64
	var first, last time.Time
	var causes []string
	for _, d := range drops {
		total += d.Records
		if !d.First.IsZero() && (first.IsZero() || d.First.Before(first)) {
			first = d.First
		}
		if d.Last.After(last) {
			last = d.Last
		}
		causes = append(causes, fmt.Sprintf("%d %s", d.Records, lostBy(d.Cause)))
	}
	if total == 0 {
		return ""
	}
	noun := "results"
	if total == 1 {
		noun = "result"
	}
	s := fmt.Sprintf("%d %s lost: %s", total, noun, strings.Join(causes, ", "))
	if !first.IsZero() {
		const minute = "2006-01-02 15:04 UTC"
		s += ", made between " + first.UTC().Format(minute) + " and " + last.UTC().Format(minute)
	}
	return s
}

func lostBy(c spool.Cause) string {
	switch c {
	case spool.CauseSpace:
		return "for want of space"
	case spool.CauseAge:
		return "too old"
	case spool.CauseRefused:
		return "refused, and past the bound of what is kept of those"
	case spool.CauseDamaged:
		return "damaged"
	case spool.CauseUser:
		return "dropped by a person"
	}
	return "by " + string(c)
}

// freeze gives what is to be reported of losses, for a delivery that no run's own transaction came before.
func (a *Agent) freeze(ctx context.Context) (loss spool.Loss, err error) {
	stats, err := a.Spool.Stats(ctx)
	if err != nil || len(stats.Dropped) == 0 {
		return loss, err
	}
	err = a.Spool.Update(ctx, func(tx *spool.Tx) error {
		loss, err = tx.ReportLoss(a.ID)
		return err
	})
	return loss, err
}

// mayReport says whether the endpoint of this session is to be shown a report of losses: one that refused it is left
// in peace for a day.
func (l *link) mayReport() bool {
	st := &l.state.Link
	since := l.agent.Now().Sub(time.UnixMilli(st.LossRefusedMS))
	return st.LossRefusedBy != l.endpoint || since < 0 || since >= lossAgain
}

// lossRefused notes that this session's endpoint did not take a report.
func (l *link) lossRefused() {
	l.state.Link.LossRefusedMS, l.state.Link.LossRefusedBy = l.agent.Now().UnixMilli(), l.endpoint
}

// answered says what became of a report, once that is settled.
func (q *queue) answered(loss *transport.Outcome) {
	switch {
	case loss == nil:
	case loss.Refused != nil:
		q.agent.Verbose("losses: the endpoint refused the report, which is kept: %v", loss.Refused)
	default:
		q.agent.Verbose("losses: reported: %s", LossSentence(q.loss.Drops))
		q.loss = spool.Loss{}
	}
}
