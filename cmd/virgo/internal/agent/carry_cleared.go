package agent

import (
	"context"
	"fmt"

	"virgo/spool"
	"virgo/transport/receipt"
)

// How much is looked at between two commits of a clearing: each is synced.
const (
	clearRecords = 2048
	clearBytes   = 2 << 20
)

// A Clearing is what receipts did here.
type Clearing struct {
	// Cleared results left the spool, because an endpoint has them; Refused ones were put aside, because it
	// does not want them. Waiting is how many are still there.
	Cleared, Refused int
	Waiting          uint64
}

// A ForeignError is returned for a receipt of another agent's results.
type ForeignError struct{ Agent, Here string }

// Error names both agents.
func (e *ForeignError) Error() string {
	return fmt.Sprintf("the receipt is for agent %.128q, and this host's is %.128q", e.Agent, e.Here)
}

// Hint gives the next step.
func (e *ForeignError) Hint() string { return "take it to the host that made the bundle" }

// Clear takes out of the spool what receipts, which were found good, name, and nothing else. Doing it again is
// harmless.
func (a *Agent) Clear(ctx context.Context, receipts []receipt.Receipt) (Clearing, error) {
	var (
		done   Clearing
		ranges []receipt.Range
		bundle string
	)
	refused := make(map[string]*spool.Refusal)
	for _, r := range receipts {
		if r.Agent != a.ID {
			return done, &ForeignError{r.Agent, a.ID}
		}
		ranges = append(ranges, r.Ranges...)
		bundle = r.Bundle
		for _, f := range r.Refused {
			refused[f.ID] = &spool.Refusal{Code: f.Code, Message: f.Message}
		}
	}
	held := receipt.NewSet(ranges)
	for after := uint64(0); ; {
		records, err := a.Spool.Read(ctx, after, clearRecords, clearBytes)
		if err != nil {
			return done, err
		}
		if len(records) == 0 {
			break
		}
		after = records[len(records)-1].Seq
		var settled []spool.Outcome
		cleared := 0
		for _, r := range records {
			start, n, ok := receipt.ParseID(a.ID, r.ID)
			switch why := refused[r.ID]; {
			case !ok:
			case held.Has(start, n):
				settled = append(settled, spool.Outcome{Seq: r.Seq})
				cleared++
			case why != nil:
				settled = append(settled, spool.Outcome{Seq: r.Seq, Refused: why})
			}
		}
		if len(settled) == 0 {
			continue
		}
		err = a.Spool.Settle(ctx, settled, func(tx *spool.Tx) error { return clearedOf(tx, bundle, len(settled)) })
		if err != nil {
			return done, err
		}
		done.Cleared += cleared
		done.Refused += len(settled) - cleared
	}
	stats, err := a.Spool.Stats(ctx)
	done.Waiting = stats.Records
	return done, err
}
