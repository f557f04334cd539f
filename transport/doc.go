// Package transport speaks the wire protocol (PROTOCOL.md) from the agent's side: frames, the session,
// dialing. It knows no other room of the house; params and results are opaque JSON to it.
//
// # Frames
//
//	line   = object LF
//	object = JSON object of at most MaxFrameBytes bytes, nested at most MaxDepth deep
//
// A [Frame] with a method is a request, whoever sent it; one without is a response. Ids are numbers or
// strings of digits and are compared by value. A field that is missing but needed, null where it may not
// be, of another type or there twice is a [FrameError] that names it, never a crash; unknown fields are
// ignored. A comma before a closing bracket, as some endpoints write it, is read and never written.
//
// # A session
//
// A [Dialer] tries the endpoints in order (host:port, or an SRV name) and gives a TLS connection. A
// [Session] runs on it:
//
//	TCP, TLS           two round trips
//	hello, posts, heartbeat   one more, where the endpoint is known to take pipelined requests
//
// Posts go out in a window bounded by count and bytes; each acknowledgement is passed on as it comes.
// An endpoint that never said it takes pipelined requests is first asked (hello) and then given one
// post at a time: what it does with requests that it did not expect is not ours to find out with a
// result that could be lost. A response to a post counts only after hello succeeded.
//
// Code 400 is an error of that one request (a refused result); any other code ends the session. The
// last request is a heartbeat: when its answer has come, everything that the endpoint had queued has
// been seen and answered, and the session closes (close_notify first).
//
// # Proxies
//
// Where [ProxyFor] names one, the connection goes through it: by CONNECT to an HTTP proxy, in TLS of its
// own to an HTTPS one, or by SOCKS 5. The proxy resolves the endpoint's name; only an SRV record needs
// DNS on this host. TLS with the endpoint runs within, so that a proxy sees a name, a port and a number of
// bytes. The connect timeout covers all of it.
//
// # TLS
//
// TLS 1.2 at least. A [TLSConfig] says whom to trust: the system's authorities, those of a CA file, pins of
// public keys, of which any one will do, or both; and which certificate to show where one is asked for.
//
// Where a Dialer has a [TicketStore], a session is resumed by the next run: no certificates are sent or
// checked for their signatures, while pins and dates are held to as ever. Keys are agreed on anew each time
// (psk_dhe_ke), and nothing is sent before the handshake is done (no 0-RTT). A ticket lies sealed, bound to
// the endpoint and to all that was trusted; one that does not open, for whatever reason, costs a full
// handshake and is replaced.
//
// # What is added to the protocol
//
// Beside what PROTOCOL.md lists; all of it optional to a peer, which ignores fields that it does not know:
//
//	hello's params             timestamp       the agent's clock, ms since the epoch
//	check_metrics.post         order           grows with each result of the agent's spool, whatever its clock does
//	                           late, age_ms    true, and its age: made more than its check's period before it was sent
//	an error                   retry_after_ms  how long to stay away, with rateLimitReached
//	results.receipt (feature   params agent_id, bundle, ranges ("start-from-to" in hex); the result is a document of
//	"receipt")                 package receipt that names those results that are stored
//	the result of check        check_type agent.virgo, state unavailable, metrics lost_results, lost_bytes,
//	agent.virgo.loss           lost_from_ms, lost_to_ms of each cause: what the agent had to drop, once
//
// A schedule is taken up to 1 MiB and 2,000 checks.
//
// # What can fail
//
// Every failure is of one kind to errors.Is: [ErrUnreachable], [ErrTLS], [ErrAuth], [ErrVersion],
// [ErrRateLimit], [ErrRefused], [ErrProtocol] or [ErrCut]; a proxy's own is [ErrProxy] as well. Those
// with a known next step have a Hint.
// [Retry] repeats what may pass by itself, inside the caller's context, and reports the real last error.
// What was not acknowledged is the caller's to keep.
//
// # Who waits for whom
//
// One goroutine reads, the caller's writes. The reader never writes, never calls the [Queue] or the
// [Handler], and what it holds is bounded by what was asked and by [MaxRequests]: an endpoint that
// floods while this side writes is read all the same, so neither can block the other.
package transport
