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
// stored no second time.
//
// # Bounds
//
// Connections, agents on a connection, bytes of a frame, requests under way, the time to say hello, to
// send and to read: each is a named constant or an option. A peer that passes one is closed with a line in
// the log (log/slog), and the others never notice.
package endpoint
