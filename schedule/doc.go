// Package schedule says what to check and when. It knows no other room of the house.
//
// # What comes in
//
// Checks come from three places. An endpoint sends them ([ParseEndpoint]): read leniently, because a
// fleet has old endpoints; a bad check is skipped and reported as a [Problem], the others stand.
// The owner writes them (checks.d/*.yaml, [LoadDir]): read strictly, because a typing mistake must not
// switch a check off in silence; an unknown key, a double id or a wrong type is an error with file and
// line. Where there is nothing else, [Builtin] looks at the host.
//
// # The cached copy
//
// A [Cached] schedule is the last good one an endpoint sent, with the time it was fetched, the
// endpoint's own hash of it, and whether the endpoint has since said that it changed. A new one takes
// its place only when it is complete. Offline it is used however old it is.
//
// # When a check is due
//
// Each check has a grid of due times: phase + n × period since the Unix epoch. The phase is a hash of
// agent and check id, so that a fleet, and the checks of one host, spread their load. What is kept of
// a check is the grid point that its last run satisfied, so nothing drifts:
//
//   - the next grid point may be taken a little early (slack), because cron starts a minute's run now a
//     second sooner, now a second later;
//   - a run after several missed grid points takes them all at once: one catch-up, not many;
//   - a kept grid point that lies in the future says that the clock was set back: the check runs once
//     and the grid goes on from the new time.
//
// A check of period 60 under a one-minute cron therefore runs every time, never twice and never
// skipped; one of period 90 runs 960 times a day.
//
// # Claims
//
// [Claim] takes what is due inside the caller's transaction and marks it, so that a run that overlaps
// takes other checks and never the same ones. A claim dies with its time limit: a run that was killed
// delays its checks, it does not lose them. [Finish] turns a claim into a last run, [Release] gives it
// back. A run that outlived its claim cannot end the claim of the run that took over.
//
// # What is kept
//
// A [Last] for each check, under its id in [CheckSpace] of the caller's [Store], in the binary form that
// [Last.AppendBinary] tells. What cannot be read counts as never run: the check runs once, and what is kept
// is whole again. [Prune] forgets what the schedule no longer has.
package schedule
