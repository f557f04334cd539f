package main

import "slices"

// A contender is one of the programs that are compared with each other.
type contender struct {
	// run measures one run.
	run func() (sample, error)
	// host is the agent's; nil if the run is none of an agent.
	host *subject
	// results is the number that each run of the host delivers.
	results int
}

// contender returns strict runs of a host: those that deliver all of their results or fail.
func (s *subject) contender(results int) contender {
	return contender{func() (sample, error) { return s.run("--strict") }, s, results}
}

// warmUp is the number of turns that are not measured.
const warmUp = 2

// turns measures the contenders side by side, as often as the command line sets, a second apart so
// that every check is due again. It returns the samples of each contender.
//
// The turns before them are not measured: the first run fetches the schedule and waits a second between
// samples, and the programs' pages have to get into the page cache. The measured runs of a host must
// have stored all their results: a run that did less would look fast.
func (b *bench) turns(contenders ...contender) ([]series, error) {
	for _, c := range contenders {
		if err := c.host.expectOwnRun(); err != nil {
			return nil, err
		}
	}
	b.nextSecond()
	all := make([]series, len(contenders))
	var before []int
	for turn := range warmUp + b.cli.Runs {
		if turn == warmUp {
			var err error
			if before, err = b.storedOf(contenders); err != nil {
				return nil, err
			}
		}
		for _, i := range order(turn, len(contenders)) {
			s, err := contenders[i].run()
			if err != nil {
				return nil, err
			}
			if turn >= warmUp {
				all[i] = append(all[i], s)
			}
		}
		b.nextSecond()
	}
	for i, c := range contenders {
		if err := b.expectDelivered(c, before[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// storedOf returns the number of results that the endpoint has of each contender.
func (b *bench) storedOf(contenders []contender) ([]int, error) {
	counts := make([]int, len(contenders))
	for i, c := range contenders {
		if c.host == nil {
			continue
		}
		var err error
		if counts[i], err = b.stored(c.host.name); err != nil {
			return nil, err
		}
	}
	return counts, nil
}

// expectDelivered returns an error unless the endpoint has all results of a contender's measured runs.
func (b *bench) expectDelivered(c contender, before int) error {
	if c.host == nil {
		return nil
	}
	n := b.cli.Runs * c.results
	if err := b.expectStored(c.host.name, before, n); err != nil || n == 0 {
		return err
	}
	return b.expectAvailable(c.host.name, n)
}

// order returns the order in which n contenders run in a turn. Every second turn has the reverse order
// of the one before, and every other one begins with another contender. The program that runs first,
// after the pause between two turns, is at a disadvantage (some 12 % of a run's CPU here): its caches
// are cold.
func order(turn, n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = (i + turn/2) % n
	}
	if turn%2 == 1 {
		slices.Reverse(list)
	}
	return list
}
