package airgap

import (
	"context"
	"fmt"

	"virgo/cmd/internal/link"
	"virgo/spool"
	"virgo/transport/receipt"
)

// Limits of the records that ClearReceipts reads for one commit. Each commit is synced.
const (
	clearRecords = 2048
	clearBytes   = 2 << 20
)

// Cleared describes the effect of receipts on the spool.
type Cleared struct {
	// Delivered results were deleted, because an endpoint has them; Refused ones were set aside,
	// because it rejected them. Waiting is the number of results that still wait for delivery.
	Delivered, Refused int
	Waiting            uint64
}

// A ForeignError is returned for a receipt of another agent's results.
type ForeignError struct{ Agent, Here string }

// Error names both agents.
func (e *ForeignError) Error() string {
	return fmt.Sprintf("the receipt is for agent %.128q, and this host's is %.128q", e.Agent, e.Here)
}

// Hint returns the next step.
func (e *ForeignError) Hint() string { return "take it to the host that made the bundle" }

// ClearReceipts deletes from the spool the results that the receipts name, and no others. The
// caller must have verified the signatures. Repeating it is harmless. Errors: [ForeignError],
// before anything is changed, and the spool's.
func ClearReceipts(ctx context.Context, cfg *link.Config, receipts []receipt.Receipt) (Cleared, error) {
	var (
		done   Cleared
		ranges []receipt.Range
		bundle string
	)
	refused := make(map[string]*spool.Refusal)
	for _, r := range receipts {
		if r.Agent != cfg.ID {
			return done, &ForeignError{r.Agent, cfg.ID}
		}
		ranges = append(ranges, r.Ranges...)
		bundle = r.Bundle
		for _, f := range r.Refused {
			refused[f.ID] = &spool.Refusal{Code: f.Code, Message: f.Message}
		}
	}
	delivered := receipt.NewSet(ranges)
	for after := uint64(0); ; {
		records, err := cfg.Spool.Read(ctx, after, clearRecords, clearBytes)
		if err != nil {
			return done, err
		}
		if len(records) == 0 {
			break
		}
		after = records[len(records)-1].Seq
		var outcomes []spool.Outcome
		n := 0 // delivered ones of them
		for _, r := range records {
			start, place, ok := receipt.ParseID(cfg.ID, r.ID)
			switch why := refused[r.ID]; {
			case !ok:
			case delivered.Has(start, place):
				outcomes = append(outcomes, spool.Outcome{Seq: r.Seq})
				n++
			case why != nil:
				outcomes = append(outcomes, spool.Outcome{Seq: r.Seq, Refused: why})
			}
		}
		if len(outcomes) == 0 {
			continue
		}
		err = cfg.Spool.Settle(ctx, outcomes, func(tx *spool.Tx) error {
			return noteCleared(tx, bundle, len(outcomes))
		})
		if err != nil {
			return done, err
		}
		done.Delivered += n
		done.Refused += len(outcomes) - n
	}
	stats, err := cfg.Spool.Stats(ctx)
	done.Waiting = stats.Records
	return done, err
}
