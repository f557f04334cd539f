package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// What a hundred plugins due at once may cost beside the seven host checks.
const (
	hundred            = 100
	hundredSleepsMS    = 2000
	hundredMoreWallMS  = 1000
	hundredMorePeakMiB = 4
)

// sleeper is a plugin that takes hundredSleepsMS and then says one thing.
const sleeper = `#!/bin/sh
sleep 2
echo "status slept"
echo "metric seconds int 2"
`

// hundredAtOnce compares runs of the seven host checks alone with runs that have a hundred plugins due
// besides, in turns.
func (b *bench) hundredAtOnce(r *report) error {
	seven, err := b.enrol("seven", b.address)
	if err != nil {
		return err
	}
	many, err := b.enrol("hundred", b.address)
	if err != nil {
		return err
	}
	if err := many.addPlugins(hundred); err != nil {
		return err
	}
	both := func() (pair, error) {
		m, err := many.run("--plugins", many.plugins(), "run", "--strict")
		if err != nil {
			return pair{}, err
		}
		s, err := seven.run("run", "--strict")
		return pair{m, s}, err
	}
	for range 2 { // unmeasured: the schedule is fetched, the programs' pages come into the page cache
		if _, err := both(); err != nil {
			return err
		}
		b.nextSecond()
	}
	before, err := b.stored(many.name)
	if err != nil {
		return err
	}
	var pairs []pair
	for range b.cli.Runs {
		p, err := both()
		if err != nil {
			return err
		}
		pairs = append(pairs, p)
		b.nextSecond()
	}
	if err := b.expectStored(many.name, before, b.cli.Runs*(checks+hundred)); err != nil {
		return err
	}
	r.atMost(fmt.Sprintf("%d plugins of 2 s at once: wall past the slowest", hundred), medianOf(as(pairs), wallMS)-hundredSleepsMS, "ms", hundredMoreWallMS)
	r.add(fmt.Sprintf("%d plugins at once: CPU, their own included", hundred), medianOf(as(pairs), cpuMS), "ms")
	if medianOf(as(pairs), peakMiB) > 0 {
		r.add(fmt.Sprintf("%d plugins at once: peak resident", hundred), medianOf(as(pairs), peakMiB), "MiB")
		r.atMost(fmt.Sprintf("%d plugins at once: more peak resident", hundred), more(pairs, peakMiB), "MiB", hundredMorePeakMiB)
	}
	return nil
}

func (s *subject) plugins() string { return s.bench.path(s.name, "plugins") }

// addPlugins gives the host n plugins of its own, due in every run.
func (s *subject) addPlugins(n int) error {
	if err := os.Mkdir(s.plugins(), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(s.plugins(), "sleeper.sh"), []byte(sleeper), 0o755); err != nil {
		return err
	}
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "- {id: sleeper%d, type: agent.plugin, period: 1, details: {file: sleeper.sh}}\n", i)
	}
	return os.WriteFile(s.bench.path(s.name, "checks.d", "plugins.yaml"), []byte(text.String()), 0o600)
}
