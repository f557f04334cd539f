package watchtest

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

type memoryAudit struct{ m *Memory }

func (a memoryAudit) Begin(ctx context.Context, e watch.Entry) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if len(e.Before) > watch.MaxAuditBytes || len(e.After) > watch.MaxAuditBytes {
		return 0, fmt.Errorf("an entry of the audit log has more than %d bytes", watch.MaxAuditBytes)
	}
	defer a.m.lock()()
	e.ID, e.At, e.Before, e.After = a.m.nextID(), stored(e.At), slices.Clone(e.Before), slices.Clone(e.After)
	e.Outcome = cmp.Or(e.Outcome, watch.Begun)
	a.m.entries = append(a.m.entries, e)
	return e.ID, nil
}

func (a memoryAudit) End(ctx context.Context, id int64, outcome string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer a.m.lock()()
	for i := range a.m.entries {
		if e := &a.m.entries[i]; e.ID == id {
			e.Outcome = outcome
			return nil
		}
	}
	return fmt.Errorf("the audit log has no entry %d", id)
}

func (a memoryAudit) Entries(ctx context.Context, f watch.EntryFilter, fn func(watch.Entry) error) error {
	unlock := a.m.lock()
	all := slices.Clone(a.m.entries)
	unlock()
	slices.Reverse(all)
	passed := 0
	for _, e := range all {
		if !f.From.IsZero() && e.At.Before(stored(f.From)) || !f.To.IsZero() && !e.At.Before(stored(f.To)) ||
			f.Actor != "" && e.Actor != f.Actor || f.Object != "" && e.Object != f.Object {
			continue
		}
		if passed++; f.Limit > 0 && passed > f.Limit {
			break
		}
		e.Before, e.After = slices.Clone(e.Before), slices.Clone(e.After)
		if err := cmp.Or(ctx.Err(), fn(e)); err != nil {
			return err
		}
	}
	return ctx.Err()
}
