package main

// turns measures pairs, as many as the command line says, a second apart so that every check is due again.
//
// Two before them are not measured: the first run fetches the schedule and takes its samples a second apart, and the
// programs' pages are to be in the page cache. Of the host that is given, each measured pair must have stored so many
// results: a run that did less would be a fast one.
func (b *bench) turns(host *subject, results int, both func() (pair, error)) ([]pair, error) {
	for range 2 {
		if _, err := both(); err != nil {
			return nil, err
		}
		b.nextSecond()
	}
	before, err := b.stored(host.name)
	if err != nil {
		return nil, err
	}
	var pairs []pair
	for range b.cli.Runs {
		p, err := both()
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, p)
		b.nextSecond()
	}
	return pairs, b.expectStored(host.name, before, b.cli.Runs*results)
}

// runsOf makes a pair of strict runs of two hosts.
func runsOf(a, b *subject) func() (pair, error) {
	return func() (pair, error) {
		first, err := a.run("run", "--strict")
		if err != nil {
			return pair{}, err
		}
		second, err := b.run("run", "--strict")
		return pair{first, second}, err
	}
}
