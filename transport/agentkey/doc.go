// Package agentkey has what both sides of a connection must agree on about an agent's key: the text
// that a proof signs, the value that binds it to the TLS connection, and the forms of a key on the
// wire and for people. PROTOCOL.md, "Who an agent is", is the specification; its example is a test
// vector of this package.
//
// # The proof
//
// An agent's hello carries its public key (Ed25519), the number of its session, and a signature over
// [SignedText]: the agent's id, that number, and a value that both ends of one TLS connection
// compute and that is different for every connection ([Exporter], RFC 9266). So a proof is worth
// nothing on another connection: an endpoint cannot use one to say hello elsewhere, and neither can
// somebody who recorded it.
//
// # What can fail
//
//   - TLS 1.2 without an extended master secret has no such value: [Exporter] returns
//     [ErrNoExporter], and no proof can be made.
//   - Where something between agent and endpoint ends TLS (a load balancer, a proxy that inspects),
//     the two ends compute different values, and [Verify] fails. That is intended: such a machine
//     could speak for the agent.
//
// # Who could abuse it
//
// Whoever has the private key is the agent, to every endpoint where it is registered. Nothing here
// reads, stores or prints one.
package agentkey
