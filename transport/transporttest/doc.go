// Package transporttest is an endpoint that misbehaves on demand, for tests of whatever delivers: one for
// unit tests and for the fake program of the script tests. It keeps no promise but its [Script], and is
// not linked into any program that is shipped.
//
// # What there is
//
//	Endpoint   serves sessions over TLS on loopback, or over any net.Conn; keeps books
//	Script     what it does: acknowledge, refuse, stall, flood, cut at a byte, never answer, …
//	Authority  makes certificates in memory, good ones and bad ones
//	Link       two ends of a connection with a latency and a capacity, for synctest: fake time then
//	           counts round trips exactly
//	Program    the body of a program that serves a folder: script in, books out
//
// # Its books
//
// Like a real endpoint it stores what it acknowledges by (agent_id, result_id), once, before it answers,
// and answers a second copy as it answered the first. [Endpoint.Stored] is what a test compares with
// what the agent believes to have delivered.
package transporttest
