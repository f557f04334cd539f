package history

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// maxOpen bounds the results and values that a view reads of what is not in columns yet. A usual agent has a few thousand.
const maxOpen = 4_000_000

// A view is what is known of an agent at one moment: what is in columns, and what is not yet.
type view struct {
	ctx      context.Context
	codec    *codec
	tx       *sql.Tx // nil without a file
	state    state
	agent    int64
	gatherer gatherer
	open     map[int64][]check // of hours
	damaged  int               // rows
	path     string

	// What was read last: whoever walks along several series at once reads each row once.
	lastColumns *hourColumns
	lastRollups map[string]*rollupRow // by table
}

// hourColumns are the columns of an hour, and the roll-ups of five minutes that are made of them, once they were needed.
type hourColumns struct {
	hour    int64
	checks  []check
	minutes rollup
}

// A rollupRow is a roll-up that was read, and whether the row was damaged.
type rollupRow struct {
	key     int64
	rollup  rollup
	damaged bool
}

// view reads what of the agent, or of the checks that are wanted, is not in columns yet. wanted is nil for all.
func (h *History) view(ctx context.Context, source Arrivals, agent int64, wanted func(checkID string) bool) (v *view, err error) {
	v = &view{ctx: ctx, agent: agent, open: map[int64][]check{}}
	opened := v // v is nil after an error
	defer func() {
		if err != nil {
			opened.close()
			err = fmt.Errorf("reading the history: %w", err)
		}
	}()
	d := newDictionary()
	if h != nil {
		v.codec, v.path = h.codec, h.path
		// The mark is read before the arrivals: what becomes columns meanwhile is still among those.
		if d, err = v.begin(h); err != nil {
			return nil, named(err)
		}
	}
	v.gatherer.reset(d)
	err = source.Of(ctx, agent, v.state.mark(agent), func(res *intake.Result) error {
		if wanted == nil || wanted(res.CheckID) {
			v.gatherer.add(res)
		}
		if v.gatherer.size > maxOpen {
			return intake.ErrHistoryBehind
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for hour := range v.gatherer.hours {
		v.open[hour] = v.gatherer.take(hour)
	}
	return v, nil
}

// begin opens the history at one moment, and returns the agent's dictionary.
func (v *view) begin(h *History) (d *dictionary, err error) {
	if v.tx, err = h.read.BeginTx(v.ctx, &sql.TxOptions{ReadOnly: true}); err != nil {
		return nil, err
	}
	if v.state, err = readState(v.ctx, v.tx); err != nil {
		return nil, err
	}
	content, damaged, err := get(v.ctx, v.tx, h.codec, "series", v.agent)
	if err != nil {
		return nil, err
	}
	d = newDictionary()
	if content != nil {
		if d, err = readDictionary(content); err != nil {
			d, damaged = newDictionary(), true
		}
	}
	if damaged {
		v.damaged++
	}
	return d, nil
}

func (v *view) close() {
	if v.tx != nil {
		v.tx.Rollback()
	}
}

// columns returns the columns of an hour.
func (v *view) columns(hour int64) (*hourColumns, error) {
	if c := v.lastColumns; c != nil && c.hour == hour {
		return c, nil
	}
	c := &hourColumns{hour: hour}
	if v.tx == nil {
		c.checks = v.open[hour]
		v.lastColumns = c
		return c, nil
	}
	list, _, _, damaged, err := chunks(v.ctx, v.tx, v.codec, hour, v.agent)
	if err != nil {
		return nil, err
	}
	if damaged {
		v.damaged++
	}
	for _, checks := range append(list, v.open[hour]) {
		c.checks = merge(c.checks, checks)
	}
	v.lastColumns = c
	return c, nil
}

// minutesOf returns the roll-ups of five minutes of an hour, made of its columns.
func (v *view) minutesOf(hour int64) (rollup, error) {
	c, err := v.columns(hour)
	if err != nil {
		return nil, err
	}
	if c.minutes == nil {
		c.minutes.add(c.checks, hour*hourMS, 5*minuteMS, minuteBuckets)
	}
	return c.minutes, nil
}

// rollup returns the roll-up of a row, with the results of the hours from first on that are not in it yet.
func (v *view) rollup(table string, k int64, length time.Duration, buckets int, first, hours int64) (*rollupRow, error) {
	if row := v.lastRollups[table]; row != nil && row.key == k {
		return row, nil
	}
	row := &rollupRow{key: k}
	if v.tx != nil {
		var err error
		if row.rollup, row.damaged, err = getRollup(v.ctx, v.tx, v.codec, table, k, buckets); err != nil {
			return nil, err
		}
		if row.damaged {
			v.damaged++
		}
	}
	for hour := first; hour < first+hours; hour++ {
		row.rollup.add(v.open[hour], first*hourMS, length.Milliseconds(), buckets)
	}
	if v.lastRollups == nil {
		v.lastRollups = map[string]*rollupRow{}
	}
	v.lastRollups[table] = row
	return row, nil
}
