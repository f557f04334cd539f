// Package server serves agents: it accepts their connections, checks who they are, sends them their
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
//  1. The connection's reader reads check_metrics.post, with one result, or post_multi with many. Their
//     size counts against Limits.PendingBytes; at that limit, when the store is slow, readers wait.
//  2. Package intake accepts or refuses each. A refusal is answered with code 400, and is remembered for
//     receipts if the result has an id.
//  3. The committer, one goroutine, collects what all connections submitted and appends it in batches.
//     While one batch is synced the next one is collected, so no delay has to be tuned.
//  4. When all results of a frame are durable, and never before, the connection's writer answers it.
//
// The frame of many results is one arrival, together with the hello before it: what an agent sends at once
// is one entry for the store. A large frame is several arrivals of partBytes, one after another.
//
// # Fresh results and backlogs
//
// A frame is backlog if its list is compressed, if one of its results is late, or if it has more than
// freshBytes (64 KiB); all else is fresh. Backlogs have a lane of their own, and wait for others in each place
// where something is scarce:
//
//   - Memory: they may have three quarters of Limits.PendingBytes, which they take before they are
//     expanded and read. A frame counts as what it expands to, whatever its size on the wire; so does it
//     against the quotas of its agent and token. What it claims (raw_bytes) is compared with what it has.
//   - Processors: one fewer than there are, but at least one, expand and read frames at a time, and let others
//     run after some results, so that two hundred agents with backlogs are not two hundred goroutines before that of
//     a fresh result.
//   - The store: where both lanes have something they take turns, and a batch of backlogs is as large as can
//     be stored in some 20 ms (type pace). So fresh results wait for one such batch at most, and backlogs
//     are never starved.
//
// What can fail: the store returns an error (the disk is full) or panics. Then each result of the
// batch is answered with 503, so that its agent sends it again, and the committer continues with the
// next batch. Of a frame that is in several batches some results may be stored then: the copies that its
// agent sends are recognised. A connection that breaks after step 1 does no harm: its results are stored, the agent
// sends them again, and a copy is answered like the first. Whether the session may go on is decided
// again in step 3: a result of a revoked agent or token is not stored and is answered with 401.
//
// # Who an agent is
//
// hello's proof is verified once, by the exporter of the connection's TLS; the store decides about the
// rest (intake.Decide), and registers a key durably before hello is answered. Later requests cost one
// look-up of the session's access: posts and receipts at the commit, where it is looked up once for all of
// a batch, the others just before their answer. So what another process revokes has effect with the next
// request. The first 401 ends a session: nothing that it still sends is handled, and the connection is
// closed if it carries no other session.
//
// What can fail: the store cannot be written, and hello of a new agent is answered with 503, so that it
// comes back; the exporter is that of something between agent and endpoint that ends TLS, and the proof
// fails. Who could abuse it: a stranger makes the endpoint verify a signature (0.04 ms, after a handshake
// that costs more) and store that an id was tried with another key, once a minute for each id.
//
// # A receipt
//
// results.receipt names the session's agent, or that of a bundle which it brought, and ranges of results. The answer (package receipt) is signed with
// the key of the server's certificate and names which of them are durable and which were refused. The
// request goes through the committer like a result, so that it covers what its connection posted
// before.
//
// # A bundle
//
// bundle.post brings a piece of another host's sealed results in the session of a courier. Each seal is
// verified with the key in the bundle's header, and that key is compared with the registered one of the
// agent that the bundle names, again in the transaction that stores. Results, refusals, the offset, and the
// state of the hash are one transaction, so that a courier goes on after a broken connection or a kill
// where the answers ended, and nothing is lost or doubled.
//
// What can fail: the bytes are not those that the host sealed, or the agent has no registered key: that
// request is refused, with a type, and what was verified before it stays. Who could abuse it: a courier can
// leave out the end of a bundle. It cannot change, add or reorder results, register a key, or get a receipt
// for what was not verified. What it keeps the endpoint busy with counts against its own quota; one piece
// is verified at a time, and what is stored of unfinished bundles is bounded for each courier.
//
// # Questions
//
// What people want to know of a host ([Questions]) is asked before its heartbeat is answered. The answer is read as any
// frame of its size, and passed on if it has the id of what was asked in this session, within answerTime, from an
// agent whose access was not ended meanwhile; otherwise nothing is kept of it. A session without questions costs no
// look-up. An agent that answers nothing, or anything, delays nobody: nothing waits for its answer. One that sends
// answers to nothing is disconnected after maxUnasked of them.
//
// # Bundles of checks
//
// What was published ([Upgrades]) is offered to agents and served over HTTP, to whoever asks: it is signed, and has no
// secrets. An agent that announced the feature is told of a newer version before a heartbeat is answered. A download leaves
// the stage greeting when its file is open, so it has no place that a session could have: it counts against
// Limits.Downloads, its address's part of these, and the total. Its peer has half a minute for each part and ten minutes for
// all, and goes on later with a range; so it does after a shutdown, which ends downloads at once.
//
// What can fail: the file is not there any more, or is another one than was published: 404, with a line in the log. Who
// could abuse it: whoever has sixteen addresses can hold all places of downloads, and so delay new versions; sessions go on.
//
// # What survives
//
// A result whose answer was sent is in the store after kill -9 or a power failure. Sessions, queued
// requests and everything that was not answered are lost with the process; agents connect again and
// send what was not acknowledged.
//
// # Admission
//
// Strangers can open connections; only whoever has a token gets further. Every connection is accepted,
// and then goes through stages, each with its own limits:
//
//   - mute: it has sent nothing, for 2 s at most. Where one address, or all together, have too many,
//     the oldest of the address that has the most is closed.
//   - ready: its first byte is there, and it waits for its turn; nothing is read from it. The turn goes
//     to the address that is served least. Who has waited for half of Limits.Turn goes to a small lane of its
//     own, where its hello is answered with a rate limit; while more wait than Limits.Queue, so does the
//     newest of the address that has the most. Refusing costs a handshake, but no proof and no look-up.
//   - greeting: TLS and hello, or one HTTP request, within 5 s. Each address has a share of the places.
//     Who has been there for two seconds makes room where others wait. Handshakes compute in turns, as
//     many as there are processors; one that waits for its peer has none.
//   - active: a hello was good. Active sessions count as served, for at most half of the places.
//   - idle: no request for a second (a daemon, a relay). It counts only against the total and against
//     its token's connections.
//
// Only the total of all of them leaves connections in the kernel's queue. An address is an IPv4 address
// or an IPv6 /64. What cannot be defended against here is somebody with as many addresses as there are
// places: each of them is closed after 5 s.
//
// What is left: a burst that an endpoint is too slow for. To refuse costs a handshake, about 45 % of a
// session, so that of 5,000 hosts at once all can be served or told to come back in time only where there are
// some 500 sessions in a second; with 400 a fifth of them is closed after Limits.Turn without an answer, with
// 300 over a third (computed by the model in admission_burst_test.go). Such an agent keeps its results and
// connects again as after an outage, in its minute or with its next run. A longer Turn is no remedy: an
// agent gives up after 10 s, its handshake included. Nor is refusing earlier by an estimate of
// the wait alone: the places of the refusing lane are a fifth of all, which bounds its part of the processors, and
// the model closes two thirds of these or more. Both lanes would have to share the processors by how many can
// still be served while the others can be refused in time; more places for refusals instead would give a flood
// of handshakes half of the processors.
//
// Whoever has a token is limited by it, under whatever names: connections, agents, requests and bytes
// in a minute, large frames ([Limits]). A session over a quota is answered with a rate limit, of which
// agents keep everything. A large frame that stalls makes room where another waits.
//
// # Limits
//
// Connections, agents per connection, bytes of a frame, requests in progress, the time for hello, for
// sending and for reading: each is a named constant or a field of [Limits]. A peer that exceeds one is
// disconnected, with a line in the log; other connections are not affected. Of log lines of one kind
// the first ten of a minute are written, and then the number of the others, so that nobody can fill a
// disk with them.
package server
