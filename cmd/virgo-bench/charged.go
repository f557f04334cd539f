package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// The budgets of virgo-run in memory that the kernel charges the control group of a run.
const (
	cachedBudgetMiB   = 2.5
	uncachedBudgetMiB = 9
)

// charged measures the memory that the kernel charges a run, with and without the program's file in the
// page cache before; see the package comment.
func (b *bench) charged(r *report) error {
	parent, err := findGroupParent()
	if err != nil {
		r.notMeasured("charged memory", err)
		return nil
	}
	// Copies of their own: a file that was dropped and read again by page faults lies in the page
	// cache in smaller pieces than one that was installed, and later rows would measure that.
	dir := b.path("charged")
	if err := installAll(b.path("bin"), dir, append(programNames(), "bare")...); err != nil {
		return err
	}
	states := []bool{true, false}
	if err := dropPages(filepath.Join(dir, filepath.Base(b.bare))); err != nil {
		r.notMeasured("charged memory of a program that is not cached before", err)
		states = states[:1]
	}
	sink, err := b.newSink()
	if err != nil {
		return err
	}
	defer sink.Close()
	var contenders []contender
	for _, cached := range states {
		three, err := b.chargedThree(parent, dir, cached, sink)
		if err != nil {
			return err
		}
		contenders = append(contenders, three...)
	}
	all, err := b.turns(contenders...)
	if err != nil {
		return err
	}
	r.section("Memory that the kernel charges the group of such a run")
	cached := compared{all[0], all[1], all[2]}
	r.compare("charged, program cached before", cached, chargedMiB, "MiB", cachedBudgetMiB)
	if len(all) == 3 {
		return nil
	}
	uncached := compared{all[3], all[4], all[5]}
	r.compare("charged, program not cached before", uncached, chargedMiB, "MiB", uncachedBudgetMiB)
	return nil
}

// chargedThree returns runs of the copies in dir of virgo-run, virgo and the bare program, each in a
// control group of its own.
func (b *bench) chargedThree(parent groupParent, dir string, cached bool, sink net.Listener) ([]contender, error) {
	prepare, suffix := dropPages, "-uncached"
	if cached {
		prepare, suffix = readPages, "-cached"
	}
	run := func(env, argv []string) (sample, error) {
		argv = append([]string{filepath.Join(dir, filepath.Base(argv[0]))}, argv[1:]...)
		if err := prepare(argv[0]); err != nil {
			return sample{}, err
		}
		return parent.charged(env, argv)
	}
	var list []contender
	for i, entry := range []timerEntry{b.small, b.full} {
		host, err := b.enrol(fmt.Sprintf("charged%d%s", i, suffix), b.address)
		if err != nil {
			return nil, err
		}
		host.entry = entry
		argv := host.argv(entry, "--strict")
		list = append(list, contender{
			run: func() (sample, error) { return run(b.timerEnv(), argv) }, host: host, results: checks,
		})
	}
	argv := b.bareArgv(sink.Addr().String())
	return append(list, contender{run: func() (sample, error) { return run(b.env, argv) }}), nil
}

// readPages reads a file, so that all of its pages are in the page cache and charged to this process.
func readPages(file string) error {
	_, err := os.ReadFile(file)
	return err
}
