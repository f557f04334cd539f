// Package service looks at the servers that run on the host: databases, caches, web servers. [Types] gives its
// checks. It is linked into virgo-checks alone (package worker says why).
//
// # How a server is reached
//
// The checks of databases and caches share their details (host, port, socket, username, password, tls, …), those of
// web servers theirs (url, socket, username, password, …), and both the ones of TLS. A check makes one connection,
// asks what it has to, and closes it; no proxy, no redirect, no second try: that the server does not answer is
// what a check is there to say. The connection is closed with the check's context, so no read or write outlives
// it, and an answer is bounded before anything is kept of it.
//
// What goes wrong is one sentence (fault): "Connection refused by localhost:6379". It quotes at most the first
// words of a server that talks another protocol, in one line, and never a password or the value of a header. "Could not
// authenticate. Invalid password." and "Could not authenticate. Missing password?" are the existing agent's words.
//
// # Libraries
//
// Redis: 80 lines of our own for two commands, AUTH and INFO, in place of go-redis. Measured with go-redis 9.23 on
// linux/amd64: its start-up is cheap (0.07 ms, 13 KB) and it links 1.9 MB, 0.9 MiB of them resident; a check costs 81 KB and
// two round trips, ours 38 KB and one. That would do. But it makes room for whatever length a server
// names: an answer that begins with $99999999999999 ends the whole process ("fatal error: out of memory", which
// nothing recovers from), and with it every other check of the run.
//
// memcached: the text protocol, for no client that is kept up gives the general statistics. A password (-Y) is shown
// only to a server that asks for one; SASL (-S), which needs the binary protocol that memcached has given up, is not
// spoken.
//
// Web servers: net/http's requests and answers over our own connection, without its Transport, whose goroutines
// outlive a check for a moment and which prints on standard error what a server says unasked.
//
// # Metrics
//
// Names and types are those of the existing agent where it has the check; an old field's name and today's become one
// metric. What a server does not tell is left out. agent.memcached has memcached's own names.
//
// agent.http_json leaves out what a page lacks, or has of another type than was asked for, and its status names it:
// the other metrics stand, and a gap is seen. Where nothing is left it is unavailable. A metric without a type
// is a double, a string or a bool, as the page has it.
package service
