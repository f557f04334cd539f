package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// A Dialer opens a TLS connection to the first of several endpoints that accepts one.
type Dialer struct {
	// Endpoints in the order to try: "host:port", or the name of an SRV record, which begins with
	// "_" ("_monitoringagent._tcp.example.com").
	Endpoints []string
	// TLS defines which endpoints to trust.
	TLS TLSConfig
	// ConnectTimeout bounds each attempt; zero means [ConnectTimeout].
	ConnectTimeout time.Duration
	// LookupSRV returns an SRV name's targets in the order to try; nil asks the system's resolver,
	// which orders them by priority and weight (RFC 2782).
	LookupSRV func(ctx context.Context, name string) ([]*net.SRV, error)
	// Proxy returns the URL of the proxy for an address ("host:port"), as [ParseProxy] reads it, or
	// "" for none; [ProxyFor] makes such a function. Nil means no proxy. The proxy resolves the
	// endpoint's name.
	Proxy func(address string) (string, error)
	// DialContext opens the TCP connection; nil means net.Dialer, which tries all addresses of a
	// host, IPv6 and IPv4 (RFC 8305).
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

// An Attempt is one endpoint that could not be reached.
type Attempt struct {
	// Endpoint as the Dialer names it; for an SRV record's target "name (host:port)".
	Endpoint string
	Err      error
}

// A DialError is returned when no endpoint could be reached. errors.Is and errors.As look at the
// errors of all attempts.
type DialError struct{ Attempts []Attempt }

// Error lists every endpoint with its error.
func (e *DialError) Error() string {
	var b strings.Builder
	for i, a := range e.Attempts {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%s: %v", a.Endpoint, a.Err)
	}
	return b.String()
}

// Unwrap returns the attempts' errors.
func (e *DialError) Unwrap() []error {
	errs := make([]error, len(e.Attempts))
	for i, a := range e.Attempts {
		errs[i] = a.Err
	}
	return errs
}

// ErrNoEndpoint is returned when a Dialer has no endpoint, or one whose address is invalid.
var ErrNoEndpoint = errors.New("no endpoint to dial")

// Dial returns a connection after its TLS handshake, and the endpoint that it leads to, named as in
// an [Attempt]. The error is ErrNoEndpoint, that of a CA file or a pin, a *[CertError], the
// context's, or a *[DialError].
func (d *Dialer) Dial(ctx context.Context) (conn net.Conn, endpoint string, err error) {
	if len(d.Endpoints) == 0 {
		return nil, "", ErrNoEndpoint
	}
	trust, err := d.TLS.trust()
	if err != nil {
		return nil, "", err
	}
	var failed DialError
	for _, endpoint := range d.Endpoints {
		targets, err := d.targets(ctx, endpoint)
		if err != nil {
			failed.Attempts = append(failed.Attempts, Attempt{endpoint, err})
		}
		for _, t := range targets {
			if ctx.Err() != nil {
				break
			}
			conn, err := d.dialOne(ctx, t, trust)
			if err == nil {
				return conn, t.label, nil
			}
			failed.Attempts = append(failed.Attempts, Attempt{t.label, err})
		}
		if ctx.Err() != nil {
			if len(failed.Attempts) == 0 {
				return nil, "", fmt.Errorf("dial %s: %w", endpoint, context.Cause(ctx))
			}
			return nil, "", fmt.Errorf("%w: %w", &failed, context.Cause(ctx))
		}
	}
	return nil, "", &failed
}

func (d *Dialer) withConnectTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := d.ConnectTimeout
	if limit <= 0 {
		limit = ConnectTimeout
	}
	return context.WithTimeout(ctx, limit)
}

func (d *Dialer) dialOne(ctx context.Context, t target, trust *trust) (net.Conn, error) {
	conf := trust.Clone()
	if conf.ServerName == "" {
		conf.ServerName = t.serverName
	}
	certUse := certNotRequested
	conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if trust.client == nil {
			certUse = certMissing
			return new(tls.Certificate), nil
		}
		certUse = certSent
		return trust.client, nil
	}
	ctx, cancel := d.withConnectTimeout(ctx)
	defer cancel()
	raw, err := d.openConn(ctx, t.address, trust.RootCAs)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, conf)
	if err := conn.HandshakeContext(ctx); err != nil {
		closeConn(raw)
		return nil, explainTLS(conf.ServerName, certUse, shortNetError(ctx, err), time.Now())
	}
	return conn, nil
}

// openConn opens a TCP connection to an address, or a tunnel through the proxy. own are the
// authorities of the CA file, nil for the system's.
func (d *Dialer) openConn(ctx context.Context, address string, own *x509.CertPool) (net.Conn, error) {
	open := d.DialContext
	if open == nil {
		open = new(net.Dialer).DialContext
	}
	proxy, err := d.proxyFor(address)
	if err != nil {
		return nil, err
	}
	if proxy != (Proxy{}) {
		return proxy.tunnel(ctx, open, address, own)
	}
	raw, err := open(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, shortNetError(ctx, err))
	}
	return raw, nil
}

// proxyFor returns the zero Proxy where there is none for an address.
func (d *Dialer) proxyFor(address string) (Proxy, error) {
	if d.Proxy == nil {
		return Proxy{}, nil
	}
	text, err := d.Proxy(address)
	if err != nil {
		return Proxy{}, fmt.Errorf("%w: %w: choosing the proxy: %w", ErrUnreachable, ErrProxy, err)
	}
	if text == "" {
		return Proxy{}, nil
	}
	return ParseProxy(text)
}

// shortNetError removes from a network error the address, which the attempt's label has, and names
// a timeout as such. What errors.Is finds in it (a permission, a refused port) stays.
func shortNetError(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return fmt.Errorf("no answer in time: %w", context.DeadlineExceeded)
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" && op.Err != nil {
		return op.Err
	}
	return err
}

// isEOF reports whether the peer closed a stream early, without an error of the network.
func isEOF(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe)
}
