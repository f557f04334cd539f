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
)

// Statuses of a check that was not let in, as the existing agent words them.
const (
	invalidPassword = "Could not authenticate. Invalid password."
	missingPassword = "Could not authenticate. Missing password?"
)

// A faultError is what went wrong with a server, said in one sentence.
type faultError struct {
	text string
	err  error // what it was made of
}

func (e *faultError) Error() string { return e.text }
func (e *faultError) Unwrap() error { return e.err }

// A limitError is the cause of a context that ended at the detail timeout.
type limitError struct{ after time.Duration }

func (e *limitError) Error() string {
	return "time limit of " + strconv.FormatFloat(e.after.Seconds(), 'f', -1, 64) + " seconds"
}

// A garbageError is returned when what a server says is not of its protocol.
type garbageError struct {
	// protocol that was expected, for example "the Redis protocol".
	protocol string
	// said is the beginning of what came instead.
	said string
}

func newGarbage(protocol string, said []byte) error {
	const most = 512 // bytes kept; quote shows fewer, so that no part of a secret is left at the end
	return &garbageError{protocol, string(said[:min(len(said), most)])}
}

func (e *garbageError) Error() string { return "not " + e.protocol }

// quote is the beginning of what a server said, without secrets.
func quote(said string, secrets []string) string {
	const most = 40 // characters
	text := []rune(hide(said, secrets...))
	if len(text) > most {
		return strconv.Quote(string(text[:most]) + "…")
	}
	return strconv.Quote(string(text))
}

// A tooLongError is returned when a server's answer does not end.
type tooLongError struct{ most int } // bytes

func (e *tooLongError) Error() string { return fmt.Sprintf("longer than %d bytes", e.most) }

// fault says in a sentence what went wrong with the server that listens at address (host:port, path or URL).
// ctx is the one that was made by limit: where the check's own time was up the error is the context's, as the
// caller of a check expects. Secrets are hidden.
func fault(ctx context.Context, address string, err error, secrets ...string) error {
	if err == nil {
		return nil
	}
	var own *limitError
	switch cause := context.Cause(ctx); {
	case errors.As(cause, &own):
		return &faultError{fmt.Sprintf("No answer from %s within the %v", address, own), err}
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return &faultError{sentence(address, err, secrets), err}
}

// sentence hides secrets in what it quotes. Its own words stay as they are: a password that is one of them would
// be told by its absence.
func sentence(address string, err error, secrets []string) string {
	var (
		garbage   *garbageError
		tooLong   *tooLongError
		name      *net.DNSError
		known     *faultError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		noTLS     tls.RecordHeaderError
		op        *net.OpError
		timeout   net.Error
	)
	switch {
	case errors.As(err, &known) && strings.HasPrefix(known.text, "Could not authenticate. "):
		return known.text
	case errors.As(err, &known):
		return hide(known.text, secrets...)
	case errors.As(err, &garbage) && garbage.said != "":
		return "Answer of " + address + " is " + garbage.Error() + ": " + quote(garbage.said, secrets)
	case errors.As(err, &garbage):
		return "Answer of " + address + " is " + garbage.Error()
	case errors.As(err, &tooLong):
		return "Answer of " + address + " is " + tooLong.Error()
	case errors.As(err, &name) && name.IsNotFound:
		return "No such host: " + name.Name
	case errors.As(err, &name):
		return "Could not look up the host " + name.Name + ": " + hide(name.Err, secrets...)
	case refused(err):
		return "Connection refused by " + address
	case errors.Is(err, fs.ErrNotExist):
		return "No such socket: " + address
	case errors.Is(err, fs.ErrPermission):
		return "Permission denied to connect to " + address
	case unreachable(err):
		return "No route to " + address
	case errors.As(err, &authority):
		return "TLS certificate of " + address + " is not trusted: signed by an unknown authority"
	case errors.As(err, &hostname):
		return "TLS certificate of " + address + " is not for the name " + hostname.Host
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "TLS certificate of " + address + " has expired or is not yet valid"
	case errors.As(err, &verify):
		return "TLS certificate of " + address + " is not trusted: " + hide(verify.Err.Error(), secrets...)
	case errors.As(err, &noTLS):
		return address + " does not talk TLS"
	case errors.As(err, &op) && op.Op == "remote error": // as crypto/tls marks an alert of the other side
		return "TLS refused by " + address + ": " + hide(strings.TrimPrefix(op.Err.Error(), "tls: "), secrets...)
	case errors.As(err, &timeout) && timeout.Timeout():
		return "No answer from " + address
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), reset(err):
		return "Connection closed by " + address
	}
	return "Could not talk to " + address + ": " + hide(err.Error(), secrets...)
}

// hide puts a text that may quote a server into one line without secrets.
func hide(text string, secrets ...string) string {
	// A secret that begins another one comes after it.
	byLength := func(a, b string) int { return cmp.Compare(len(b), len(a)) }
	for _, secret := range slices.SortedFunc(slices.Values(secrets), byLength) {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
}
