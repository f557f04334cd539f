// Package agent joins the rooms into a run: schedule says what is due, collect looks, spool keeps,
// transport delivers.
//
// # The way of a run
//
//	claim     one transaction: read the cached schedule, add the local checks, claim what is due and take
//	          the samples of the run before. Where the schedule is missing, old or marked changed, a session is
//	          opened first and asked for it, and kept for the delivery. If that fails, the last good copy
//	          serves, however old; a host that never had one uses the local checks or, with none, the built-in.
//	check     the due checks side by side. The transaction stays open for them for a moment
//	          ([quickChecks]); if some take longer, the claims are committed with what the others brought, and
//	          no file is open, so that another run waits for nothing.
//	keep      results, samples and last runs, in that same transaction or, of slow checks, in others
//	          that follow ([firstLook]): what is done waits for nobody. From here on they survive anything but the disk's death. If it fails (disk full,
//	          read-only), the results stay in memory and the run still tries to deliver them; what then is
//	          not delivered is lost and said (exit code 5).
//	deliver   one session: a report of what was lost, if anything was and no endpoint knows of it; this
//	          run's results, they are news; then the backlog, oldest first. Each says its place in the
//	          order of all that this host ever kept, and how old it is where it is no news any more. A
//	          result leaves the spool only when its acknowledgement arrived. One process delivers at a time; a
//	          run that finds another one at it leaves it to that one.
//
// # Time
//
// The run's context carries the deadline. Checks must end some time before it ([deliveryReserve]), so
// that what they saw can be kept and sent. Retries live inside the deadline and are few; while the endpoint is known to be away
// from runs before, one try is made and the rest is left to the next run.
//
// # When the endpoint sends the agent away
//
// A rate limit, a refused token or a version that does not fit is not going to pass by the next minute: the
// next runs only collect, until the time that the endpoint named (at most a day), or else for 5 min (rate limit)
// or 1 min, twice as long after each further try in vain, up to an hour; a part of it is chance ([Hold]).
// A delivery that succeeds ends it, and so do other settings and a clock that was set back. A person's flush
// tries at once. Each kind of failure is told once, and once that delivery works again.
//
// # Across an air gap
//
// Export writes what waits into a bundle and leaves it waiting; Carry delivers another host's bundle under that
// host's name and brings a receipt; Clear takes out of the spool what a receipt names. A result keeps its id on
// each of these ways and on the direct one, so that whichever comes first, and however often, the endpoint stores
// it once. Nothing but a receipt or an answer of the endpoint's takes a result out, and the spool's bounds hold
// whether one comes or not. The key that seals the bundles lies beside the spool (agent.key).
//
// # What an endpoint may ask
//
// During a session the endpoint may ask for a check out of turn (check.test), for what a check can be pointed at
// (check.targets) and for host information (host_info.get, host_info_types.get): as far as [Remote] says that the owner
// lets it. Each question is answered within a part of the run's time ([askedTime]) and before the goodbye, told by
// --verbose, and counted: agent.virgo reports the counts. A refusal is an error of that one question (code 400), so
// that the session and its results go on. check_schedule.changed and system.info are always answered; a schedule
// that is told to have changed with the last answer of a session is fetched by the next run.
//
// # What is kept beside the results
//
// In the spool's state, space "agent": the cached schedule, the last run, the last delivery, what keeps
// the next runs from trying, and the features that each endpoint announced: lines of text, documented at
// their types. In the space "tickets": the TLS session that the next run resumes, sealed under the token,
// written with the settlement and never by itself.
package agent
