package service

import (
	"context"
	"encoding/binary"
	"strconv"
	"time"

	"virgo/collect"
)

// blockCounts are the blocks requested since the server started: found in its cache, and not.
type blockCounts struct {
	started   uint64 // seconds since 1970
	hit, read uint64
}

// blockCountsVersion is the first byte of a sample; the three numbers follow, 8 bytes each,
// big-endian.
const blockCountsVersion = 1

func (b blockCounts) encode() []byte {
	sample := []byte{blockCountsVersion}
	for _, n := range []uint64{b.started, b.hit, b.read} {
		sample = binary.BigEndian.AppendUint64(sample, n)
	}
	return sample
}

// decodeBlockCounts decodes a sample; not ok where it is invalid.
func decodeBlockCounts(sample []byte) (b blockCounts, ok bool) {
	if len(sample) != 1+3*8 || sample[0] != blockCountsVersion {
		return b, false
	}
	b.started = binary.BigEndian.Uint64(sample[1:])
	b.hit = binary.BigEndian.Uint64(sample[9:])
	b.read = binary.BigEndian.Uint64(sample[17:])
	return b, true
}

// precedes reports whether the difference of now and b makes sense: the server was not restarted,
// and no counter reset.
func (b blockCounts) precedes(now blockCounts) bool {
	return b.started == now.started && b.hit <= now.hit && b.read <= now.read
}

// hitPercent returns the share of the blocks requested between b and now that were in the cache;
// not ok where none was requested.
func (b blockCounts) hitPercent(now blockCounts) (percent float64, ok bool) {
	if !b.precedes(now) {
		return 0, false
	}
	hit, read := float64(now.hit-b.hit), float64(now.read-b.read)
	if hit+read == 0 {
		return 0, false
	}
	return 100 * hit / (hit + read), true
}

// blocks queries the current counts; they are zero where the server does not show them.
func (p *postgresSession) blocks(ctx context.Context) (blockCounts, error) {
	rows, err := p.query(ctx, postgresBlocks)
	if isQueryRefused(err) {
		return blockCounts{}, nil
	}
	if err != nil || len(rows) != 1 {
		return blockCounts{}, err
	}
	number := func(column string) uint64 {
		n, _ := strconv.ParseUint(rows[0][column], 10, 64)
		return n
	}
	return blockCounts{number("started"), number("hit"), number("read")}, nil
}

// cacheHits returns the cache's hit rate since the previous sample, and the next sample. Without a
// usable sample it queries twice. There is no metric where no block was requested.
func (p *postgresSession) cacheHits(ctx context.Context, previous []byte) ([]collect.Metric, []byte, error) {
	now, err := p.blocks(ctx)
	if err != nil {
		return nil, nil, err
	}
	before, ok := decodeBlockCounts(previous)
	if !ok || !before.precedes(now) {
		before = now
		if err := wait(ctx, collect.SampleGap); err != nil {
			return nil, nil, err
		}
		if now, err = p.blocks(ctx); err != nil {
			return nil, nil, err
		}
	}
	var f collect.MetricBuilder
	if percent, ok := before.hitPercent(now); ok {
		f.Double("cache_hit_percent", percent, "percent")
	}
	return f.Metrics, now.encode(), nil
}

// wait waits, or returns the context's error.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
