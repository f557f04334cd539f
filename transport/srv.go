package transport

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// maxTargets bounds how many hosts one SRV name may lead to.
const maxTargets = 16

// A target is one address to dial.
type target struct {
	label      string // for a person
	address    string // host:port
	serverName string // what its certificate must be for
}

func (d *Dialer) targets(ctx context.Context, endpoint string) ([]target, error) {
	if !strings.HasPrefix(endpoint, "_") {
		host, port, err := net.SplitHostPort(endpoint)
		if err == nil && (host == "" || port == "") {
			err = fmt.Errorf("host or port is missing")
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %q is not host:port", ErrNoEndpoint, endpoint)
		}
		return []target{{endpoint, endpoint, host}}, nil
	}
	ctx, cancel := d.attempt(ctx)
	defer cancel()
	lookup := d.LookupSRV
	if lookup == nil {
		lookup = func(ctx context.Context, name string) ([]*net.SRV, error) {
			_, records, err := net.DefaultResolver.LookupSRV(ctx, "", "", name)
			return records, err
		}
	}
	records, err := lookup(ctx, endpoint)
	if err != nil && len(records) == 0 {
		err = fmt.Errorf("%w: %w", ErrUnreachable, plain(ctx, err))
		if proxy, err2 := d.proxyFor(net.JoinHostPort(srvDomain(endpoint), "443")); err2 != nil || proxy != (Proxy{}) {
			err = &srvError{err}
		}
		return nil, err
	}
	var targets []target
	for _, r := range records {
		host := strings.TrimSuffix(r.Target, ".")
		if host == "" || r.Port == 0 || len(targets) == maxTargets { // "." says: no such service (RFC 2782)
			continue
		}
		address := net.JoinHostPort(host, strconv.Itoa(int(r.Port)))
		targets = append(targets, target{endpoint + " (" + address + ")", address, d.srvName(endpoint, host)})
	}
	if len(targets) == 0 {
		return nil, fmt.Errorf("%w: the SRV record names no host", ErrUnreachable)
	}
	return targets, nil
}

// srvName gives the name that a target's certificate must be for. DNS is not to be trusted: under the
// system's roots, a forged record that led to a stranger's host would find a valid certificate there. So
// a target outside of the record's own domain must hold a certificate for that domain (RFC 6125, 6.2.1).
// With a CA file or a pin, the stranger has none.
func (d *Dialer) srvName(name, host string) string {
	if d.TLS.CAFile != "" || len(d.TLS.Pins) > 0 {
		return host
	}
	domain := srvDomain(name)
	if lower := strings.ToLower(host); domain == "" || lower == strings.ToLower(domain) || strings.HasSuffix(lower, "."+strings.ToLower(domain)) {
		return host
	}
	return domain
}

// srvDomain gives the domain whose record a name is.
func srvDomain(name string) string {
	domain := strings.TrimSuffix(name, ".")
	for strings.HasPrefix(domain, "_") {
		_, domain, _ = strings.Cut(domain, ".")
	}
	return domain
}

// An srvError is a lookup that failed on a host that reaches the endpoint through a proxy.
type srvError struct{ err error }

func (e *srvError) Error() string { return e.err.Error() }
func (e *srvError) Unwrap() error { return e.err }

// Hint says what a proxy cannot do.
func (e *srvError) Hint() string {
	return "a proxy looks up hosts, not SRV records: this needs DNS on this host; name the endpoint as host:port, which the proxy resolves"
}
