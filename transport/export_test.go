package transport

import (
	"bytes"
	"io"
	"strings"
	"time"
)

// What the tests of PROTOCOL.md compare with its examples. They are in package transport_test,
// because package transporttest, which reads the file, imports this one.
var (
	AppendHello     = (*Identity).appendHello
	AppendHeartbeat = appendHeartbeat
	ParseWelcome    = parseWelcome
	HelloError      = helloError
	SessionError    = sessionError
)

// MultiParams returns the params of a frame with the posts; compressed if compress is not nil.
func MultiParams(posts []Post, compress func(dst, src []byte) []byte) []byte {
	var m multi
	if compress == nil {
		return m.plain(posts)
	}
	return m.compressed(posts, compress)
}

// ParseMultiResult returns the outcomes of a frame's results.
func ParseMultiResult(keys []uint64, result []byte) ([]Outcome, error) {
	return parseMultiResult(nil, keys, result, func(*Error) {})
}

// UnexportedLimits are the limits of PROTOCOL.md that have no exported name, in its units.
var UnexportedLimits = map[string]int64{
	"maxRequestBytes":        maxRequestBytes,
	"maxUnexpectedResponses": maxUnexpectedResponses,
	"maxMessageBytes":        maxMessageBytes,
	"maxTypeBytes":           maxTypeBytes,
	"maxFeatures":            maxFeatures,
	"maxInterval":            int64(maxInterval / time.Second),
	"maxTargets":             maxTargets,
}

// ClockOffsetOf returns what a session makes of a heartbeat's result that arrives when it was sent.
func ClockOffsetOf(sent time.Time, result []byte) (time.Duration, bool) {
	s := &Session{opt: SessionOptions{Now: func() time.Time { return sent }}}
	s.takeClock(sent, result)
	return s.ClockOffset()
}

// ConnectRequest returns what is sent to an HTTP proxy that agrees.
func ConnectRequest(p Proxy, address string) (string, error) {
	var sent bytes.Buffer
	conn := struct {
		io.Reader
		io.Writer
	}{strings.NewReader("HTTP/1.1 200 OK\r\n\r\n"), &sent}
	_, err := p.connect(conn, address)
	return sent.String(), err
}
