package agent

import (
	"context"
	"crypto/ed25519"
	"io"
	"time"

	"filippo.io/age"

	"virgo/spool/bundle"
)

// An Export is a bundle that was made of what waits.
type Export struct {
	Bundle  string
	Created time.Time
	// Results are in it: the order of the least and of the greatest.
	Results     int
	First, Last uint64
	// Oldest and Newest are when the first and the last of them were made.
	Oldest, Newest time.Time
	// Others wait here under the ids of other agents, as results do that were made before the
	// agent's id was changed: a bundle is of one agent.
	Others int
	// Cleared is how many of them receipts have cleared since.
	Cleared int
}

// Export writes what waits as a bundle, sealed with key. It changes nothing here: the results wait on, and
// [Agent.NoteExport] is for when the bundle is safe.
func (a *Agent) Export(ctx context.Context, w io.Writer, key ed25519.PrivateKey, recipients []age.Recipient) (Export, error) {
	e := Export{Bundle: bundle.NewID(), Created: a.Now()}
	out, err := bundle.NewWriter(w, bundle.Header{
		Agent: a.ID, Name: a.Name, ID: e.Bundle, Created: e.Created, Version: a.Version,
	}, key, bundle.WriterOptions{Recipients: recipients})
	if err != nil {
		return e, err
	}
	stats, err := a.Spool.Stats(ctx)
	if err != nil {
		return e, err
	}
	// What is appended meanwhile is for the next bundle: a host that makes results faster than a slow stick
	// takes them would never come to an end.
	most := stats.Records
	for after := uint64(0); most > 0; {
		if err := ctx.Err(); err != nil {
			return e, err
		}
		records, err := a.Spool.Read(ctx, after, int(min(most, batchRecords)), batchBytes)
		if err != nil {
			return e, err
		}
		if len(records) == 0 {
			break
		}
		most -= uint64(len(records))
		after = records[len(records)-1].Seq
		for _, r := range records {
			if r.Agent != a.ID {
				e.Others++
				continue
			}
			if err := out.Add(bundle.Record{Order: r.Order, ID: r.ID, Made: r.Made, Data: r.Data}); err != nil {
				return e, err
			}
			e.add(r.Order, r.Made)
		}
		if a.Progress != nil {
			a.Progress(e.Results)
		}
	}
	return e, out.Close()
}

func (e *Export) add(order uint64, made time.Time) {
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
