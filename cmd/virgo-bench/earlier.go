package main

// The budgets of a change: how much a run of the seven host checks may cost compared with one of an
// earlier build.
const (
	earlierPeakMiB  = 0.3
	earlierCPURatio = 1.05
)

// besideEarlier compares what timers start with what they start of an earlier build, in turns. The two runs of
// a turn differ by the change and by noise, which the median of many turns removes.
func (b *bench) besideEarlier(r *report) error {
	now, err := b.enrol("now", b.address)
	if err != nil {
		return err
	}
	// A build of before keys needs a token that serves it.
	token, err := b.addToken("--kind", "enrol", "--kind", "legacy", "--id", "then")
	if err != nil {
		return err
	}
	then, err := b.enrolWith("then", b.address, token)
	if err != nil {
		return err
	}
	then.entry = b.earlier
	all, err := b.turns(now.contender(checks), then.contender(checks))
	if err != nil {
		return err
	}
	after, before := all[0], all[1]
	r.section("Beside an earlier build")
	r.add("earlier build: CPU", before.median(cpuMS), "ms")
	r.atMost("this build: CPU, times the earlier one's", after.ratio(before, cpuMS), "", earlierCPURatio)
	if after.median(peakMiB) > 0 {
		r.add("earlier build: peak resident", before.median(peakMiB), "MiB")
		r.atMost("this build: more peak resident", after.more(before, peakMiB), "MiB", earlierPeakMiB)
	}
	return nil
}
