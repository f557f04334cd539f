// Package schedule defines which checks a host has and when each is due.
//
// # Sources
//
// Checks come from three sources:
//
//   - The endpoint sends a schedule ([ParseEndpoint]). It is parsed leniently, because a fleet has old
//     endpoints.
//   - The host's owner writes local checks (checks.d/*.yaml, [LoadDir]). They are parsed strictly,
//     because a typing mistake must not disable a check silently: an unknown key, a duplicate id or a
//     wrong type is a mistake with file and line.
//   - If there are neither, the schedule is [Builtin].
//
// A mistake costs no check but its own, which stays in the schedule with a [Check].Fault: it is due
// like others, so that its result says once in each period what is wrong. A mistake without an id of
// its own is reported by the check [FaultsID]. So a host is checked whatever its owner writes, and
// whoever receives its results sees the mistake. Types and details are compared with a [Definition]
// for the checks that are due only.
//
// # The cached schedule
//
// A [Cached] schedule is the last valid one that an endpoint sent, with the time it was fetched, the
// endpoint's hash of it, and whether the endpoint has since said that it changed. A new one replaces
// it only when it is complete. While the host is offline it is used however old it is.
//
// Every run reads it, so its stored form is a binary one ([Cached.Marshal]). encoding/json takes five
// times as long. In a fresh process and for the built-in schedule it takes 80 µs instead of 6 µs, 21
// page faults instead of none, and 0.25 MiB of resident memory (BenchmarkParseCached,
// BenchmarkFirstParseCached; faults and memory by getrusage).
//
// # When a check is due
//
// Each check has a grid of due times: phase + n × period since the Unix epoch. The phase is a hash
// of agent and check id, so that the load of a fleet, and of the checks of one host, is spread. The
// stored state of a check is the grid point that its last run satisfied, so that runs do not drift:
//
//   - a run may satisfy the next grid point a little early (slack), because cron's start times vary by
//     seconds;
//   - a run after several missed grid points satisfies all of them: one catch-up run, not many;
//   - a stored grid point in the future means that the clock was set back: the check runs once and the
//     grid continues from the new time.
//
// A check of period 60 under a one-minute cron therefore runs every time, never twice and never
// skipped; one of period 90 runs 960 times a day.
//
// # Claims
//
// [Claim] claims the due checks inside the caller's transaction, so that overlapping runs never run the
// same check. A claim expires after its time limit: a run that was killed delays its checks but does
// not lose them. [Finish] turns a claim into a last run, [Release] withdraws it. A run whose claim has
// expired cannot end the claim of a later run.
//
// # Stored state
//
// A [Last] for each check, under its id in [CheckSpace] of the caller's [Store], in the binary form
// of [Last.AppendBinary]. State that cannot be read counts as never run: the check runs once and
// replaces it. [Prune] deletes the state of checks that the schedule no longer has.
package schedule
