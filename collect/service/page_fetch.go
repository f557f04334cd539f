package service

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
)

const (
	// maxPageBytes bounds a page; what a server sends past it is an error.
	maxPageBytes = 1 << 20
	// maxHeaderBytes is the room for what comes before it.
	maxHeaderBytes = 64 << 10
)

// fetch asks for the page over a connection of its own: no proxy, no redirect, nothing kept. It goes without
// http.Transport, whose goroutines outlive the answer for a moment, and which prints what a server says unasked
// on the program's standard error.
func (p page) fetch(ctx context.Context) ([]byte, error) {
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
	_ = req.Write(conn) // as with tell, the answer says more
	answer := &capped{conn, maxHeaderBytes + maxPageBytes}
	resp, err := readResponse(bufio.NewReader(answer), req)
	if err != nil {
		return nil, answer.fault(err)
	}
	defer resp.Body.Close()
	if err := p.refusal(resp); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || answer.left == 0 {
		return nil, answer.fault(err)
	}
	return body, nil
}

// readResponse reads the answer, past those that come before it (RFC 9110, section 15.2).
func readResponse(r *bufio.Reader, req *http.Request) (*http.Response, error) {
	for {
		resp, err := http.ReadResponse(r, req)
		if err != nil || resp.StatusCode/100 != 1 || resp.StatusCode == http.StatusSwitchingProtocols {
			return resp, err
		}
	}
}

// A capped reader ends once left bytes were read.
type capped struct {
	io.Reader
	left int
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n, err := c.Reader.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// fault tells an answer that is too long or not HTTP, for which net/http has only texts, from a connection that
// failed.
func (c *capped) fault(err error) error {
	var network net.Error
	switch {
	case c.left == 0:
		return &tooLongError{maxHeaderBytes + maxPageBytes}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &network):
		return err
	}
	return &garbageError{protocol: "HTTP"}
}

// refusal is the sentence for an answer without the page.
func (p page) refusal(resp *http.Response) error {
	switch {
	case resp.StatusCode/100 == 2:
		return nil
	case resp.StatusCode == http.StatusUnauthorized:
		return unauthenticated(p.server, nil)
	}
	text := fmt.Sprintf("HTTP status %d from %s", resp.StatusCode, p.name())
	if reason := http.StatusText(resp.StatusCode); reason != "" {
		text = fmt.Sprintf("HTTP status %d (%s) from %s", resp.StatusCode, reason, p.name())
	}
	if where, err := resp.Location(); err == nil {
		where.RawQuery, where.Fragment = "", ""
		text += ", which names " + where.Redacted() + " instead"
	}
	return &faultError{text, nil}
}
