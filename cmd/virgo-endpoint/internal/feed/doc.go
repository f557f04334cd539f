// Package feed reads new results once for everybody who follows them: alarms, outputs, the page.
//
// # Way
//
// A [Follower] has a cursor, the number of the last result that it took, and gets what is behind it in batches, in the order
// of arrival. Each follower is served by a goroutine of its own, so none waits for another; those at the same place share one
// batch, which is read and whose metrics are parsed once. An Intake that [Feed.Wake] decorates says when something was
// stored; it passes no result on. What other processes store (imports) is noticed by a look each [pollEvery].
//
// # What can fail
//
// Where the store cannot be read, followers wait, longer each time up to [maxWait], and [Feed.Status] says why. A follower
// that returns an error gets the same batch again, likewise. Nothing is skipped but what is not there any more or cannot be
// read, and that is counted. A batch is valid until Take returns; a kill between Take and the follower's own note of its
// cursor repeats the batch, so a follower notes both in one step or takes a result twice without harm.
//
// # What the user sees
//
// How far each follower is behind, in /metrics and /v1/health.
//
// # Who could abuse it
//
// A host that sends much makes followers late, for every host. The batches bound their memory ([maxResults], [maxBytes]),
// and the server's limits bound what a host can send.
package feed
