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
	// window bounds what an HTTP/2 server may send ahead of what was read.
	window = 128 << 10
	// buffer of a connection, either way.
	buffer = 4 << 10
)

// An exchange is one request and its answer.
type exchange struct {
	response *http.Response
	times    timing
	// shown is the certificate of an https server; its leaf is nil for http.
	shown certificate
	stop  func()
}

// close ends the exchange's connection.
func (x *exchange) close() {
	if x.response != nil {
		x.response.Body.Close()
	}
	x.stop()
}

// A message is one request to make.
type message struct {
	url     *url.URL
	method  string
	headers []member
	payload string
	// authorization is the header that answers a 401; empty: none was answered.
	authorization string
}

// request makes the message one of net/http.
func (m message) request(ctx context.Context) (*http.Request, error) {
	var payload io.Reader
	if m.payload != "" {
		payload = strings.NewReader(m.payload)
	}
	r, err := http.NewRequestWithContext(ctx, m.method, m.url.String(), payload)
	if err != nil {
		return nil, err
	}
	// What is encoded is decoded here, so that a small body that becomes a large one is bounded.
	r.Header.Set("Accept-Encoding", "gzip, deflate")
	r.Header.Set("User-Agent", userAgent)
	for _, h := range m.headers {
		if strings.EqualFold(h.key, "Host") {
			r.Host = h.value
			continue
		}
		r.Header.Set(h.key, h.value)
	}
	if m.authorization != "" {
		r.Header.Set("Authorization", m.authorization)
	}
	return r, nil
}

// send makes one request on a connection of its own and waits for the answer's headers. The caller closes the exchange.
func (c httpCheck) send(ctx context.Context, q question, m message, now time.Time) (*exchange, error) {
	x := &exchange{}
	via, err := c.proxyFor(q.proxy, m.url)
	if err != nil {
		return nil, err
	}
	traced := x.times.trace(ctx)
	line, stop := until(ctx)
	x.stop = stop
	transport := newTransport()
	transport.DialContext = func(_ context.Context, _, address string) (net.Conn, error) {
		to, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		if q.instead != "" && sameOrigin(q.url, m.url) {
			to = q.instead
		}
		// Within the context of the check and not the transport's, which outlives the request.
		conn, err := line.open(func() (net.Conn, error) { return dial(traced, "tcp", q.only, to, port) })
		if err != nil || via == nil || via.Scheme != "https" {
			return conn, err
		}
		return secureProxy(traced, conn, via.Hostname(), q.trust.RootCAs, now)
	}
	transport.TLSClientConfig = look(q.trustFor(m.url), now, func(seen certificate) error {
		x.shown = seen
		if m.authorization != "" && seen.fault != "" && !q.anybody { // another one than asked for the login
			return notSent(seen.fault)
		}
		return nil
	})
	if via != nil {
		transport.Proxy = http.ProxyURL(asTunnelled(via))
		transport.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
			if answer.StatusCode != http.StatusOK { // its words are anybody's
				return fmt.Errorf("the proxy answers %03d %s", answer.StatusCode, http.StatusText(answer.StatusCode))
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
		return nil, failure(ctx, m.method+" "+m.url.Scheme+"://"+cut(m.url.Host, maxPlaceBytes), err)
	}
	return x, nil
}

// newTransport is one for a single request: nothing is kept, and little is buffered.
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

// sameOrigin says whether what is meant for one URL may be sent to the other: the same scheme, host and port, or
// http's standard port and then https's of the same host.
func sameOrigin(of, to *url.URL) bool {
	if !strings.EqualFold(of.Hostname(), to.Hostname()) {
		return false
	}
	if of.Scheme == "http" && portOf(of) == "80" && to.Scheme == "https" && portOf(to) == "443" {
		return true
	}
	return of.Scheme == to.Scheme && portOf(of) == portOf(to)
}
