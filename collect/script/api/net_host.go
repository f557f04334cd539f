package api

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"virgo/collect/script"
)

// hostNetwork is that of this host.
type hostNetwork struct{}

// Dial connects. A silent name server may be waited for after the context is done, but by nobody.
func (hostNetwork) Dial(ctx context.Context, c script.Connection) (net.Conn, error) {
	conn, err := within(ctx, func() (net.Conn, error) {
		if c.Network == "unix" {
			return dialUnix(ctx, c)
		}
		d := net.Dialer{ControlContext: c.Control}
		return d.DialContext(ctx, c.Network, net.JoinHostPort(c.Host, c.Port))
	})
	if err != nil || c.TLS == nil {
		return conn, err
	}
	secure := tls.Client(conn, c.TLS)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}

// RoundTrip sends one request over a connection of its own, directly: the agent's proxy is not for
// scripts.
func (n hostNetwork) RoundTrip(r *http.Request, via script.Connection) (*http.Response, error) {
	t := &http.Transport{
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeaderBytes,
		TLSClientConfig:        via.TLS,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			plain := via
			plain.TLS = nil // the transport negotiates
			return n.Dial(ctx, plain)
		},
	}
	return t.RoundTrip(r)
}

// Resolve asks the host's resolver, as any program would.
func (hostNetwork) Resolve(ctx context.Context, name, recordType string) ([]string, error) {
	return within(ctx, func() ([]string, error) { return lookUp(ctx, net.DefaultResolver, name, recordType) })
}

// recordTypes are those that Resolve looks up.
func recordTypes() []string {
	return []string{"ANY", "A", "AAAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT"}
}

func lookUp(ctx context.Context, r *net.Resolver, name, recordType string) (records []string, err error) {
	switch recordType {
	case "ANY", "A", "AAAA":
		network := map[string]string{"ANY": "ip", "A": "ip4", "AAAA": "ip6"}[recordType]
		all, err := r.LookupNetIP(ctx, network, name)
		for _, a := range all {
			records = append(records, a.Unmap().String())
		}
		slices.Sort(records)
		return records, err
	case "CNAME":
		target, err := r.LookupCNAME(ctx, name)
		return []string{target}, err
	case "MX":
		all, err := r.LookupMX(ctx, name)
		for _, mx := range all {
			records = append(records, fmt.Sprint(mx.Pref, " ", mx.Host))
		}
		return records, err
	case "NS":
		all, err := r.LookupNS(ctx, name)
		for _, ns := range all {
			records = append(records, ns.Host)
		}
		slices.Sort(records)
		return records, err
	case "PTR":
		records, err = r.LookupAddr(ctx, name)
		slices.Sort(records)
		return records, err
	case "SRV":
		_, all, err := r.LookupSRV(ctx, "", "", name)
		for _, s := range all {
			records = append(records, fmt.Sprint(s.Priority, " ", s.Weight, " ", s.Port, " ", s.Target))
		}
		return records, err
	case "TXT":
		return r.LookupTXT(ctx, name)
	}
	return nil, fmt.Errorf("unknown type of record %q; there are %s", recordType, strings.Join(recordTypes(), ", "))
}
