package service

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"virgo/schedule/policy"
	"virgo/schedule/shorttext"
)

// Statuses after a failed login. CHECKS.md fixes the texts.
const (
	invalidPassword = "Could not authenticate. Invalid password."
	missingPassword = "Could not authenticate. Missing password?"
)

// A statusError is an error whose text is the status of a result: one sentence.
type statusError struct {
	text string
	err  error // the cause
}

func (e *statusError) Error() string { return e.text }
func (e *statusError) Unwrap() error { return e.err }

// A timeLimitError is the cause of a context that ended at the detail timeout.
type timeLimitError struct{ after time.Duration }

func (e *timeLimitError) Error() string {
	return "time limit of " + strconv.FormatFloat(e.after.Seconds(), 'f', -1, 64) + " seconds"
}

// A protocolError is returned when a server's reply is not of the expected protocol.
type protocolError struct {
	protocol string // what was expected: "the Redis protocol"
	received string // the beginning of the reply
}

func newProtocolError(protocol string, received []byte) error {
	const longest = 512 // more than quoteReceived shows, so that it finds secrets that it truncates
	return &protocolError{protocol, string(received[:min(len(received), longest)])}
}

func (e *protocolError) Error() string { return "not " + e.protocol }

// quoteReceived quotes the beginning of a server's reply, without secrets.
func quoteReceived(received string, secrets []string) string {
	const longest = 41 // characters
	return strconv.Quote(shorttext.Shorten(redact(received, secrets...), longest))
}

// A tooLongError is returned when a server's reply exceeds a limit.
type tooLongError struct{ limit int } // bytes

func (e *tooLongError) Error() string { return fmt.Sprintf("longer than %d bytes", e.limit) }

// describeError returns an error whose text is the status for err, which occurred with the server
// at address (host:port, path or URL), without secrets. ctx is from withTimeLimit; where the
// check's own time limit ended it, the error is the context's, as the caller of a check expects.
func describeError(ctx context.Context, address string, err error, secrets ...string) error {
	if err == nil {
		return nil
	}
	var refused *policy.RefusedError
	if errors.As(err, &refused) {
		return refused
	}
	var limit *timeLimitError
	switch cause := context.Cause(ctx); {
	case errors.As(cause, &limit):
		return &statusError{fmt.Sprintf("No answer from %s within the %v", address, limit), err}
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return &statusError{describe(address, err, secrets), err}
}

// describe redacts secrets in what it quotes, but not in its own text: the missing words would
// reveal a password that is one of them.
func describe(address string, err error, secrets []string) string {
	var (
		protocol  *protocolError
		tooLong   *tooLongError
		name      *net.DNSError
		known     *statusError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		noTLS     tls.RecordHeaderError
		op        *net.OpError
		timeout   net.Error
	)
	switch {
	case errors.As(err, &known) &&
		(strings.HasPrefix(known.text, "Could not authenticate. ") || strings.HasPrefix(known.text, notSent)):
		return known.text
	case errors.As(err, &known):
		return redact(known.text, secrets...)
	case errors.As(err, &protocol) && protocol.received != "":
		return "Answer of " + address + " is " + protocol.Error() + ": " + quoteReceived(protocol.received, secrets)
	case errors.As(err, &protocol):
		return "Answer of " + address + " is " + protocol.Error()
	case errors.As(err, &tooLong):
		return "Answer of " + address + " is " + tooLong.Error()
	case errors.As(err, &name) && name.IsNotFound:
		return "No such host: " + name.Name
	case errors.As(err, &name):
		return "Could not look up the host " + name.Name + ": " + redact(name.Err, secrets...)
	case isRefused(err):
		return "Connection refused by " + address
	case errors.Is(err, fs.ErrNotExist):
		return "No such socket: " + address
	case errors.Is(err, fs.ErrPermission):
		return "Permission denied to connect to " + address
	case isUnreachable(err):
		return "No route to " + address
	case errors.As(err, &authority):
		return "TLS certificate of " + address + " is not trusted: signed by an unknown authority"
	case errors.As(err, &hostname):
		return "TLS certificate of " + address + " is not for the name " + hostname.Host
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "TLS certificate of " + address + " has expired or is not yet valid"
	case errors.As(err, &verify):
		return "TLS certificate of " + address + " is not trusted: " + redact(verify.Err.Error(), secrets...)
	case errors.As(err, &noTLS):
		return address + " does not talk TLS"
	case errors.As(err, &op) && op.Op == "remote error": // how crypto/tls marks the peer's alerts
		return "TLS refused by " + address + ": " + redact(strings.TrimPrefix(op.Err.Error(), "tls: "), secrets...)
	case errors.As(err, &timeout) && timeout.Timeout():
		return "No answer from " + address
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), isReset(err):
		return "Connection closed by " + address
	}
	return "Could not talk to " + address + ": " + redact(err.Error(), secrets...)
}

// redact returns a text that may quote a server on one line and without secrets. Nothing stays of a
// text with a secret that is short or a word: what is missing of "R***fus***d" or of a sentence that
// the server is known for would show it.
func redact(text string, secrets ...string) string {
	// A secret must not be replaced within a longer one.
	byLength := func(a, b string) int { return cmp.Compare(len(b), len(a)) }
	for _, secret := range slices.SortedFunc(slices.Values(secrets), byLength) {
		switch {
		case secret == "" || !strings.Contains(text, secret):
		case isGuessable(secret):
			return "***"
		default:
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
}

// isGuessable reports whether a secret may be a part of a sentence that is not about it.
func isGuessable(secret string) bool {
	const shortest = 5
	return len(secret) < shortest || !strings.ContainsFunc(secret, func(r rune) bool { return !unicode.IsLetter(r) })
}
