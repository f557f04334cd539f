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
// MySQL and MariaDB: go-sql-driver/mysql, a connection of its own without database/sql's pool. It links 0.28 MB and
// starts in 0.04 ms; a check of a local MariaDB costs 283 KB and 7 ms. PostgreSQL: pgx's pgconn, which speaks the simple
// protocol that poolers take too. It links 1.7 MB, most of it the Unicode tables that SCRAM wants for a password, and
// starts in 0.3 ms; a check costs 55 KB and 25 ms, most of it the sizes of the databases. Three ways to log in and TLS
// inside the protocol are more than we would write again; both bound what they make room for (16 MiB, and 1 MiB as we
// set it). What they leave open is closed here: the first packet of a MySQL server is looked at before the driver
// waits for the length in it, a server may say 8 MiB in all, a driver's panic over a server that breaks the protocol
// is an error, and nothing of PG* variables, password files or service files of whoever runs the agent gets into a check.
//
// Web servers: net/http's requests and answers over our own connection, without its Transport, whose goroutines
// outlive a check for a moment and which prints on standard error what a server says unasked.
//
// # Metrics
//
// Names and types are those of the existing agent where it has the check; an old field's name and today's become one
// metric. What a server does not tell, or not to this user, is left out. agent.memcached has memcached's own names.
//
// agent.mysql reads the replica status in both spellings and with both sets of columns; MySQL's named channels are
// dimensions. agent.postgres, new, asks what 9.6 and all later servers tell, without a superuser; its cache_hit_percent
// is that of the time since the run before, whose counters it keeps (or of one second, where there are none).
//
// agent.http_json leaves out what a page lacks, or has of another type than was asked for, and its status names it:
// the other metrics stand, and a gap is seen. Where nothing is left it is unavailable. A metric without a type
// is a double, a string or a bool, as the page has it.
//
// # Windows
//
// agent.windows_perfos and agent.mssql_* run a script in Windows PowerShell and read its CSV, as the existing agent does.
// The scripts are constants: what a check is told goes to PowerShell's standard input, so that a password is on no command
// line and a name is no code. SQL Server is asked by Invoke-Sqlcmd, its counters by Get-Counter; a counter is a whole number, as
// it is stored, though some have fractions. On other systems these checks say that they are for Windows.
package service
