package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"virgo/spool"
)

// What a long outage may cost, to be met by the step that the aims belong to.
const (
	outageTimeRatio   = 1.2
	outageMoreMiB     = 1
	drainMoreMiB      = 4
	drainedFileMiB    = 1
	deliveryRateRatio = 0.5
)

// fill appends n results to a host's spool, as runs without an endpoint would have.
func (s *subject) fill(ctx context.Context, n int) (bytes int64, err error) {
	sp, err := spool.Open(s.state, spool.Options{MaxBytes: 64 << 30})
	if err != nil {
		return 0, err
	}
	const batch = 10_000
	made := time.Now().Add(-24 * time.Hour)
	for done := 0; done < n; {
		entries := make([]spool.Entry, 0, min(batch, n-done))
		for range cap(entries) {
			data := result(done)
			bytes += int64(len(data))
			entries = append(entries, spool.Entry{Agent: "bench", Made: made, Data: data})
			done++
		}
		err := sp.Update(ctx, func(tx *spool.Tx) error {
			_, err := tx.Append(entries...)
			return err
		})
		if err != nil {
			return bytes, err
		}
	}
	return bytes, nil
}

// result is a check_metrics.post of the size that agent.memory gives.
func result(n int) []byte {
	b := fmt.Appendf(nil, `{"check_id":"memory","check_type":"agent.memory","state":"available","status":"success","timestamp":%d,"min_check_period":60000,"metrics":[[null,{`, 1_700_000_000_000+n)
	for i, name := range []string{"total", "used", "free", "actual_used", "actual_free", "swap_total", "swap_used", "swap_free", "swap_page_in", "swap_page_out", "ram"} {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `%q:{"t":"gauge","v":"%d","u":"bytes"}`, name, 16_000_000_000+n*i)
	}
	return append(b, "}]]}"...)
}

// outage compares a run with nothing waiting and one with many results waiting, both with no endpoint to
// reach, and then drains them.
func (b *bench) outage(r *report) error {
	if err := b.stopServer(); err != nil {
		return err
	}
	away := b.address
	empty, err := b.enrol("empty", away)
	if err != nil {
		return err
	}
	full, err := b.enrol("full", away)
	if err != nil {
		return err
	}
	for _, s := range []*subject{empty, full} {
		for _, c := range []string{s.config} {
			dir := filepath.Join(filepath.Dir(c), "checks.d")
			if err := os.MkdirAll(dir, 0o700); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, "seven.yaml"), []byte(schedule), 0o600); err != nil {
				return err
			}
		}
	}
	defer os.RemoveAll(b.path("checks.d"))
	for range 2 {
		for _, s := range []*subject{empty, full} {
			if _, err := s.run("run"); err != nil {
				return err
			}
		}
		nextSecond()
	}
	if _, err := full.fill(b.ctx, b.cli.Waiting); err != nil {
		return err
	}
	var few, many []sample
	for range b.cli.Runs {
		f, err := empty.run("run")
		if err != nil {
			return err
		}
		m, err := full.run("run")
		if err != nil {
			return err
		}
		few, many = append(few, f), append(many, m)
		nextSecond()
	}
	name := fmt.Sprintf("%d waiting, no endpoint", b.cli.Waiting)
	r.add("none waiting, no endpoint: wall", of(few, wallMS), "ms")
	r.add(name+": wall", of(many, wallMS), "ms")
	r.aim(name+": wall, times none waiting", ratio(many, few, wallMS), "", outageTimeRatio)
	r.aim(name+": peak resident, more", of(many, peakMiB)-of(few, peakMiB), "MiB", outageMoreMiB)

	if err := b.serve(away); err != nil {
		return err
	}
	idle, err := empty.run("flush")
	if err != nil {
		return err
	}
	start := time.Now()
	drain, err := full.run("flush", "--deadline", "60m")
	if err != nil {
		return err
	}
	took := time.Since(start)
	r.add(fmt.Sprintf("draining %d: rate", b.cli.Waiting), float64(b.cli.Waiting)/took.Seconds(), "results/s")
	r.aim(fmt.Sprintf("draining %d: peak resident, more than an idle flush", b.cli.Waiting), peakMiB(drain)-peakMiB(idle), "MiB", drainMoreMiB)
	info, err := os.Stat(filepath.Join(full.state, "virgo.db"))
	if err != nil {
		return err
	}
	r.aim(fmt.Sprintf("draining %d: the file afterwards", b.cli.Waiting), float64(info.Size())/(1<<20), "MiB", drainedFileMiB)
	return nil
}
