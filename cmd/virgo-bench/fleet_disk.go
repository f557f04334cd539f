package main

import (
	"errors"
	"fmt"
	"time"

	"virgo/cmd/virgo-bench/internal/fleet"
)

// The budgets of the disk.
const (
	rawResultBytes  = 110
	columnsRunBytes = 200
)

// What is stored to measure the disk: an hour of some hosts, on two days. What arrives on the first is what the
// endpoint learns from for the second, and only the second counts.
const (
	diskHosts = 300
	diskRuns  = 60
	dayBefore = 49 * time.Hour
	theDay    = 25 * time.Hour
)

// historyTime bounds the wait until results have become columns.
const historyTime = 5 * time.Minute

// disk measures the bytes of a result on disk, and of a run as columns with roll-ups.
func (f *fleetBench) disk(r *report) error {
	if !f.shifted {
		r.notMeasured("bytes on disk", errors.New("--programs has an endpoint whose clock cannot be set"))
		return nil
	}
	s, err := f.newSite("disk", diskHosts)
	if err != nil {
		return err
	}
	if _, err := s.hour(-dayBefore); err != nil {
		return err
	}
	before, err := s.rawSize()
	if err != nil {
		return err
	}
	t, err := s.hour(-theDay)
	if err != nil {
		return err
	}
	raw, err := s.rawSize()
	if err != nil {
		return err
	}
	r.section(fmt.Sprintf("On disk, %d hosts with a run a minute", diskHosts))
	r.atMost("a result as it arrived", float64(raw-before)/float64(t.Results), "bytes", rawResultBytes)
	columns, err := s.columns()
	if err != nil {
		r.notMeasured("columns and roll-ups on disk", err)
		return nil
	}
	r.atMost("a run as columns with roll-ups", float64(columns)/float64(2*t.Sessions), "bytes", columnsRunBytes)
	return nil
}

// historyFile is the endpoint's file of columns and roll-ups.
const historyFile = "history.db"

// rawSize is what the folder takes without columns and roll-ups.
func (s *site) rawSize() (int64, error) {
	all, err := size(s.dir, "")
	if err != nil {
		return 0, err
	}
	columns, err := size(s.dir, historyFile)
	return all - columns, err
}

// hour stores the runs of an hour that ended when the endpoint's clock is set to: live sessions, each with the
// results of one run. It ends the endpoint, so that nothing is only in its memory.
func (s *site) hour(ahead time.Duration) (all fleet.Tally, err error) {
	if err := s.start(ahead); err != nil {
		return all, err
	}
	for run := range diskRuns {
		s.hosts.SetTime(ahead, time.Duration(diskRuns-run)*time.Minute)
		t := s.hosts.Once(s.f.ctx, closedSessions)
		if err := s.complete(t); err != nil {
			return all, errors.Join(err, s.stop())
		}
		all.Sessions, all.Results = all.Sessions+t.Sessions, all.Results+t.Results
	}
	return all, s.stop()
}

// columns lets the endpoint make columns of what it has, and returns their bytes.
func (s *site) columns() (bytes int64, err error) {
	if err := s.start(0); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	const settled = 5 * time.Second
	steady := time.Now()
	for end := steady.Add(historyTime); time.Since(steady) < settled; {
		select {
		case <-s.f.ctx.Done():
			return 0, s.f.ctx.Err()
		case <-time.After(settled / 10):
		}
		now, err := size(s.dir, historyFile)
		if err != nil {
			return 0, err
		}
		if now != bytes {
			bytes, steady = now, time.Now()
		}
		if time.Now().After(end) {
			return 0, fmt.Errorf("after %v the file still grows", historyTime)
		}
	}
	if err := s.stop(); err != nil {
		return 0, err
	}
	if bytes, err = size(s.dir, historyFile); err == nil && bytes == 0 {
		err = errors.New("this endpoint makes none")
	}
	return bytes, err
}
