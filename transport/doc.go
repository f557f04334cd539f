// Package transport implements the wire protocol (PROTOCOL.md) on the agent's side: frames,
// sessions, dialing. It imports nothing else of this module; params and results are opaque JSON to
// it.
//
// # Frames
//
//	line   = object LF
//	object = JSON object of at most MaxFrameBytes bytes, nested at most MaxDepth deep
//
// A [Frame] with a method is a request, whoever sends it; one without is a response. PROTOCOL.md
// has the fields, what a reader accepts beyond that, and all limits. Any other input is a
// [FrameError], never a panic.
//
// # Sessions
//
// A [Dialer] tries the endpoints in order and returns a TLS connection. A [Session] on it promises:
//
//   - A post is settled as delivered only after hello succeeded and the endpoint acknowledged that
//     post.
//   - What was acknowledged is settled even where the session fails or the context ends right
//     after.
//   - With an endpoint that is not known to support pipelining, one request is in flight at a time,
//     because it might lose the others.
//   - After Close, every request that the endpoint had queued before its last answer has been
//     answered.
//   - Several posts go in one frame with an endpoint that is known to take them; each is settled by its
//     own answer. What an error says of a whole frame says nothing of its posts (multi.go).
//   - Memory is bounded by [WindowBytes], [MultiWindowBytes], [MaxRequests] and [MaxFrameBytes],
//     whatever the endpoint sends.
//
// One goroutine reads, the caller's writes. The reader never writes and never calls the [Queue] or
// the [Handler], so an endpoint that floods while this side writes is still read, and neither side
// can block the other.
//
// # TLS
//
// Each connection begins with a full handshake, and nothing is sent before it has ended (no 0-RTT).
// Session tickets of an endpoint are ignored: resuming an earlier session would save no round trip
// and would need a secret on the disk.
//
// # Errors
//
// With errors.Is every error is one of [ErrUnreachable], [ErrTLS], [ErrAuth], [ErrVersion],
// [ErrRateLimit], [ErrRefused], [ErrProtocol] and [ErrConnectionLost]; one of the proxy is
// [ErrProxy] as well. Errors with a known next step have a method Hint. Text of a peer in an error is
// sanitized for terminals.
//
// # Retries
//
// Attempts, pauses and backoff of the whole program are set here: retry.go within a run (dialing,
// sessions, deliveries, bundles, reports of losses, endpoints that are busy), backoff.go from one run to the next (rate
// limits, authentication and version errors). What was not acknowledged stays with the caller.
package transport
