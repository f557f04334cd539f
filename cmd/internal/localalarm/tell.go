package localalarm

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"virgo/schedule"
	"virgo/spool"
)

const (
	// maxWaiting is how long a change is tried to be told.
	maxWaiting = 24 * time.Hour
	// maxTold bounds how many changes one run tells by each way, so that the next minute's run is not late.
	maxTold = 100
)

// Tell tells of the changes that wait: by a line, and by each way. What cannot be told waits for the next run
// that judges something. final returns the context for the transaction behind the end of ctx.
func (j *Judge) Tell(ctx context.Context, sp *spool.Spool, final func(context.Context) (context.Context, context.CancelFunc)) {
	if j.queued+j.added <= 0 {
		return
	}
	if j.overflow {
		j.opt.Notice("%d changes of alarms wait to be told; later ones are not", maxQueued)
	}
	var list []*waiting
	printed, missing := 0, make(map[string]int, len(j.opt.Ways))
	err := sp.View(ctx, func(tx *spool.Tx) error {
		return tx.Each(queueSpace, func(key string, value []byte) error {
			w := &waiting{key: key}
			if json.Unmarshal(value, w) != nil {
				w = &waiting{key: key, Done: j.names(), Printed: true} // damaged: it is removed
			}
			// What waits for a way that fails must not keep later changes from the others.
			wanted, done := !w.Printed && printed < maxTold, w.Printed
			if !w.Printed {
				printed++
			}
			for _, way := range j.opt.Ways {
				if !slices.Contains(w.Done, way.Name) {
					wanted = wanted || missing[way.Name] < maxTold
					missing[way.Name]++
					done = false
				}
			}
			if wanted || done {
				list = append(list, w)
			}
			return nil
		})
	})
	if err == nil && len(list) > 0 {
		told := j.tell(ctx, list)
		ctx, cancel := final(ctx)
		defer cancel()
		err = sp.Update(ctx, func(tx *spool.Tx) error { return j.settle(tx, told) })
	}
	if err != nil {
		j.opt.Notice("changes of alarms may be told again: %v", err)
	}
}

func (j *Judge) names() []string {
	var names []string
	for _, way := range j.opt.Ways {
		names = append(names, way.Name)
	}
	return names
}

// tell tells of changes, in order, and returns those that were tried. After a failure the way is not tried again
// in this run.
func (j *Judge) tell(ctx context.Context, list []*waiting) []*waiting {
	for _, w := range list {
		if !w.Printed {
			j.opt.Notice("%s", w.Line())
			w.Printed = true
		}
	}
	for _, way := range j.opt.Ways {
		tried := 0 // further ones in the list are there for other ways, perhaps not all that this one misses
		for _, w := range list {
			if slices.Contains(w.Done, way.Name) {
				continue
			}
			if tried++; tried > maxTold || ctx.Err() != nil {
				break
			}
			if err := way.Send(ctx, &w.Change); err != nil {
				if w.Failures++; w.Failures == 1 {
					j.opt.Notice("%s: %v; it is tried again for a day", way.Name, err)
				}
				break
			}
			w.Done = append(w.Done, way.Name)
		}
	}
	return list
}

// settle removes what was told, and what waited for too long.
func (j *Judge) settle(tx schedule.Store, told []*waiting) error {
	now := j.opt.Now()
	for _, w := range told {
		missing := slices.ContainsFunc(j.opt.Ways, func(way Way) bool { return !slices.Contains(w.Done, way.Name) })
		old := now.Sub(time.UnixMilli(w.AtMS)) > maxWaiting
		if missing && old {
			j.opt.Notice("nobody was told within a day: %s", w.Line())
		}
		if !missing || old {
			if err := tx.Delete(queueSpace, w.key); err != nil {
				return err
			}
			continue
		}
		b, err := json.Marshal(w)
		if err != nil {
			return err
		}
		if err := tx.Put(queueSpace, w.key, b); err != nil {
			return err
		}
	}
	return nil
}
