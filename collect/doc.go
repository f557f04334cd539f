// Package collect runs checks. Each [schedule.Check] has a [Result], even if it fails, hangs or
// panics.
//
// # How a check runs
//
// A [Registry] maps a type's name to its [Type]: the [Checker] that runs it, one line of help, its
// details, and its most useful metrics. Types do not register themselves: cmd builds the registry.
// Packages host and plugin are linked into the agent. Packages service and remote would make every
// run more expensive, so they run in another program (package worker). Their types are loaded only
// when a name is looked up that the agent itself does not have ([Registry.WithLazy]).
//
// The [Runner] runs quick jobs one after the other and slow ones concurrently, each within its time
// limit and the run's deadline. The result of a check that fails, times out or panics is unavailable,
// without metrics, and its status describes the failure in one sentence. A check that does not
// return after its time limit is abandoned: its result reports that, and the run continues.
//
// # What a result promises
//
// A [Result] is the params object of check_metrics.post (PROTOCOL.md): state, a status of at most
// [MaxStatusRunes] characters, the time when it finished, the metrics grouped by dimension. It has
// at most [MaxResultBytes]. A check that reports more has an unavailable result whose status says so.
//
// # Samples
//
// Rates and percentages need two samples. A checker gets the sample of the previous run
// ([Request.Previous], nil at first) and returns the current one ([Report.Sample]), in a format of its
// own. The caller stores it in the same transaction as the result. Without a usable previous sample
// the checker reads the counters twice, [SampleGap] apart.
package collect
