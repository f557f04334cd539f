package remote

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

// agentProxy is the value of the detail proxy that means the agent's own setting.
const agentProxy = "agent"

// readProxy gives "" (none), agentProxy or a proxy's URL.
func readProxy(d schedule.Details) (string, error) {
	text, err := collect.OptionalText(d, "proxy")
	if err != nil || text == "" || text == agentProxy {
		return text, err
	}
	if _, err := parseProxy(text); err != nil {
		return "", fmt.Errorf("detail %q is %w", "proxy", err)
	}
	return text, nil
}

// parseProxy reads a proxy's URL, http where it names no scheme; its error does not quote it, as a password may be in it.
func parseProxy(text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || len(text) > maxURLBytes {
		return nil, fmt.Errorf("neither %q nor a URL such as http://proxy.example.com:3128", agentProxy)
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return u, nil
	}
	return nil, fmt.Errorf("a URL of %.16q, not of http, https or socks5", u.Scheme)
}

// proxyFor gives the proxy through which a URL is asked for; nil: none.
func (c httpCheck) proxyFor(setting string, u *url.URL) (*url.URL, error) {
	if setting == agentProxy {
		if c.proxy == nil {
			return nil, nil
		}
		text, err := c.proxy(net.JoinHostPort(u.Hostname(), portOf(u)))
		if err != nil {
			return nil, fmt.Errorf("finding the agent's proxy: %w", err)
		}
		setting = text
	}
	if setting == "" {
		return nil, nil
	}
	via, err := parseProxy(setting)
	if err != nil {
		return nil, fmt.Errorf("the proxy is %w", err)
	}
	return via, nil
}

// secureProxy talks TLS with a proxy, whose certificate must be in order: it may be sent a password and is not what the
// check looks at. Trusted are the system's authorities and, where there are any, roots.
func secureProxy(ctx context.Context, conn net.Conn, host string, roots *x509.CertPool, now time.Time) (net.Conn, error) {
	secured := tls.Client(conn, &tls.Config{
		ServerName:         host,
		InsecureSkipVerify: true, // not skipped
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 {
				return errors.New("it showed no certificate")
			}
			fault := faults(state.PeerCertificates, host, nil, now)
			if fault != "" && roots != nil {
				fault = faults(state.PeerCertificates, host, roots, now)
			}
			if fault != "" {
				return errors.New(fault)
			}
			return nil
		},
	})
	if err := secured.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secured, nil
}

// asTunnelled is the proxy for net/http where TLS with it is already spoken.
func asTunnelled(via *url.URL) *url.URL {
	if via.Scheme != "https" {
		return via
	}
	u := *via
	u.Scheme, u.Host = "http", net.JoinHostPort(via.Hostname(), portOf(via))
	return &u
}

// What net/http calls the steps that fail on the proxy's account: connecting to it (with TLS, where it is
// reached so), and asking it for a connection by SOCKS.
const (
	proxyStep = "proxyconnect"
	socksStep = "socks connect"
)

// socksCause is in plain words what net/http, which has only texts for it, says of a SOCKS proxy.
func socksCause(err error) error {
	text := err.Error()
	refused, isReply := strings.CutPrefix(text, "unknown error ") // an answer of RFC 1928, section 6
	switch {
	case isReply:
		return fmt.Errorf("the proxy does not connect: %s", refused)
	case text == "no acceptable authentication methods":
		return errors.New("the proxy wants a login")
	case text == "username/password authentication failed":
		return errors.New("the proxy does not take this user and password")
	case text == "invalid username/password":
		return errors.New("the proxy wants a user and a password of 1 to 255 bytes each")
	case strings.HasPrefix(text, "unexpected protocol version"), strings.HasPrefix(text, "unknown address type"),
		strings.HasPrefix(text, "unsupported authentication method"), text == "invalid username/password version", text == "non-zero reserved field":
		return errors.New("the proxy does not speak SOCKS 5")
	}
	return fmt.Errorf("the proxy: %w", cause(err))
}

// portOf is the port that a URL leads to.
func portOf(u *url.URL) string {
	switch port := u.Port(); {
	case port != "":
		return port
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}
