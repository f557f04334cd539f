package remote

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	userAgent = "virgo"
	// window is how much an HTTP/2 server may send before it is read.
	window = 128 << 10
	// buffer is the size of a connection's buffers.
	buffer = 4 << 10
)

// An exchange is a request and its response.
type exchange struct {
	response *http.Response
	times    timing
	// cert is the certificate of an https server; its leaf is nil for http.
	cert certificate
	stop func()
}

// close ends the exchange's connection.
func (x *exchange) close() {
	if x.response != nil {
		x.response.Body.Close()
	}
	x.stop()
}

// An httpMessage is a request to send.
type httpMessage struct {
	url     *url.URL
	method  string
	headers []keyValue
	payload string
	// cookies are those that servers have set in this check.
	cookies []*http.Cookie
	// authorization is the header for a login; empty before a 401.
	authorization string
}

// request returns the message as a request of net/http.
func (m httpMessage) request(ctx context.Context) (*http.Request, error) {
	var payload io.Reader
	if m.payload != "" {
		payload = strings.NewReader(m.payload)
	}
	r, err := http.NewRequestWithContext(ctx, m.method, m.url.String(), payload)
	if err != nil {
		return nil, err
	}
	// This package decodes, so that a small body that decodes to a large one is limited.
	r.Header.Set("Accept-Encoding", "gzip, deflate")
	r.Header.Set("User-Agent", userAgent)
	for _, h := range m.headers {
		if strings.EqualFold(h.key, "Host") {
			r.Host = h.value
			continue
		}
		r.Header.Set(h.key, h.value)
	}
	for _, c := range m.cookies { // beside those of the headers
		r.AddCookie(c)
	}
	if m.authorization != "" {
		r.Header.Set("Authorization", m.authorization)
	}
	return r, nil
}

// send sends a message on a new connection and waits for the response's headers. The caller closes
// the exchange.
func (c httpCheck) send(
	ctx context.Context, q httpRequest, m httpMessage, now time.Time,
) (*exchange, error) {
	if err := q.guard.URL(m.url); err != nil {
		return nil, err
	}
	x := &exchange{}
	proxy, err := c.proxyFor(q.proxy, m.url)
	if err != nil {
		return nil, err
	}
	guard := q.guard
	if proxy != nil && q.proxy == agentProxy {
		guard = nil // it is the owner's proxy, which connects in place of this host
	}
	traced := x.times.trace(ctx)
	single, stop := newSingleConn(ctx)
	x.stop = stop
	transport := newTransport()
	transport.DialContext = func(_ context.Context, _, address string) (net.Conn, error) {
		to, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		if q.connectTo != "" && sameOrigin(q.url, m.url) {
			to = q.connectTo
		}
		// The transport's context outlives the request, so this dials in the check's.
		conn, err := single.open(func() (net.Conn, error) {
			return dial(traced, guard, "tcp", q.only, to, port)
		})
		if err != nil || proxy == nil || proxy.Scheme != "https" {
			return conn, err
		}
		return secureProxy(traced, conn, proxy.Hostname(), q.trust.RootCAs, now)
	}
	transport.TLSClientConfig = reportingTLS(q.trustFor(m.url), now, func(seen certificate) error {
		x.cert = seen
		if m.authorization != "" && seen.fault != "" && !q.skipVerify { // on the login's connection
			return loginNotSent(seen.fault)
		}
		return nil
	})
	if proxy != nil {
		transport.Proxy = http.ProxyURL(withoutTLS(proxy))
		transport.OnProxyConnectResponse = func(
			_ context.Context, _ *url.URL, _ *http.Request, r *http.Response,
		) error {
			if r.StatusCode != http.StatusOK { // the proxy's own reason may contain secrets
				return fmt.Errorf("the proxy returned %03d %s", r.StatusCode, http.StatusText(r.StatusCode))
			}
			return nil
		}
	}
	request, err := m.request(traced)
	if err == nil {
		x.response, err = transport.RoundTrip(request)
	}
	if err != nil {
		x.close()
		host := sanitize(m.url.Host, maxHostShown)
		return nil, describeError(ctx, m.method+" "+m.url.Scheme+"://"+host, err)
	}
	return x, nil
}

// newTransport returns a transport for a single request, with small buffers.
func newTransport() *http.Transport {
	t := &http.Transport{
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeaderBytes,
		ReadBufferSize:         buffer,
		WriteBufferSize:        buffer,
		Protocols:              new(http.Protocols),
		HTTP2: &http.HTTP2Config{
			MaxReceiveBufferPerStream:     window,
			MaxReceiveBufferPerConnection: window,
			MaxReadFrameSize:              16 << 10,
		},
	}
	t.Protocols.SetHTTP1(true)
	t.Protocols.SetHTTP2(true)
	return t
}

// sameOrigin reports whether what is meant for one URL may be sent to the other: to the same
// scheme, host and port, or from http to https of the same host on the standard ports.
func sameOrigin(of, to *url.URL) bool {
	if !strings.EqualFold(of.Hostname(), to.Hostname()) {
		return false
	}
	if of.Scheme == "http" && portOf(of) == "80" && to.Scheme == "https" && portOf(to) == "443" {
		return true
	}
	return of.Scheme == to.Scheme && portOf(of) == portOf(to)
}
