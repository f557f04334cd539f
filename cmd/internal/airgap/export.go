package airgap

import (
	"context"
	"crypto/ed25519"
	"io"
	"time"

	"filippo.io/age"

	"virgo/cmd/internal/link"
	"virgo/spool/bundle"
)

// An Exported describes a bundle that was made from the waiting results.
type Exported struct {
	Bundle  string
	Created time.Time
	// Results is the number of results in the bundle. First and Last are the lowest and the highest
	// of their order numbers.
	Results     int
	First, Last uint64
	// Oldest and Newest are the earliest and the latest time at which one of them was made.
	Oldest, Newest time.Time
	// Others is the number of waiting results that are not in the bundle because they have another
	// agent id, such as results made before the id was changed: a bundle is of one agent.
	Others int
	// Cleared is the number of results in the bundle that receipts have cleared since.
	Cleared int
}

// Limits of one read of the spool.
const (
	batchRecords = 64
	batchBytes   = 64 << 10
)

// Export writes the waiting results to w as a bundle that is signed with key and, if there are
// recipients, encrypted to them. It does not change the spool: the results still wait for delivery,
// and the caller calls [NoteExport] once the bundle is stored safely. Errors: the spool's, the
// bundle's, the context's.
func Export(
	ctx context.Context, cfg *link.Config, w io.Writer, key ed25519.PrivateKey, recipients []age.Recipient,
) (Exported, error) {
	e := Exported{Bundle: bundle.NewID(), Created: cfg.Now()}
	out, err := bundle.NewWriter(w, bundle.Header{
		Agent: cfg.ID, Name: cfg.Name, ID: e.Bundle, Created: e.Created, Version: cfg.Version,
	}, key, bundle.WriterOptions{Recipients: recipients})
	if err != nil {
		return e, err
	}
	stats, err := cfg.Spool.Stats(ctx)
	if err != nil {
		return e, err
	}
	// Results that are appended meanwhile are left to the next bundle. Otherwise a host that makes
	// results faster than a slow medium can store them would never finish.
	left := stats.Records
	for after := uint64(0); left > 0; {
		if err := ctx.Err(); err != nil {
			return e, err
		}
		records, err := cfg.Spool.Read(ctx, after, int(min(left, batchRecords)), batchBytes)
		if err != nil {
			return e, err
		}
		if len(records) == 0 {
			break
		}
		left -= uint64(len(records))
		after = records[len(records)-1].Seq
		for _, r := range records {
			if r.Agent != cfg.ID {
				e.Others++
				continue
			}
			if err := out.Add(bundle.Record{Order: r.Order, ID: r.ID, Made: r.Made, Data: r.Data}); err != nil {
				return e, err
			}
			e.add(r.Order, r.Made)
		}
		if cfg.Progress != nil {
			cfg.Progress(e.Results)
		}
	}
	return e, out.Close()
}

func (e *Exported) add(order uint64, made time.Time) {
	if e.Results == 0 {
		e.First, e.Last, e.Oldest, e.Newest = order, order, made, made
	}
	e.Results++
	e.First, e.Last = min(e.First, order), max(e.Last, order)
	if made.Before(e.Oldest) {
		e.Oldest = made
	}
	if made.After(e.Newest) {
		e.Newest = made
	}
}
