package run

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"virgo/cmd/internal/link"
	"virgo/collect"
	"virgo/spool"
	"virgo/transport"
)

// Losses are reported as a result, so that they are seen where results are seen: check id
// "agent.virgo.loss", state unavailable, a status of one sentence, and for each cause (the dimension)
// the metrics lost_results, lost_bytes, lost_from_ms and lost_to_ms; for a number that is not known
// damaged_files instead. It is sent before all other
// results. Its id does not change until it is acknowledged; then the spool deletes the counts.
const (
	lossCheck = "agent.virgo.loss"
	lossType  = "agent.virgo"
	// lossKey is the key of its post. No record in the spool has this key.
	lossKey = 0
)

// lossRecord returns a report of losses as a record to send. It has no place in the order of
// results.
func lossRecord(loss spool.Loss, now time.Time) spool.Record {
	r := collect.Result{
		CheckID: lossCheck, CheckType: lossType,
		State: collect.Unavailable, Status: LossSentence(loss.Drops), Time: now,
		Metrics: make([]collect.Metric, 0, 4*len(loss.Drops)),
	}
	for _, d := range loss.Drops {
		add := func(name string, t collect.MetricType, value, unit string) {
			r.Metrics = append(r.Metrics,
				collect.Metric{Dimension: string(d.Cause), Name: name, Type: t, Value: value, Unit: unit})
		}
		if d.Cause == spool.CauseUnknown {
			add("damaged_files", collect.Uint64, strconv.FormatUint(d.Records, 10), "files")
			continue
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

// LossSentence describes how many results were lost, why, and when they were made: "12 results lost: 10
// for want of space, 2 damaged, made between 2026-01-02 03:04 UTC and 2026-01-02 05:00 UTC". It is
// empty if none were lost.
func LossSentence(drops []spool.Drop) string {
	if len(drops) == 0 {
		return ""
	}
	var total uint64
	var first, last time.Time
	var causes []string
	unknown := false
	for _, d := range drops {
		if d.Cause == spool.CauseUnknown {
			unknown = true
		} else {
			total += d.Records
		}
		if !d.First.IsZero() && (first.IsZero() || d.First.Before(first)) {
			first = d.First
		}
		if d.Last.After(last) {
			last = d.Last
		}
		causes = append(causes, LossOf(d))
	}
	s := fmt.Sprintf("%d results lost", total)
	if total == 1 {
		s = "1 result lost"
	}
	switch {
	case unknown && total == 0:
		s = "an unknown number of results lost"
	case unknown:
		s = "at least " + s
	case total == 1:
		s = "1 result lost"
	}
	s += ": " + strings.Join(causes, ", ")
	if !first.IsZero() {
		const minute = "2006-01-02 15:04 UTC"
		s += ", made between " + first.UTC().Format(minute) + " and " + last.UTC().Format(minute)
	}
	return s
}

// LossOf says how many results were lost for one cause, and why: "10 for want of space".
func LossOf(d spool.Drop) string {
	if d.Cause == spool.CauseUnknown {
		return "an unknown number " + lostBy(d.Cause)
	}
	return fmt.Sprintf("%d %s", d.Records, lostBy(d.Cause))
}

func lostBy(c spool.Cause) string {
	switch c {
	case spool.CauseSpace:
		return "for want of space"
	case spool.CauseAge:
		return "too old"
	case spool.CauseRefused:
		return "refused, then dropped"
	case spool.CauseDamaged:
		return "damaged"
	case spool.CauseUnstored:
		return "could not be stored"
	case spool.CauseUnknown:
		return "damaged with their count"
	case spool.CauseUser:
		return "dropped by a person"
	}
	return "by " + string(c)
}

// reportLoss returns the losses to report in a delivery outside of a run. The zero value: none.
func (a *Agent) reportLoss(ctx context.Context) (loss spool.Loss, err error) {
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

// noteLost counts results that were neither persisted nor delivered.
func (a *Agent) noteLost(ctx context.Context, lost []spool.Record) {
	if len(lost) == 0 {
		return
	}
	ctx, cancel := link.FinalContext(ctx)
	defer cancel()
	if err := a.Spool.NoteUnstored(ctx, lost); err != nil {
		a.Verbose("losses: %d results were not counted: %v", len(lost), err)
	}
}

// noteLossAnswer prints, with --verbose, the answer to the report of losses.
func (q *queue) noteLossAnswer(answer *transport.Outcome) {
	if answer.Refused != nil {
		q.agent.Verbose("losses: the endpoint refused the report, which is kept: %v", answer.Refused)
		return
	}
	q.agent.Verbose("losses: reported: %s", LossSentence(q.loss.Drops))
	q.loss = spool.Loss{}
}
