package service

import (
	"context"
	"crypto/tls"
	"io"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/detail"
	"virgo/schedule/policy"
)

// A server is the address of a server and the login: the details that the checks of databases and
// caches share.
type server struct {
	network, address   string      // "tcp" and "localhost:6379", or "unix" and a path
	username, password string      // "": none
	database           string      // PostgreSQL's
	tls                *tls.Config // nil: no TLS
	// allowCleartext is the detail, of databases.
	allowCleartext bool
	// timeout is the detail; 0 leaves the schedule's.
	timeout time.Duration
	// guard decides on each address; nil: all are allowed.
	guard *policy.Guard
	// host is the host in address.
	host string
}

// serverDetails describes the details that readServer reads.
func serverDetails(port int) []collect.Detail {
	return append([]collect.Detail{
		{Name: "host", Role: schedule.Host, Kind: detail.Host, Default: "localhost", Summary: "host name or IP address of the server"},
		{Name: "port", Role: schedule.Port, Kind: detail.Port, Default: strconv.Itoa(port), Summary: "its TCP port"},
		{Name: "socket", Role: schedule.Socket, Kind: detail.Path, Summary: "path of its Unix socket, instead of host and port"},
		{Name: "username", Role: schedule.Other, Summary: "user to log in as"},
		{Name: "password", Role: schedule.Secret, Summary: "password to log in with"},
		{Name: "timeout", Role: schedule.Free, Kind: detail.Milliseconds, Summary: "time limit in milliseconds"},
		{Name: "tls", Role: schedule.Switch, From: "ca_file", Kind: detail.Boolean, Summary: "true: use TLS (true if ca_file is set)"},
	}, tlsDetails("host")...)
}

// readServer reads the details of a server; port is the default. Errors: *[schedule.DetailError],
// and those of reading files.
func readServer(d schedule.Details, port int, g *policy.Guard) (server, error) {
	if err := collect.ValidateDetails(serverDetails(port), d); err != nil {
		return server{}, err
	}
	s := server{guard: g}
	var host, socket, caFile string
	if err := readTexts(d, map[string]*string{
		"host": &host, "socket": &socket, "username": &s.username, "password": &s.password, "ca_file": &caFile,
	}); err != nil {
		return server{}, err
	}
	if host == "" {
		host = "localhost"
	}
	host = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(host), "["), "]")
	number, err := d.Int("port", int64(port))
	if err != nil {
		return server{}, err
	}
	s.host = host
	s.network, s.address = "tcp", net.JoinHostPort(host, strconv.FormatInt(number, 10))
	if socket != "" {
		s.network, s.address = "unix", socket
	}
	if s.timeout, err = readTimeout(d); err != nil {
		return server{}, err
	}
	secure, err := d.Bool("tls", caFile != "")
	if err == nil && secure {
		s.tls, err = readTLS(d, host, g)
	}
	return s, err
}

// onPort returns a function that reads the details of a server whose default port is given.
func onPort(port int) func(schedule.Details, *policy.Guard) (server, error) {
	return func(d schedule.Details, g *policy.Guard) (server, error) { return readServer(d, port, g) }
}

// checkServer returns a check that reads its details with read and queries the server with query,
// which gets the previous sample. Errors of query become statuses ([describeError]).
func checkServer(
	read func(schedule.Details, *policy.Guard) (server, error),
	query func(ctx context.Context, s server, previous []byte) (collect.Report, error),
) collect.CheckerFunc {
	return func(ctx context.Context, req collect.Request) (collect.Report, error) {
		if err := ctx.Err(); err != nil {
			return collect.Report{}, err
		}
		s, err := read(req.Check.Details, req.Guard)
		if err != nil {
			return collect.Report{}, err
		}
		ctx, cancel := withTimeLimit(ctx, s.timeout)
		defer cancel()
		report, err := query(ctx, s, req.Previous)
		return report, s.describeError(ctx, err)
	}
}

// readTimeout reads the detail timeout, in milliseconds; 0 where it is absent.
func readTimeout(d schedule.Details) (time.Duration, error) {
	return d.Duration("timeout", time.Millisecond, 0)
}

// readTexts reads optional strings. Error: *[schedule.DetailError], of the first by name.
func readTexts(d schedule.Details, into map[string]*string) error {
	for _, key := range slices.Sorted(maps.Keys(into)) {
		var err error
		if *into[key], err = collect.OptionalText(d, key); err != nil {
			return err
		}
	}
	return nil
}

// dial connects to the server, without TLS, for drivers that implement it themselves; others use
// open. The connection is closed when ctx is done.
func (s server) dial(ctx context.Context) (net.Conn, error) {
	d := net.Dialer{ControlContext: s.guard.Control(s.host)}
	conn, err := d.DialContext(ctx, s.network, s.address)
	if err != nil {
		return nil, err
	}
	return &contextConn{Conn: conn, stop: context.AfterFunc(ctx, func() { conn.Close() })}, nil
}

// open connects to the server, with TLS where the details ask for it.
func (s server) open(ctx context.Context) (net.Conn, error) {
	conn, err := s.dial(ctx)
	if err != nil || s.tls == nil {
		return conn, err
	}
	secure := tls.Client(conn, s.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}

// writeRequest ignores errors: a server that closed the connection may have sent the reason before
// (too many clients, no client certificate), so reading its reply returns a better error.
func writeRequest(conn io.Writer, data []byte) { _, _ = conn.Write(data) }

// A contextConn is closed when its context is done.
type contextConn struct {
	net.Conn
	stop func() bool
}

func (b *contextConn) Close() error {
	b.stop()
	return b.Conn.Close()
}

// describeError returns an error whose text is the status for err.
func (s server) describeError(ctx context.Context, err error) error {
	return describeError(ctx, s.address, err, s.password)
}

// withTimeLimit returns ctx with the time limit of the detail timeout; 0 is no limit.
func withTimeLimit(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, timeout, &timeLimitError{timeout})
}
