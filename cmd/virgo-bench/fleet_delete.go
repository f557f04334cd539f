package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"virgo/cmd/virgo-bench/internal/fleet"
)

// deletePauseMS is how long live sessions may wait because results are deleted.
const deletePauseMS = 50

// What is deleted: a month, of which each day has its segment.
const (
	deletedDays     = 30
	deletedHosts    = 240
	deletedRuns     = 60 // of each host and day
	deleteTime      = 3 * time.Minute
	deleteShare     = 10 // the bound of the store is this part of what it has
	undisturbedTime = 15 * time.Second
	leastMaxBytes   = 16 << 20 // the least that --max-bytes takes
)

// delete measures the longest that live sessions wait while a month of results is deleted: with the bound in
// bytes, because by age at most some days are deleted a day.
func (f *fleetBench) delete(r *report) error {
	const what = "deleting a month"
	help, err := f.output(f.endpoint, "serve", "--help")
	switch {
	case err != nil:
		return err
	case !bytes.Contains(help, []byte("--max-bytes")):
		r.notMeasured(what, errors.New("this endpoint deletes nothing"))
		return nil
	case !f.shifted:
		r.notMeasured(what, errors.New("--programs has an endpoint whose clock cannot be set"))
		return nil
	}
	s, err := f.newSite("delete", deletedHosts)
	if err != nil {
		return err
	}
	total := 0
	for day := deletedDays; day > 0; day-- {
		n, err := s.day(-time.Duration(day) * 24 * time.Hour)
		if err != nil {
			return err
		}
		total += n
	}
	full, err := size(s.dir, "")
	if err != nil {
		return err
	}
	var before, during fleet.Tally
	var left int64
	err = s.serving(func() error {
		if err := s.warm(); err != nil {
			return err
		}
		before = s.hosts.Offered(f.ctx, liveRate, undisturbedTime)
		return s.complete(before)
	}, "--max-bytes", strconv.FormatInt(10*full, 10))
	if err != nil {
		return err
	}
	err = s.serving(func() error {
		during, left, err = s.untilSmall(full / 2)
		return err
	}, "--max-bytes", strconv.FormatInt(max(full/deleteShare, leastMaxBytes), 10))
	if err != nil {
		return err
	}
	if left > full/2 {
		r.notMeasured(what, fmt.Errorf("%d of %d bytes are left after %v", left, full, deleteTime))
		return nil
	}
	r.section(fmt.Sprintf("A month of %d results is deleted beside %d live sessions a second", total, liveRate))
	r.add("nothing is deleted: longest session", ms(before.Quantile(1)), "ms")
	r.addServed("live sessions: served", during)
	r.atMost("live sessions: longest", ms(during.Quantile(1)), "ms", deletePauseMS)
	r.add("live sessions: p99", ms(during.Quantile(0.99)), "ms")
	r.add("deleted", float64(full-left)/(1<<20), "MiB")
	return nil
}

// day stores the results of a day at another time, and returns how many.
func (s *site) day(ahead time.Duration) (results int, err error) {
	if err := s.start(ahead); err != nil {
		return 0, err
	}
	t := s.hosts.Backlogs(s.f.ctx, fillingAtOnce, 0, deletedHosts, fleet.Past{Runs: deletedRuns, Every: 20 * time.Minute})
	return t.Results, errors.Join(s.complete(t), s.stop())
}

// untilSmall offers live sessions until the endpoint's files have no more than most bytes, or for deleteTime.
func (s *site) untilSmall(most int64) (t fleet.Tally, left int64, err error) {
	ctx, cancel := context.WithCancel(s.f.ctx)
	defer cancel()
	done := make(chan fleet.Tally, 1)
	go func() { done <- s.hosts.Offered(ctx, liveRate, deleteTime) }()
	for end := time.Now().Add(deleteTime); time.Now().Before(end) && ctx.Err() == nil; {
		if left, err = size(s.dir, ""); err != nil || left <= most {
			break
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
	cancel()
	return <-done, left, err
}
