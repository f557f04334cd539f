package api

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect/script"
	"virgo/schedule/policy"
)

// failNetwork returns the results of a function for an error of a connection: what the guard
// refused ends the script, as it named the host.
func failNetwork(c *script.Call, l *lua.LState, doing string, err error) int {
	if policy.IsRefusal(err) {
		return c.Refuse(l, refusal(err))
	}
	return c.Fail(l, fmt.Errorf("%s: %w", doing, plainCause(err)))
}

// refusal returns the guard's own error without what the network added.
func refusal(err error) error {
	var undeclared *policy.UndeclaredError
	if errors.As(err, &undeclared) {
		return undeclared
	}
	var refused *policy.RefusedError
	if errors.As(err, &refused) {
		return refused
	}
	return err
}

// plainCause returns what went wrong without addresses, which the message has already. What the
// other side sent is not repeated: it may hold secrets that were sent to it.
func plainCause(err error) error {
	var (
		name    *net.DNSError
		call    *os.SyscallError
		file    *os.PathError
		record  tls.RecordHeaderError
		unknown x509.UnknownAuthorityError
		invalid *tls.CertificateVerificationError
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return errors.New("no answer in time")
	case errors.As(err, &name) && name.IsNotFound:
		return fmt.Errorf("no such host: %.64q", name.Name)
	case errors.As(err, &name):
		return fmt.Errorf("looking up %.64q: %s", name.Name, name.Err)
	case errors.As(err, &call):
		return call.Err
	case errors.As(err, &file):
		return file.Err
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return errors.New("the server does not speak TLS")
	case errors.As(err, &unknown):
		return errors.New("the certificate is signed by an unknown authority")
	case errors.As(err, &invalid):
		return invalid.Err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return errors.New("the connection was closed")
	case strings.Contains(err.Error(), "malformed"), strings.Contains(err.Error(), "Content-Length"),
		strings.Contains(err.Error(), "unsupported transfer encoding"), strings.Contains(err.Error(), "invalid"):
		return errors.New("the answer is not HTTP")
	case strings.Contains(err.Error(), "server response headers exceeded"):
		return fmt.Errorf("the headers have more than %d bytes", maxHeaderBytes)
	}
	return err
}
