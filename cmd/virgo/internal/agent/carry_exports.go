package agent

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"virgo/spool"
)

// exportsSpace holds what is remembered of each bundle that was made here, by its id, as JSON.
const exportsSpace = "exports"

// maxExports bounds it: the oldest are forgotten first.
const maxExports = 100

// exportState is one value of that space.
type exportState struct {
	CreatedMS int64  `json:"created_ms"`
	Results   int    `json:"results"`
	First     uint64 `json:"first"` // order of the least of its results
	Last      uint64 `json:"last"`
	Cleared   int    `json:"cleared,omitempty"`
}

// NoteExport remembers a bundle that is safe where it was written to, and forgets those of which nothing waits.
func (a *Agent) NoteExport(ctx context.Context, e Export) error {
	if e.Results == 0 {
		return nil
	}
	least, err := a.leastWaiting(ctx)
	if err != nil {
		return err
	}
	return a.Spool.Update(ctx, func(tx *spool.Tx) error {
		if err := putExport(tx, e.Bundle, exportState{e.Created.UnixMilli(), e.Results, e.First, e.Last, 0}); err != nil {
			return err
		}
		list, err := exports(tx)
		if err != nil {
			return err
		}
		for i, old := range list {
			if i+maxExports < len(list) || old.Last < least {
				if err := tx.Delete(exportsSpace, old.Bundle); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Exports lists the bundles of which something waits here still, oldest first.
func (a *Agent) Exports(ctx context.Context) ([]Export, error) {
	var list []Export
	err := a.Spool.View(ctx, func(tx *spool.Tx) (err error) {
		list, err = exports(tx)
		return err
	})
	if len(list) == 0 || err != nil {
		return nil, err
	}
	least, err := a.leastWaiting(ctx)
	return slices.DeleteFunc(list, func(e Export) bool { return e.Last < least }), err
}

// leastWaiting is the order of the oldest result that waits; past all where none does. One that was refused and
// waits again is behind, and not looked for: what depends on this is a memory for people.
func (a *Agent) leastWaiting(ctx context.Context) (uint64, error) {
	records, err := a.Spool.Read(ctx, 0, 1, 1)
	if len(records) == 0 || err != nil {
		return 1<<64 - 1, err
	}
	return records[0].Order, nil
}

func exports(tx *spool.Tx) ([]Export, error) {
	var list []Export
	err := tx.Each(exportsSpace, func(id string, value []byte) error {
		var st exportState
		if json.Unmarshal(value, &st) != nil {
			return nil // a memory; nothing depends on it
		}
		list = append(list, Export{
			Bundle: id, Created: time.UnixMilli(st.CreatedMS), Results: st.Results, First: st.First, Last: st.Last, Cleared: st.Cleared,
		})
		return nil
	})
	slices.SortStableFunc(list, func(a, b Export) int { return cmp.Compare(a.Created.UnixMilli(), b.Created.UnixMilli()) })
	return list, err
}

func putExport(tx *spool.Tx, id string, st exportState) error {
	b, err := json.Marshal(st)
	if err != nil {
		return err
	}
	return tx.Put(exportsSpace, id, b)
}

// clearedOf notes how many of a bundle's results a receipt has cleared; a bundle of which nothing is left to
// be heard is forgotten.
func clearedOf(tx *spool.Tx, id string, n int) error {
	var st exportState
	if b := tx.Get(exportsSpace, id); b == nil || json.Unmarshal(b, &st) != nil {
		return nil
	}
	if st.Cleared += n; st.Cleared >= st.Results {
		return tx.Delete(exportsSpace, id)
	}
	return putExport(tx, id, st)
}
