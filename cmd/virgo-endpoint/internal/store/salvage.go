package store

import (
	"errors"
	"math"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

// salvage reads a damaged segment in the order of arrival, which needs no index, and passes on what the filter selects but
// for the blobs that were passed on before. What cannot be read is skipped and counted: the numbers of a
// segment's results have no gaps.
func (r *resultsReader) salvage(a *acquired, damage error, passed func(*segment.Blob) bool, fn func(intake.Result) error) error {
	read := int64(0)
	next, err := a.Next(r.ctx)
	if err != nil {
		next = a.entry.next // 0 if it is open
	}
	err = a.Blobs(r.ctx, math.MinInt64, math.MaxInt64, func(b *segment.Blob) error {
		list, err := b.Results(nil)
		if errors.Is(err, intake.ErrDamaged) {
			return nil
		}
		if err != nil {
			return err
		}
		read += int64(len(list))
		if passed(b) {
			return nil
		}
		if list, err = r.selected(b); err != nil {
			return err
		}
		for i := range list {
			if err := fn(list[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil && (r.stopped != nil || !errors.Is(err, intake.ErrDamaged)) {
		return err
	}
	if next == 0 {
		r.note(inSegment(a.Number(), damage), -1)
	} else {
		r.note(inSegment(a.Number(), damage), next-a.First()-read)
	}
	return nil
}
