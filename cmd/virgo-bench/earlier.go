package main

// What a change may cost a run of the seven host checks, beside the program before it.
const (
	earlierPeakMiB  = 0.3
	earlierCPURatio = 1.05
)

// earlier compares `virgo run` with the one of an earlier build, in turns: pairs of the two differ by the change, and
// by chance, which so many of them take out.
func (b *bench) earlier(r *report) error {
	now, err := b.enrol("now", b.address)
	if err != nil {
		return err
	}
	then, err := b.enrol("then", b.address)
	if err != nil {
		return err
	}
	then.agent = b.cli.Earlier
	pairs, err := b.turns(now, checks, runsOf(now, then))
	if err != nil {
		return err
	}
	r.add("earlier virgo run: CPU", medianOf(bs(pairs), cpuMS), "ms")
	r.atMost("virgo run: CPU, times the earlier one's", ratio(pairs, cpuMS), "", earlierCPURatio)
	if medianOf(as(pairs), peakMiB) > 0 {
		r.add("earlier virgo run: peak resident", medianOf(bs(pairs), peakMiB), "MiB")
		r.atMost("virgo run: more peak resident than the earlier one", more(pairs, peakMiB), "MiB", earlierPeakMiB)
	}
	return nil
}
