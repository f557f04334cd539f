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

	"virgo/schedule/policy"
)

// maxHostShown is how much of a host's name is in a status, which has 256 characters and must also
// name the cause.
const maxHostShown = 100

// describeError returns an error whose text is the status: what was being done, and why it failed.
// If the context is done, the error is its cause, whatever err is, so that the runner recognizes
// it. Text from a server is not quoted, because it may repeat secrets that were sent to it.
func describeError(ctx context.Context, doing string, err error) error {
	doing = sanitize(doing, maxHostShown+len("starting TLS with https://:65535"))
	if done := ctx.Err(); done != nil {
		return fmt.Errorf("%s: %w", doing, done)
	}
	var refused *policy.RefusedError
	if errors.As(err, &refused) {
		return refused
	}
	return fmt.Errorf("%s: %w", doing, plainCause(err))
}

var (
	errClosed  = errors.New("the server closed the connection without a response")
	errNotTLS  = errors.New("the server does not speak TLS")
	errNotHTTP = errors.New("the response is not HTTP")
	errGoAway  = errors.New("the server ended the HTTP/2 connection")
)

// plainCause returns the innermost informative error, in plainer words than the library's.
func plainCause(err error) error {
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
	case errors.Is(err, errNoRetry):
		return errNoRetry
	case errors.As(err, &op) && op.Op == proxyStep:
		return fmt.Errorf("the proxy: %w", plainCause(op.Err))
	case errors.As(err, &op) && op.Op == socksStep:
		return socksCause(op.Err)
	case errors.As(err, &name) && name.IsNotFound:
		return fmt.Errorf("no such host: %.64q", name.Name)
	case errors.As(err, &name) && name.IsTimeout:
		return fmt.Errorf("no name server replied for %.64q", name.Name)
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
		return errGoAway
	case contains("server response headers exceeded"), contains("response header list larger"):
		return fmt.Errorf("the response's headers are longer than %d bytes", maxHeaderBytes)
	case errors.As(err, &op) && op.Err != nil:
		return op.Err
	}
	return err
}
