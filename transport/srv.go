package transport

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// maxTargets bounds the targets of one SRV name; more are ignored.
const maxTargets = 16

// A target is one address to dial.
type target struct {
	label      string // as in an Attempt
	address    string // host:port
	serverName string // the name that its certificate must have
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
	ctx, cancel := d.withConnectTimeout(ctx)
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
		err = fmt.Errorf("%w: %w", ErrUnreachable, shortNetError(ctx, err))
		if proxy, err2 := d.proxyFor(net.JoinHostPort(srvDomain(endpoint), "443")); err2 != nil || proxy != (Proxy{}) {
			err = &srvError{err}
		}
		return nil, err
	}
	var targets []target
	for _, r := range records {
		host := strings.TrimSuffix(r.Target, ".")
		if host == "" || r.Port == 0 || len(targets) == maxTargets { // "." means that there is no such service (RFC 2782)
			continue
		}
		address := net.JoinHostPort(host, strconv.Itoa(int(r.Port)))
		targets = append(targets, target{endpoint + " (" + address + ")", address, d.srvName(endpoint, host)})
	}
	if len(targets) == 0 {
		return nil, fmt.Errorf("%w: the SRV record has no target", ErrUnreachable)
	}
	return targets, nil
}

// srvName returns the name that a target's certificate must have. DNS is not trusted: a forged record
// could lead to another host, with a certificate for its own name that the system's roots accept.
// So a target outside the record's domain needs a certificate for that domain (RFC 6125, 6.2.1).
// With a CA file or a pin, another host has no accepted certificate.
func (d *Dialer) srvName(name, host string) string {
	if d.TLS.CAFile != "" || len(d.TLS.Pins) > 0 {
		return host
	}
	domain := srvDomain(name)
	lower, below := strings.ToLower(host), "."+strings.ToLower(domain)
	if domain == "" || "."+lower == below || strings.HasSuffix(lower, below) {
		return host
	}
	return domain
}

// srvDomain returns the domain of an SRV name: what follows the labels that begin with "_".
func srvDomain(name string) string {
	domain := strings.TrimSuffix(name, ".")
	for strings.HasPrefix(domain, "_") {
		_, domain, _ = strings.Cut(domain, ".")
	}
	return domain
}

// An srvError is a failed SRV lookup on a host that reaches endpoints through a proxy.
type srvError struct{ err error }

func (e *srvError) Error() string { return e.err.Error() }
func (e *srvError) Unwrap() error { return e.err }

// Hint returns the next step.
func (e *srvError) Hint() string {
	return "a proxy resolves host names, not SRV records, which need DNS on this host; " +
		"name the endpoint as host:port, which the proxy resolves"
}
