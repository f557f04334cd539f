package renewal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"virgo/cmd/internal/link"
	"virgo/transport"
)

const (
	// maxHeaderBytes bounds what precedes a file.
	maxHeaderBytes = 32 << 10
	// idleTime is how long nothing may arrive.
	idleTime = 15 * time.Second
	// maxRetryAfter bounds what an endpoint asks for.
	maxRetryAfter = 24 * time.Hour
)

// A statusError is an answer without the file.
type statusError struct {
	code       int
	retryAfter time.Duration // 0: not asked for
	file       string
}

func (e *statusError) Error() string {
	text := fmt.Sprintf("HTTP status %d for %s", e.code, e.file)
	if reason := http.StatusText(e.code); reason != "" {
		text = fmt.Sprintf("HTTP status %d (%s) for %s", e.code, reason, e.file)
	}
	return text
}

// errAnotherFile is returned where the endpoint sends another file than it offered.
var errAnotherFile = errors.New("the endpoint sends another file than it offered")

// A source is where files are fetched from: the endpoint's port, over the same proxy and with the
// same pins as a session.
type source struct {
	dialer  transport.Dialer
	channel string
}

func newSource(l *link.Config) source {
	return source{
		dialer:  transport.Dialer{Endpoints: l.Endpoints, TLS: l.TLS, Proxy: l.Proxy, DialContext: l.DialContext},
		channel: l.BundleChannel,
	}
}

// An answer is a response whose body follows.
type answer struct {
	*http.Response
	conn    net.Conn
	limited *io.LimitedReader
	from    int64 // of the file at which the body begins
}

func (a *answer) Close() error { return a.conn.Close() }

// get requests a file from offset on. The connection is for this request alone. etag is the tag of
// the file that the bytes before the offset are of.
func (s source) get(ctx context.Context, file string, offset int64, etag string) (*answer, error) {
	conn, endpoint, err := s.dialer.Dial(ctx)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	a := &answer{conn: endingConn{conn, stop}, limited: &io.LimitedReader{N: maxHeaderBytes}}
	if err := s.request(ctx, a, endpoint, file, offset, etag); err != nil {
		conn.Close()
		if ctx.Err() != nil {
			err = fmt.Errorf("%w (%w)", err, context.Cause(ctx))
		}
		return nil, fmt.Errorf("fetching %s from %s: %w", file, endpoint, err)
	}
	return a, nil
}

func (s source) request(ctx context.Context, a *answer, endpoint, file string, offset int64, etag string) error {
	u := url.URL{Scheme: "https", Host: hostOf(endpoint), Path: "/upgrades/" + s.channel + "/" + file}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return err
	}
	req.Close = true
	req.Header.Set("User-Agent", "virgo")
	if offset > 0 {
		req.Header.Set("Range", "bytes="+strconv.FormatInt(offset, 10)+"-")
		req.Header.Set("If-Range", etag)
	}
	if err := a.conn.SetDeadline(time.Now().Add(idleTime)); err != nil {
		return err
	}
	if err := req.Write(a.conn); err != nil {
		return err
	}
	a.limited.R = idleReader{a.conn}
	r := bufio.NewReader(a.limited)
	if a.Response, err = http.ReadResponse(r, req); err != nil {
		if a.limited.N == 0 {
			return fmt.Errorf("the header of the answer has more than %d bytes", maxHeaderBytes)
		}
		return unexpectedEnd(err)
	}
	return a.check(file, offset)
}

// check returns an error unless the file follows, from the offset or from its beginning.
func (a *answer) check(file string, offset int64) error {
	switch {
	case a.StatusCode == http.StatusOK:
		return nil
	case a.StatusCode == http.StatusPartialContent && offset > 0:
		answered := a.Header.Get("Content-Range")
		rest, ok := strings.CutPrefix(answered, "bytes "+strconv.FormatInt(offset, 10)+"-")
		if !ok || strings.ContainsAny(rest, ", ") {
			return fmt.Errorf("asked for the bytes from %d on, the answer has %.64q", offset, answered)
		}
		a.from = offset
		return nil
	}
	e := &statusError{code: a.StatusCode, file: file}
	if seconds, err := strconv.Atoi(a.Header.Get("Retry-After")); err == nil && seconds > 0 {
		e.retryAfter = min(time.Duration(min(seconds, int(maxRetryAfter/time.Second)))*time.Second, maxRetryAfter)
	}
	return e
}

// copyTo copies the body, of which at most limit bytes are expected.
func (a *answer) copyTo(w io.Writer, limit int64) error {
	a.limited.N = limit + maxHeaderBytes // what the reader has already, and the frames of chunks
	n, err := io.Copy(w, io.LimitReader(a.Body, limit+1))
	switch {
	case n > limit:
		return errAnotherFile
	case err != nil:
		return unexpectedEnd(err)
	}
	return nil
}

// unexpectedEnd names an end that came too early.
func unexpectedEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: the connection ended too early", transport.ErrConnectionLost)
	}
	return err
}

// hostOf returns host and port of an endpoint as a Dialer names it: for the target of an SRV record
// they are in parentheses.
func hostOf(endpoint string) string {
	if _, target, ok := strings.Cut(endpoint, " ("); ok {
		return strings.TrimSuffix(target, ")")
	}
	return endpoint
}

// An idleReader ends a read for which nothing arrives.
type idleReader struct{ conn net.Conn }

func (r idleReader) Read(p []byte) (int, error) {
	if err := r.conn.SetReadDeadline(time.Now().Add(idleTime)); err != nil {
		return 0, err
	}
	return r.conn.Read(p)
}

// An endingConn stops watching a context when it is closed.
type endingConn struct {
	net.Conn
	stop func() bool
}

func (c endingConn) Close() error {
	c.stop()
	return c.Conn.Close()
}
