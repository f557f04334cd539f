// Package worker runs checks in another process: the program virgo-checks, which holds the families that
// would make every run of virgo heavier.
//
// # Why another program
//
// A run under cron pays for all that is linked into the program, whether a check of it is due or not: Linux
// keeps the windows of the binary that were touched resident, and every package's start-up touches some.
// Measured by cmd/virgo-bench on linux/amd64 with the seven host checks (medians of 15 runs): virgo alone 7.76 MiB
// and 1.26 times the processor time of a bare program; with net/http linked and never used 8.37 MiB and 1.58 times;
// with two database drivers as well 10.1 MiB and 1.69 times. So service, remote and hostinfo are linked into
// virgo-checks, which a run starts only when one of its checks is due, and which is gone before the delivery.
//
// # The talk
//
// One process serves all of a run's checks at the same time. Its standard input and output carry lines of
// JSON, a request with an id and, in any order, its answer. Nothing secret is on a command line. The process
// ends when its input does: one that started it and died leaves nothing behind.
//
// # When it dies
//
// A panic of a check is that check's. A fatal error of Go's runtime, the kernel for want of memory, or a signal ends the
// process with all that is under way in it, and nobody can tell whose fault it was. So each of those is asked once more,
// in a process of its own, a few such at the same time, within its time limit: who kills that one as well is told so, all
// others have their results. They may have asked their servers twice; each has one result.
package worker
