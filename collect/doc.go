// Package collect runs checks: it turns a [schedule.Check] into a [Result], whatever happens.
//
// # The way of a check
//
// A [Registry] maps a type's name to its [Type]: the [Checker] that runs it, one line of help, the
// details it takes, and the metrics that tell a person most. Nothing registers itself: cmd wires the
// families by name. host and plugin are linked into the agent; service and remote would make every run heavier, so they run
// in a program of their own (package worker), and a registry asks for their names only where it is asked for one that is
// none of the others' ([Registry.WithFurther]).
//
// The [Runner] runs quick jobs one after the other and slow ones side by side, each in its own time limit and never
// past the run's own deadline. A check that fails, times out or panics is a result too: state unavailable, no
// metrics, a status that says what went wrong in one sentence. One bad check never stops the others, and a check
// that does not come back at its time limit is left behind: its result says so and the run goes on.
//
// # What a result promises
//
// A [Result] is the params object of check_metrics.post (PROTOCOL.md): state, status of at most
// [MaxStatusRunes] characters, the time it was finished, the metrics grouped by dimension. It is at
// most [MaxResultBytes] long; a check that would say more becomes a result that says that.
//
// # Samples
//
// Rates and percentages need two samples. A checker gets the one that it returned the run before
// ([Request.Previous], bytes of its own, nil at first) and returns the present one ([Report.Sample]);
// the caller keeps it in the same transaction as the result. A checker that finds no usable sample
// takes two of its own, [SampleGap] apart.
package collect
