package remote

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
)

// maxPlaceBytes of a host's name are in a status, which has room for 256 characters and must also say what went wrong.
const maxPlaceBytes = 100

// failure is an error as a person reads it: what was being done and why it failed. A context that is done is
// the reason whatever the error says, so that the runner sees it. What a server sent is not quoted,
// since it may hold what was sent to it.
func failure(ctx context.Context, doing string, err error) error {
	doing = cut(doing, maxPlaceBytes+len("starting TLS with https://:65535"))
	if done := ctx.Err(); done != nil {
		return fmt.Errorf("%s: %w", doing, done)
	}
	return fmt.Errorf("%s: %w", doing, cause(err))
}

var (
	errClosed   = errors.New("the server closed the connection without an answer")
	errNotTLS   = errors.New("the server does not speak TLS")
	errNotHTTP  = errors.New("the answer is not HTTP")
	errGoneAway = errors.New("the server ended the HTTP/2 connection")
)

// cause is the innermost error that tells something, in plain words where the library's are not.
func cause(err error) error {
	var (
		name     *net.DNSError
		call     *os.SyscallError
		record   tls.RecordHeaderError
		alert    tls.AlertError
		op       *net.OpError
		text     = err.Error()
		contains = func(s string) bool { return strings.Contains(text, s) }
	)
	switch {
	case errors.Is(err, errBrokenOff):
		return errBrokenOff
	case errors.As(err, &op) && op.Op == proxyStep:
		return fmt.Errorf("the proxy: %w", cause(op.Err))
	case errors.As(err, &op) && op.Op == socksStep:
		return socksCause(op.Err)
	case errors.As(err, &name) && name.IsNotFound:
		return fmt.Errorf("there is no host %.64q", name.Name)
	case errors.As(err, &name) && name.IsTimeout:
		return fmt.Errorf("no name server answers for %.64q", name.Name)
	case errors.As(err, &name):
		return fmt.Errorf("looking up %.64q: %s", name.Name, name.Err)
	case errors.As(err, &call):
		return call.Err
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return errNotTLS
	case errors.As(err, &alert):
		return fmt.Errorf("the TLS handshake failed: %w", alert)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		contains("client conn could not be established"):
		return errClosed
	case contains("malformed"), contains("invalid header"), contains("bad Content-Length"),
		contains("PROTOCOL_ERROR"), contains("unexpected EOF"):
		return errNotHTTP
	case contains("GOAWAY"):
		return errGoneAway
	case contains("server response headers exceeded"), contains("response header list larger"):
		return fmt.Errorf("the answer's headers are longer than %d bytes", maxHeaderBytes)
	case errors.As(err, &op) && op.Err != nil:
		return op.Err
	}
	return err
}
