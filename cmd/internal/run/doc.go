// Package run implements one run of the agent as a state machine. [Agent.Run] calls the states in
// order; each state is a function that returns the input of the next one.
//
//	Plan      Load the local checks. The cached schedule is read in state Claim, the first one to open
//	          the spool. If it is missing, too old or marked as changed, nothing is claimed, a session
//	          fetches it, and the claim starts again. The session stays open for the delivery.
//	Claim     In one transaction: read what earlier runs stored, merge the schedules, claim what is
//	          due, read the samples of the previous run.
//	Check     Run the checks in parallel. The claiming transaction stays open for the quick ones, for
//	          at most [quickChecks].
//	Keep      Append the results and store the samples and last runs, in one synced transaction. For
//	          quick checks this is the claiming transaction (claimAndCheck), which saves a commit and
//	          0.4 to 1.2 ms; the results of slow checks follow in further transactions ([firstPersist]),
//	          so that a check that hangs does not delay the others. Much that has arrived is persisted
//	          at once, and further results wait for that ([maxPendingBytes]). A run holds what it
//	          persisted while it is little ([maxHeldBytes]), and else reads it from the spool again.
//	Deliver   In one session: the report of losses, if any, this run's results, then the waiting ones,
//	          oldest first. A result is deleted only when it was acknowledged.
//	Report    Return a [Report], from which the caller prints and derives the exit code.
//
// The caller reads the configuration before these.
//
// # What can fail
//
//	Plan      A mistake in a check, local or of the endpoint, costs that check alone: it is due like
//	          others, and its result says what is wrong. Only YAML beyond the parser's kind ends the
//	          run, for another program to make it. If the schedule cannot be fetched, the last good copy is used, however old. A host that never
//	          had one runs its local checks or, without any, the built-in ones. A fetched schedule that
//	          cannot be stored is used for this run.
//	Claim     If another process holds the file ([spool.ErrLocked], exit code 3), or the file is of a
//	          newer version, the run ends and nothing is claimed. After any other disk error, the due
//	          checks are determined from the state that can still be read, claimed in memory
//	          ([overlay]), and run.
//	Check     A check that fails, panics or exceeds its time limit has a result that says so. One that
//	          did not start in time, or that was interrupted, is released and stays due.
//	Keep      If a transaction fails (disk full, read-only), its results stay in memory. They are
//	          delivered under the ids that the append assigned, because a failed commit may have
//	          reached the disk all the same. Results that were never appended get random ids and no
//	          order. Results that are then not delivered are lost: exit code 5, with the reason in
//	          Report.KeepErr.
//	Deliver   Nothing is lost: results that are not acknowledged are sent by a later run. A line is
//	          printed when delivery begins to fail and when it works again (package link). If another
//	          process is delivering, this run does not deliver; without --strict the exit code is 0.
//
// # Time
//
// The run's context has its deadline. Checks end before it ([deliveryReserve]), so that their results
// can be stored and delivered; a transaction that must be tried after the deadline has a time limit of
// its own.
//
// # What is stored
//
// In the spool's state: space "agent", key "run", the last run ([LastRun]); space "samples", by check
// id, the samples that checkers use in the next run; space "latest", by check id, its latest result
// ([Agent.Latest]), which takes 0.5 % of a run's CPU time (BenchmarkLatestResults). Package schedule stores
// when each check last ran and its claim; the rest of space "agent" belongs to package link.
package run
