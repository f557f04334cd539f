package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"virgo/cmd/virgo-endpoint/internal/store"
	"virgo/cmd/virgo-endpoint/internal/store/retention"
)

// A retentionFlags are how much serve keeps.
type retentionFlags struct {
	Keep     string `name:"keep-results" default:"30d" env:"VIRGO_ENDPOINT_KEEP_RESULTS" placeholder:"TIME" group:"Retention" help:"Delete results that arrived longer ago: 12h, 30d, 8w, 1y; 0 keeps them for ever. At most two days of results are deleted in a day. Default: ${default}."`
	MaxBytes string `name:"max-bytes" env:"VIRGO_ENDPOINT_MAX_BYTES" placeholder:"SIZE" group:"Retention" help:"Delete the oldest results when the store takes more, such as 50GiB; none is no bound. It is saved. Default: what was saved, at first 80 % of the free space."`
	MinFree  string `name:"min-free" env:"VIRGO_ENDPOINT_MIN_FREE" placeholder:"SIZE" group:"Retention" help:"Store nothing while the disk has less free space, such as 1GiB or 2%; agents keep their results. Default: 1 % of the disk, at least 64MiB."`
}

// unbounded is the --max-bytes without a bound.
const unbounded = "none"

// Validate is called by kong.
func (f *retentionFlags) Validate() error {
	_, err := f.bounds()
	return err
}

func (f *retentionFlags) bounds() (b store.Bounds, err error) {
	if b.Keep, err = retention.ParseKeep(f.Keep); err != nil {
		return b, fmt.Errorf("--keep-results: %w", err)
	}
	switch f.MaxBytes {
	case "":
	case unbounded:
		b.MaxBytes = -1
	default:
		if b.MaxBytes, err = retention.ParseSize(f.MaxBytes); err == nil && b.MaxBytes < minBound {
			err = fmt.Errorf("%q is less than %s", f.MaxBytes, retention.FormatSize(minBound))
		}
		if err != nil {
			return b, fmt.Errorf("--max-bytes: %w", err)
		}
	}
	if f.MinFree != "" {
		l, err := retention.ParseLimit(f.MinFree)
		if err != nil {
			return b, fmt.Errorf("--min-free: %w", err)
		}
		b.MinFree = &l
	}
	return b, nil
}

// minBound is the least --max-bytes: a store that is empty takes some of it.
const minBound = 16 << 20

// apply saves the bounds and logs what they are.
func (f *retentionFlags) apply(a *app, st *store.Store, log *slog.Logger) error {
	b, err := f.bounds()
	if err != nil {
		return err
	}
	maxBytes, minFree, err := st.SetBounds(a.ctx, b)
	if err != nil {
		return a.explain(err)
	}
	log.Info("results are kept", "for", keptFor(b.Keep), "up_to", boundText(maxBytes), "free_space_at_least", retention.FormatSize(minFree))
	return nil
}

func keptFor(d time.Duration) string {
	if d == 0 {
		return "ever"
	}
	return span(d.Milliseconds())
}

func boundText(n int64) string {
	if n < 0 {
		return unbounded
	}
	return retention.FormatSize(n)
}

// maintain keeps the store in order until stop is called.
func maintain(a *app, st *store.Store, log *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(a.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := st.Maintain(ctx, store.Maintenance{Log: log, Now: a.now}); err != nil {
			log.Error("nothing is deleted, and the store grows", "error", err)
		}
	}()
	return func() {
		cancel()
		<-done
	}
}
