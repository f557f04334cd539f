// Package endpoint is the other side of package transport: it receives agents' sessions, hands out
// schedules and stores results.
//
// # A connection
//
// TLS, then one JSON object a line. A connection may carry many agents (a relay), told apart by the
// frame's source: a session is kept by source, and every source says its own hello. Requests of a
// connection are answered in the order that they came; requests of the endpoint's own go out before the answer
// to a heartbeat, so that an agent that closes after its heartbeat has seen them all.
//
// # A result
//
// check_metrics.post → validated → the committer → SQLite → answered. The committer takes what all
// connections brought and commits it together; an answer is sent when its result is committed, never
// before. A result is stored once by (agent_id, result_id): a second copy is answered as the first and
// stored no second time. A result without result_id, as the protocol's oldest agents send it, cannot be
// told from a copy of it: each such post is stored.
//
// A result that is not what the protocol says is refused with code 400 and a sentence that names the
// field; the refusal depends on nothing but the params, so a copy is refused like the first. Code 503
// (the disk is full, too many agents) and 401 (the token was revoked, also during the session) leave
// results with their agent.
//
// With a result is kept what its agent said of it besides: order, which grows whatever the agent's clock
// does; late and age_ms, where it was no news when it was sent; and how the agent's clock stood beside the
// endpoint's when the session said hello (clock_offset_ms). Nobody has to say any of these.
//
// # A receipt
//
// results.receipt names an agent and ranges of results; the answer is a document of package receipt,
// signed with the key of the server's certificate, that names those of them that are committed in the
// store, and those of the last [MaxRefusals] refused ones that are among them. What the same connection
// posted before is in it. The feature is "receipt".
//
// # A bundle
//
// [Store.Import] takes results that were carried here, by the same rules: once, whichever way they come and
// however often. The first key that signed for an agent is kept; what another one signed is not taken.
//
// # What survives what
//
// An answer that was sent is a promise: after kill -9 or a power cut its result is in the store. SQLite
// runs with a write-ahead log and synchronous=FULL; user_version is the number of [storeVersions] that
// were applied, in one transaction each time, and a file of a later version is refused.
//
// # What may change under a running server
//
// Tokens (they are in the store, only as SHA-256), schedules and the server's certificate: each is
// looked at when it is used. A schedule with a mistake leaves the last good one in force; without any
// the agent is told so and keeps its own, never an empty one. The authorities of clients'
// certificates ([RequireClients]) are read once, at the start.
//
// # Bounds
//
// Connections, agents on a connection, bytes of a frame, requests under way, the time to say hello, to
// send and to read: each is a named constant or an option. A peer that passes one is closed with a line in
// the log (log/slog), and the others never notice.
package endpoint
