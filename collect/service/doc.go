// Package service checks the servers that run on the host: databases, caches, web servers. [Types]
// returns its check types. They run in a process of their own (package worker explains why).
//
// # Connections
//
// The checks of databases and caches share their details (host, port, socket, username, password,
// tls, …), those of web servers theirs (url, socket, username, password, …), and both those of TLS.
// A check makes one connection, sends its queries and closes it. It uses no proxy, follows no
// redirect and does not retry, because a check has to report that a server does not answer. The
// connection is closed with the check's context, which ends every read and write, and a reply's
// length is checked before memory is allocated for it.
//
// An error becomes a status of one sentence ([describeError]): "Connection refused by
// localhost:6379". If a server speaks another protocol, the status quotes the beginning of its reply
// on one line. It never contains a password or a header's value.
//
// # Libraries
//
// Redis: 80 lines here for the commands AUTH and INFO instead of go-redis. go-redis (version 9.23)
// allocates whatever length a server announces: a reply that begins with $99999999999999 ends the
// process, and with it all other checks of the run, with "fatal error: out of memory", which cannot
// be recovered. It also links 1.9 MB, and a check with it allocates 81 KB and takes two round trips
// instead of 38 KB and one (linux/amd64).
//
// memcached: the text protocol, since no maintained client returns the general statistics. SASL
// (-S), which needs the deprecated binary protocol, is not supported.
//
// MySQL and MariaDB: go-sql-driver/mysql, without database/sql's pool. It links 0.28 MB and starts
// in 0.04 ms; a check of a local MariaDB allocates 283 KB and takes 7 ms. PostgreSQL: pgx's pgconn
// with the simple protocol, which poolers support too. It links 1.7 MB, mostly the Unicode tables
// for SCRAM passwords, and starts in 0.3 ms; a check allocates 55 KB and takes 25 ms, mostly for
// the databases' sizes. Both implement several authentication methods and TLS within the protocol,
// and limit the length of messages (16 MiB, and 1 MiB as set here). What they lack is added here:
// the first packet of a MySQL server is checked before the driver waits for the length in it, all
// replies together are limited to 8 MiB, a driver's panic over a malformed packet becomes an error,
// and PG* variables, password files and service files of the agent's user are ignored.
//
// Web servers: net/http's requests and responses over a connection of our own, without its
// Transport, whose goroutines outlive a check for a moment, and which prints unsolicited responses
// on standard error.
//
// # Passwords
//
// A database without TLS gets answers to challenges only, unless the connection is a Unix socket or the
// owner's own check says allow_cleartext: whoever listens, or has taken the port of a server that is
// down, asks for the password in whatever form is of use. PostgreSQL: SCRAM alone (require_auth of the
// driver), and not with few iterations (postgresGuard). MySQL: a mysqlGuard between driver and server ends the login where the driver would answer
// with the password, in clear or encrypted with a key that the server has just sent. testdata/CHECKS.md
// has a table of what each mechanism gives away. TLS counts as TLS also with tls_verify: false, which
// is a way to say that any server may have the password.
//
// Redis, memcached and HTTP's basic authentication send the password itself, because their protocols
// have nothing else: to withhold it would leave these checks no way to log in over TCP, where most such
// servers of a host are, and where all of their other clients send it as well.
//
// # Metrics
//
// Names and types are those of the original agent if it has the check; a field that a server renamed
// becomes the same metric under its old and its new name. What a server does not report, or not to
// this user, is omitted. agent.memcached uses memcached's names.
//
// agent.mysql accepts the old and new names of the replica status (SLAVE, REPLICA) and of its
// columns; MySQL's named channels are dimensions. agent.postgres queries what servers from version
// 9.6 on show without superuser privileges. Its cache_hit_percent covers the time since the previous
// run, whose counters are in the sample, or one second if there is no sample.
//
// agent.http_json omits a metric that is missing in the page or has another type than requested, and
// names it in the status, so that the other metrics are reported and the gap is visible. Without any
// metric the result is unavailable. A metric without a configured type is a double, a string or a
// bool, as in the page.
//
// # Windows
//
// agent.windows_perfos and agent.mssql_* run a script in Windows PowerShell and parse its CSV, as
// the original agent does. The scripts are constants: details reach PowerShell on its standard
// input, so that passwords are on no command line and names cannot be executed. SQL Server is
// queried by Invoke-Sqlcmd, its counters by Get-Counter; a counter is an integer, as in stored
// data, though some have fractions. On other systems these checks report that they need Windows.
package service
