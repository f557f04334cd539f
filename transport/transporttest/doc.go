// Package transporttest has a scriptable endpoint for tests of code that delivers: in unit tests, and
// as a fake program in script tests. It is not linked into any program that is shipped.
//
//	Endpoint   serves sessions over TLS on loopback, or over any net.Conn, and records requests
//	Script     its behaviour: acknowledge, refuse, stall, flood, close at a byte, never answer, …
//	Authority  issues certificates in memory, valid and invalid ones
//	Link       two ends of a connection with a latency and a capacity; with synctest's fake time a test
//	           counts round trips exactly
//	Program    the body of a program that serves a folder: script in, records out
//	Protocol   the examples and limits of PROTOCOL.md, to compare with the code
//
// Like a real endpoint it stores each result once by (agent_id, result_id) before it acknowledges it,
// and answers a copy like the first one. A test compares [Endpoint.Stored] with the results that the
// agent counts as delivered.
package transporttest
