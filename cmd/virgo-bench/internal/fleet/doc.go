// Package fleet simulates the hosts of a fleet: thousands of agents, each with its own id, key and
// values, that deliver to a real endpoint on loopback.
//
// # The way of the data
//
// Results of real runs are captured once ([NewTemplate]). From them every host and every run gets
// results of its own: values that were constant are constant for a host and differ between hosts,
// counters grow, gauges vary. They are computed from the numbers of host and run, so nothing is
// stored, and an endpoint's compression finds what it would find in a fleet.
//
// A session ([Fleet.Run], [Fleet.Backlog]) is what an agent's is: TCP from an address of its own in
// 127.0.0.0/8 (Linux; elsewhere 127.0.0.1), a full TLS 1.3 handshake with the hybrid key share
// X25519MLKEM768 and no resumption, then in one write hello with a proof for this connection, the
// results and the heartbeat, each in the form that the endpoint announced.
//
// Hosts that come late ([Fleet.Late]) deliver what is weeks old, half of it twice. Hostile hosts
// ([Attackers]) have addresses of their own and stall, send what no agent does, or say they are another host.
//
// # What can fail
//
// A session is served, refused with a rate limit, or it failed; a result counts as delivered only
// if the endpoint acknowledged that one. A hostile connection ends as the protocol says, or earlier, or it got what
// it must not: that is a mistake of the endpoint. What is sent after a failure has a new session number.
//
// # Whom it disturbs
//
// The simulator shares the processors with the endpoint that it measures. It reuses configurations
// and buffers, has as many goroutines as sessions may be open, and builds what it sends beforehand
// where that is possible. Fewer backlogs are built at a time than there are processors, and building yields:
// real hosts do not wait for each other, so live sessions must not wait in the simulator. It dials loopback only.
package fleet
