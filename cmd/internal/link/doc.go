// Package link connects a run to its endpoint: it fetches the schedule, delivers the results, answers
// the endpoint's requests, and stores what the next run must know about the endpoint.
//
// A [Session] starts from the stored [State]. It connects when the connection is first needed, and a
// run uses one connection for all steps:
//
//	Renew     update the cached schedule; one whose hash is unchanged is not transferred
//	Deliver   run sessions until the queue is empty, another attempt is useless, or time is up
//	Conclude  report once that delivery begins to fail or works again, and store the state
//
// The state of a delivery is written in the transaction that deletes acknowledged results, so an
// ordinary run needs no commit of its own for it.
//
// # What can fail
//
//   - The endpoint cannot be reached, or the session breaks: the delivery is retried within the
//     deadline (package transport has the policy), or tried only once if the endpoint was already
//     unreachable in earlier runs.
//   - The endpoint refuses the agent: a rate limit, a refused token or an incompatible version. The
//     next runs only collect ([transport.Backoff]) until the time that the endpoint named, a day at
//     most. If it named none, they do so for 5 min (rate limit) or 1 min, doubled with each further
//     failure up to an hour, with jitter. The backoff ends with a successful delivery, a change of the
//     settings, or a clock that was set back. virgo flush ignores it.
//   - The endpoint is busy: a rate limit with a pause of at most a minute. If the pause ends within the
//     run, the run waits for it and tries again ([transport.BusyAttempts]); else the next run waits for
//     the rest of it ([Session.Await]). That is no outage: the next runs try as often as after a success,
//     and a line is printed only from the third run in a row on.
//   - The endpoint was replaced by an earlier version that does not know several results in one frame:
//     a second session sends each result alone.
//   - The schedule cannot be fetched or is not complete: the last good copy stays in use.
//   - The stored state cannot be read or written: the run continues without it.
//
// A person sees one line when delivery begins to fail, one for each further kind of failure, and
// one when it works again; --verbose prints each step.
//
// # Requests of the endpoint
//
// During a session the endpoint may request a check outside the schedule (check.test), the possible
// targets of a check (check.targets) and host information (host_info.get, host_info_types.get), if
// the host's owner allows it ([Remote]). Each request is answered within a part of the run's time
// ([questionTime]), printed by --verbose, and counted; agent.virgo reports the counts. A refused
// request gets an error with code 400, and the session continues. check_schedule.changed and
// system.info are always answered; if a schedule change is announced with the last answer of a
// session, the next run fetches it.
//
// # What is stored
//
// In the spool's state: space "agent", key "schedule", the cached schedule ([schedule.Cached]); key
// "link", the last delivery, the backoff, and the features that each endpoint announced ([Status]).
// Space "tickets" has TLS session tickets where an earlier version stored them; the next delivery
// deletes them.
package link
