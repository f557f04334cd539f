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

// agentProxy is the value of the detail proxy for the agent's proxy.
const agentProxy = "agent"

// readProxy returns "" (none), agentProxy or a proxy's URL.
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

// parseProxy parses a proxy's URL, whose default scheme is http. Its error does not quote the URL,
// which may contain a password.
func parseProxy(text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || len(text) > schedule.MaxURLBytes {
		return nil, fmt.Errorf("neither %q nor a URL such as http://proxy.example.com:3128", agentProxy)
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return u, nil
	}
	return nil, fmt.Errorf("a URL of %.16q, not of http, https or socks5", u.Scheme)
}

// proxyFor returns the proxy for a URL; nil: none.
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
	proxy, err := parseProxy(setting)
	if err != nil {
		return nil, fmt.Errorf("the proxy is %w", err)
	}
	return proxy, nil
}

// secureProxy starts TLS with a proxy. Its certificate must be trusted, since a password may be
// sent to it, by the system's authorities or by roots, which may be nil.
func secureProxy(
	ctx context.Context, conn net.Conn, host string, roots *x509.CertPool, now time.Time,
) (net.Conn, error) {
	secured := tls.Client(conn, &tls.Config{
		ServerName:         host,
		InsecureSkipVerify: true, // VerifyConnection verifies
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 {
				return errors.New("it has no certificate")
			}
			fault := certificateFaults(state.PeerCertificates, host, nil, now)
			if fault != "" && roots != nil {
				fault = certificateFaults(state.PeerCertificates, host, roots, now)
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

// withoutTLS returns the proxy's URL for net/http, over a connection on which TLS is started
// already.
func withoutTLS(proxy *url.URL) *url.URL {
	if proxy.Scheme != "https" {
		return proxy
	}
	u := *proxy
	u.Scheme, u.Host = "http", net.JoinHostPort(proxy.Hostname(), portOf(proxy))
	return &u
}

// The Op of net/http's errors for a failed connection to the proxy, and for a SOCKS request to it.
const (
	proxyStep = "proxyconnect"
	socksStep = "socks connect"
)

// socksCause returns net/http's error of a SOCKS proxy in plainer words; net/http has no error
// types for them.
func socksCause(err error) error {
	text := err.Error()
	reply, isReply := strings.CutPrefix(text, "unknown error ") // RFC 1928, section 6
	switch {
	case isReply:
		return fmt.Errorf("the proxy does not connect: %s", reply)
	case text == "no acceptable authentication methods":
		return errors.New("the proxy requires a login")
	case text == "username/password authentication failed":
		return errors.New("the proxy rejected the user and password")
	case text == "invalid username/password":
		return errors.New("the proxy requires a user and a password of 1 to 255 bytes each")
	case strings.HasPrefix(text, "unexpected protocol version"),
		strings.HasPrefix(text, "unknown address type"),
		strings.HasPrefix(text, "unsupported authentication method"),
		text == "invalid username/password version", text == "non-zero reserved field":
		return errors.New("the proxy does not speak SOCKS 5")
	}
	return fmt.Errorf("the proxy: %w", plainCause(err))
}

// portOf returns a URL's port, or its scheme's default.
func portOf(u *url.URL) string {
	switch port := u.Port(); {
	case port != "":
		return port
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}
