// Package transport speaks the wire protocol (PROTOCOL.md) from the agent's side: frames, the session,
// dialing. It knows no other room of the house; params and results are opaque JSON to it.
//
// # Frames
//
//	line   = object LF
//	object = JSON object of at most MaxFrameBytes bytes, nested at most MaxDepth deep
//
// A [Frame] with a method is a request, whoever sent it; one without is a response. Ids are numbers or
// strings of digits and are compared by value. Missing, null or mistyped fields are an error with a
// clear text, never a crash; unknown fields are ignored.
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
// # What can fail
//
// Every failure is an [Error]-like value of a kind: could not reach, TLS, authentication, version, rate
// limit, protocol, cut off. [Retry] repeats what may pass by itself, inside the caller's context, and
// reports the real last error; authentication, version and protocol errors are final at once. What
// was not acknowledged is the caller's to keep.
package transport
