package service

import (
	"context"
	"encoding/binary"
	"strconv"
	"time"

	"virgo/collect"
)

// postgresBlocksCount are the blocks that were asked for since the server started: found in its cache, and not.
type postgresBlocksCount struct {
	started   uint64 // seconds since 1970
	hit, read uint64
}

// blocksVersion is the first byte of a sample; the three counts follow, 8 bytes each, big-endian.
const blocksVersion = 1

func (b postgresBlocksCount) encode() []byte {
	sample := []byte{blocksVersion}
	for _, n := range []uint64{b.started, b.hit, b.read} {
		sample = binary.BigEndian.AppendUint64(sample, n)
	}
	return sample
}

// decodeBlocks reads a sample; not ok where it is none.
func decodeBlocks(sample []byte) (b postgresBlocksCount, ok bool) {
	if len(sample) != 1+3*8 || sample[0] != blocksVersion {
		return b, false
	}
	b.started = binary.BigEndian.Uint64(sample[1:])
	b.hit = binary.BigEndian.Uint64(sample[9:])
	b.read = binary.BigEndian.Uint64(sample[17:])
	return b, true
}

// precedes reports whether now may be counted from b: the server was not started anew, and nothing was reset.
func (b postgresBlocksCount) precedes(now postgresBlocksCount) bool {
	return b.started == now.started && b.hit <= now.hit && b.read <= now.read
}

// hitPercent is how many of the blocks that were asked for between b and now were in the cache; not ok where none
// was asked for.
func (b postgresBlocksCount) hitPercent(now postgresBlocksCount) (percent float64, ok bool) {
	if !b.precedes(now) {
		return 0, false
	}
	hit, read := float64(now.hit-b.hit), float64(now.read-b.read)
	if hit+read == 0 {
		return 0, false
	}
	return 100 * hit / (hit + read), true
}

// blocks asks for the present counts; zeros where the server does not show them.
func (p *postgresSession) blocks(ctx context.Context) (postgresBlocksCount, error) {
	rows, err := p.query(ctx, postgresBlocks)
	if withheld(err) {
		return postgresBlocksCount{}, nil
	}
	if err != nil || len(rows) != 1 {
		return postgresBlocksCount{}, err
	}
	number := func(column string) uint64 {
		n, _ := strconv.ParseUint(rows[0][column], 10, 64)
		return n
	}
	return postgresBlocksCount{number("started"), number("hit"), number("read")}, nil
}

// cacheHits gives the share of the blocks found in the cache since the sample of the run before, and the sample for
// the next; where there was none that is of use it looks twice. No metric where no block was asked for.
func (p *postgresSession) cacheHits(ctx context.Context, previous []byte) ([]collect.Metric, []byte, error) {
	now, err := p.blocks(ctx)
	if err != nil {
		return nil, nil, err
	}
	before, ok := decodeBlocks(previous)
	if !ok || !before.precedes(now) {
		before = now
		if err := pause(ctx, collect.SampleGap); err != nil {
			return nil, nil, err
		}
		if now, err = p.blocks(ctx); err != nil {
			return nil, nil, err
		}
	}
	var f collect.Figures
	if percent, ok := before.hitPercent(now); ok {
		f.Double("cache_hit_percent", percent, "percent")
	}
	return f.Metrics, now.encode(), nil
}

// pause waits, or returns the context's error.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
