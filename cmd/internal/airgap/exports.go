package airgap

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"virgo/spool"
)

// exportsSpace is the space with the state of each bundle that was made here, by bundle id, as
// JSON.
const exportsSpace = "exports"

// maxExports bounds the number of bundles in that space: the oldest are deleted first.
const maxExports = 100

// exportState is one value of that space.
type exportState struct {
	CreatedMS int64  `json:"created_ms"`
	Results   int    `json:"results"`
	First     uint64 `json:"first"` // least place in the order of its results
	Last      uint64 `json:"last"`
	Cleared   int    `json:"cleared,omitempty"`
}

// NoteExport records a bundle that is stored safely, and deletes the records of bundles none of
// whose results wait any more. Errors are the spool's.
func NoteExport(ctx context.Context, sp *spool.Spool, e Exported) error {
	if e.Results == 0 {
		return nil
	}
	oldest, err := oldestWaiting(ctx, sp)
	if err != nil {
		return err
	}
	return sp.Update(ctx, func(tx *spool.Tx) error {
		st := exportState{e.Created.UnixMilli(), e.Results, e.First, e.Last, 0}
		if err := putExport(tx, e.Bundle, st); err != nil {
			return err
		}
		list, err := readExports(tx)
		if err != nil {
			return err
		}
		for i, old := range list {
			if i+maxExports < len(list) || old.Last < oldest {
				if err := tx.Delete(exportsSpace, old.Bundle); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Exports returns the bundles of which some results still wait here, oldest first. Errors are the
// spool's.
func Exports(ctx context.Context, sp *spool.Spool) ([]Exported, error) {
	var list []Exported
	err := sp.View(ctx, func(tx *spool.Tx) (err error) {
		list, err = readExports(tx)
		return err
	})
	if len(list) == 0 || err != nil {
		return nil, err
	}
	oldest, err := oldestWaiting(ctx, sp)
	return slices.DeleteFunc(list, func(e Exported) bool { return e.Last < oldest }), err
}

// oldestWaiting returns the order number of the oldest waiting result, the largest uint64 if there
// is none. It ignores a refused result that was requeued behind it: the list of exports is only
// shown to people.
func oldestWaiting(ctx context.Context, sp *spool.Spool) (uint64, error) {
	records, err := sp.Read(ctx, 0, 1, 1)
	if len(records) == 0 || err != nil {
		return 1<<64 - 1, err
	}
	return records[0].Order, nil
}

func readExports(tx *spool.Tx) ([]Exported, error) {
	var list []Exported
	err := tx.Each(exportsSpace, func(id string, value []byte) error {
		var st exportState
		if json.Unmarshal(value, &st) != nil {
			return nil // a damaged memory is forgotten; nothing depends on it
		}
		list = append(list, Exported{
			Bundle: id, Created: time.UnixMilli(st.CreatedMS),
			Results: st.Results, First: st.First, Last: st.Last, Cleared: st.Cleared,
		})
		return nil
	})
	slices.SortStableFunc(list, func(a, b Exported) int {
		return cmp.Compare(a.Created.UnixMilli(), b.Created.UnixMilli())
	})
	return list, err
}

func putExport(tx *spool.Tx, id string, st exportState) error {
	b, err := json.Marshal(st)
	if err != nil {
		return err
	}
	return tx.Put(exportsSpace, id, b)
}

// noteCleared adds n to the number of cleared results of a bundle. The record of a bundle that is
// cleared completely is deleted.
func noteCleared(tx *spool.Tx, id string, n int) error {
	var st exportState
	if b := tx.Get(exportsSpace, id); b == nil || json.Unmarshal(b, &st) != nil {
		return nil
	}
	if st.Cleared += n; st.Cleared >= st.Results {
		return tx.Delete(exportsSpace, id)
	}
	return putExport(tx, id, st)
}
