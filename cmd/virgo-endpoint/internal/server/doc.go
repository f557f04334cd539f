// Package server serves agents: it accepts their connections, checks their tokens, sends them their
// schedules and passes their results on to a store. It knows the store only by the interfaces of
// package intake.
//
// # A connection
//
// TLS, then one JSON object per line. A connection may serve many agents (a relay), distinguished by
// the frame's source: each source has its own session and its own hello. Requests are answered in the
// order in which they arrived. The endpoint's own requests are sent before the answer to a heartbeat,
// so that an agent that closes after its heartbeat has received them all.
//
// # The path of a result
//
//  1. The connection's reader reads check_metrics.post. Its size counts against Limits.PendingBytes;
//     at that limit, when the store is slow, all readers wait.
//  2. intake.ParsePost accepts or refuses it. A refusal is answered at once with code 400, and is
//     remembered for receipts if the result has an id.
//  3. The committer, one goroutine, collects what all connections submitted and appends it as one
//     batch. While one batch is synced the next one is collected, so no delay has to be tuned.
//  4. When the batch is durable, and never before, the connection's writer sends the answers.
//
// What can fail: the store returns an error (the disk is full) or panics. Then each result of the
// batch is answered with 503, so that its agent sends it again, and the committer continues with the
// next batch. A connection that breaks after step 1 does no harm: its results are stored, the agent
// sends them again, and a copy is answered like the first. The token is verified again in step 3:
// a result with a revoked token is not stored and is answered with 401.
//
// # A receipt
//
// results.receipt names an agent and ranges of results. The answer (package receipt) is signed with
// the key of the server's certificate and names which of them are durable and which were refused. The
// request goes through the committer like a result, so that it covers what its connection posted
// before.
//
// # What survives
//
// A result whose answer was sent is in the store after kill -9 or a power failure. Sessions, queued
// requests and everything that was not answered are lost with the process; agents connect again and
// send what was not acknowledged.
//
// # Limits
//
// Connections, agents per connection, bytes of a frame, requests in progress, the time for hello, for
// sending and for reading: each is a named constant or a field of [Limits]. A peer that exceeds one is
// disconnected, with a line in the log; other connections are not affected.
package server
