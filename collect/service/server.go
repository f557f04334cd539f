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
)

// A server is where a check's server listens and how the check is let in: the details that the checks of
// databases and caches share.
type server struct {
	network, address   string // "tcp" and "localhost:6379", or "unix" and a path
	username, password string // "" where there is none
	tls                *tls.Config
	// timeout of the check's own, 0 where it has none but the schedule's.
	timeout time.Duration
}

// serverDetails describes the details that readServer reads.
func serverDetails(port int) []collect.Detail {
	return append([]collect.Detail{
		{Name: "host", Summary: "name or address of the server (localhost)"},
		{Name: "port", Summary: "its TCP port (" + strconv.Itoa(port) + ")"},
		{Name: "socket", Summary: "path of its Unix socket, in place of host and port"},
		{Name: "username", Summary: "who to log in as"},
		{Name: "password", Summary: "password to log in with"},
		{Name: "timeout", Summary: "time limit in milliseconds"},
		{Name: "tls", Summary: "true: talk TLS (true where ca_file is given)"},
	}, tlsDetails()...)
}

// readServer reads the details that say where a server is. Errors: *[schedule.DetailError], and those of
// reading the files with certificates.
func readServer(d schedule.Details, port int) (server, error) {
	var s server
	var host, socket, caFile string
	if err := readTexts(d, map[string]*string{
		"host": &host, "socket": &socket, "username": &s.username, "password": &s.password, "ca_file": &caFile,
	}); err != nil {
		return server{}, err
	}
	if host == "" {
		host = "localhost"
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	number, err := d.Int("port", int64(port))
	if err != nil {
		return server{}, err
	}
	if number < 1 || number > 65535 {
		return server{}, &schedule.DetailError{Key: "port", Value: strconv.FormatInt(number, 10), Want: "from 1 to 65535"}
	}
	s.network, s.address = "tcp", net.JoinHostPort(host, strconv.FormatInt(number, 10))
	if socket != "" {
		s.network, s.address = "unix", socket
	}
	if s.timeout, err = readTimeout(d); err != nil {
		return server{}, err
	}
	secure, err := d.Bool("tls", caFile != "")
	if err == nil && secure {
		s.tls, err = readTLS(d, host)
	}
	return s, err
}

// checkServer makes a check of what ask asks of a server; port is the default one. Errors of ask become sentences
// ([fault]).
func checkServer(port int, ask func(ctx context.Context, s server) ([]collect.Metric, error)) collect.CheckerFunc {
	return func(ctx context.Context, req collect.Request) (collect.Report, error) {
		if err := ctx.Err(); err != nil {
			return collect.Report{}, err
		}
		s, err := readServer(req.Check.Details, port)
		if err != nil {
			return collect.Report{}, err
		}
		ctx, cancel := limit(ctx, s.timeout)
		defer cancel()
		metrics, err := ask(ctx, s)
		return collect.Report{Metrics: metrics}, s.fault(ctx, err)
	}
}

// readTimeout reads the detail timeout, in milliseconds; 0 where it is absent.
func readTimeout(d schedule.Details) (time.Duration, error) {
	return d.Duration("timeout", time.Millisecond, 0)
}

// readTexts reads details that may be absent. Error: *[schedule.DetailError], of the first by name.
func readTexts(d schedule.Details, into map[string]*string) error {
	for _, key := range slices.Sorted(maps.Keys(into)) {
		var err error
		if *into[key], err = collect.OptionalText(d, key); err != nil {
			return err
		}
	}
	return nil
}

// dial connects to the server. What is read or written after ctx is done fails: the connection is closed
// with it. It is for drivers that talk TLS themselves; open is for the others.
func (s server) dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, s.network, s.address)
	if err != nil {
		return nil, err
	}
	return &bounded{Conn: conn, stop: context.AfterFunc(ctx, func() { conn.Close() })}, nil
}

// open connects to the server, through TLS where the details ask for it.
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

// tell says something to a server. Where that fails the server may have said why before it closed the connection
// (it is full, it wants a certificate), so the answer tells, or its absence.
func tell(conn io.Writer, words []byte) { _, _ = conn.Write(words) }

// A bounded connection is closed when its context is done.
type bounded struct {
	net.Conn
	stop func() bool
}

func (b *bounded) Close() error {
	b.stop()
	return b.Conn.Close()
}

// fault is what went wrong with the server, in a sentence ([fault]).
func (s server) fault(ctx context.Context, err error) error {
	return fault(ctx, s.address, err, s.password)
}

// limit is ctx with the time limit of a detail; 0 is none of its own.
func limit(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, timeout, &limitError{timeout})
}
