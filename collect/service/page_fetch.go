package service

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
)

const (
	// maxPageBytes is the longest page; a longer one is an error.
	maxPageBytes = 1 << 20
	// maxHeaderBytes is the limit for what precedes the page.
	maxHeaderBytes = 64 << 10
)

// fetch requests the page over a new connection, without a proxy, and does not follow redirects. It
// does not use http.Transport, whose goroutines outlive the response for a moment, and which prints
// unsolicited responses of a server on standard error.
func (p page) fetch(ctx context.Context) ([]byte, error) {
	if p.network != "unix" { // whose path is decided on when it is connected to
		if err := p.guard.URL(p.url); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header = p.header.Clone()
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "virgo")
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	if p.username != "" || p.password != "" {
		req.SetBasicAuth(p.username, p.password)
	}
	req.Close = true
	conn, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	_ = req.Write(conn) // as in writeRequest
	limited := &limitedReader{conn, maxHeaderBytes + maxPageBytes}
	resp, err := readResponse(bufio.NewReader(limited), req)
	if err != nil {
		return nil, limited.cause(err)
	}
	defer resp.Body.Close()
	if err := p.responseError(resp); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || limited.left == 0 {
		return nil, limited.cause(err)
	}
	return withoutMark(body), nil
}

// withoutMark returns a text without a byte order mark, which RFC 8259 lets readers ignore. One that
// says so is decoded from UTF-16.
func withoutMark(body []byte) []byte {
	if bytes.HasPrefix(body, []byte{0xff, 0xfe}) || bytes.HasPrefix(body, []byte{0xfe, 0xff}) {
		return []byte(decodePowerShell(body))
	}
	return bytes.TrimPrefix(body, []byte("\ufeff"))
}

// readResponse reads the final response, behind interim ones (RFC 9110, section 15.2).
func readResponse(r *bufio.Reader, req *http.Request) (*http.Response, error) {
	for {
		resp, err := http.ReadResponse(r, req)
		if err != nil || resp.StatusCode/100 != 1 || resp.StatusCode == http.StatusSwitchingProtocols {
			return resp, err
		}
	}
}

// A limitedReader ends after left bytes.
type limitedReader struct {
	io.Reader
	left int
}

func (l *limitedReader) Read(p []byte) (int, error) {
	if l.left == 0 {
		return 0, io.EOF
	}
	n, err := l.Reader.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

// cause distinguishes a failed connection from responses that are too long or not HTTP, for which
// net/http has no error types.
func (l *limitedReader) cause(err error) error {
	var network net.Error
	switch {
	case l.left == 0:
		return &tooLongError{maxHeaderBytes + maxPageBytes}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &network):
		return err
	}
	return &protocolError{protocol: "HTTP"}
}

// responseError returns the status for a response without the page.
func (p page) responseError(resp *http.Response) error {
	switch {
	case resp.StatusCode/100 == 2:
		return nil
	case resp.StatusCode == http.StatusUnauthorized:
		return authenticationError(p.server, nil)
	}
	text := fmt.Sprintf("HTTP status %d from %s", resp.StatusCode, p.displayURL())
	if reason := http.StatusText(resp.StatusCode); reason != "" {
		text = fmt.Sprintf("HTTP status %d (%s) from %s", resp.StatusCode, reason, p.displayURL())
	}
	if where, err := resp.Location(); err == nil {
		where.RawQuery, where.Fragment = "", ""
		text += ", which redirects to " + where.Redacted()
	}
	return &statusError{text, nil}
}
