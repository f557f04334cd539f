package service

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestDescribeError(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	verify := func(err error) error { return &tls.CertificateVerificationError{Err: err} }
	for _, c := range []struct {
		err  error
		want string
	}{
		{dial(&net.DNSError{Err: "no such host", Name: "db.invalid", IsNotFound: true}), "No such host: db.invalid"},
		{dial(&net.DNSError{Err: "server misbehaving", Name: "db.invalid"}), "Could not look up the host db.invalid: server misbehaving"},
		{dial(os.NewSyscallError("connect", fs.ErrPermission)), "Permission denied to connect to db:1"},
		{dial(os.ErrDeadlineExceeded), "No answer from db:1"},
		{verify(x509.CertificateInvalidError{Reason: x509.Expired}), "TLS certificate of db:1 has expired or is not yet valid"},
		{verify(x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign}),
			"TLS certificate of db:1 is not trusted: x509: certificate is not authorized to sign other certificates"},
		{&net.OpError{Op: "remote error", Err: errors.New("tls: bad certificate")}, "TLS refused by db:1: bad certificate"},
		{fmt.Errorf("reading: %w", io.ErrUnexpectedEOF), "Connection closed by db:1"},
		{errors.New("some\r\nerror, s3cret and s3cret"), "Could not talk to db:1: some error, *** and ***"},
		{fmt.Errorf("wrapped: %w", &statusError{"Refused: s3cret", nil}), "Refused: ***"},
		{newProtocolError("a word", []byte("it is s3cret\x00")), `Answer of db:1 is not a word: "it is ***"`},
		{newProtocolError("a word", []byte(strings.Repeat("é", 30)+"s3cret"+strings.Repeat("é", 30))),
			`Answer of db:1 is not a word: "` + strings.Repeat("é", 30) + "***" + strings.Repeat("é", 7) + `…"`},
		{&tooLongError{5}, "Answer of db:1 is longer than 5 bytes"},
	} {
		err := describeError(t.Context(), "db:1", c.err, "", "s3", "s3cret")
		if err.Error() != c.want {
			t.Errorf("%v: %q, want %q", c.err, err, c.want)
		}
		if !errors.Is(err, c.err) && !errors.Is(c.err, errors.Unwrap(err)) {
			t.Errorf("%v is not wrapped", c.err)
		}
	}
	// A password that is a word of the sentence is not redacted, which would reveal it.
	for want, err := range map[string]error{
		invalidPassword: &statusError{invalidPassword, nil}, "Connection closed by password:1": io.EOF,
	} {
		if err := describeError(t.Context(), "password:1", err, "password", "closed"); err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
	}
	// Nor is it where words that are left would tell the ones that are missing.
	for secret, want := range map[string]string{
		"e": "Could not talk to db:1: ***", "denied": "Could not talk to db:1: ***", "for user": "Could not talk to db:1: Access denied *** 'root'",
		"root": "Could not talk to db:1: ***", "admin": "Could not talk to db:1: Access denied for user 'root'",
	} {
		if err := describeError(t.Context(), "db:1", errors.New("Access denied for user 'root'"), secret); err.Error() != want {
			t.Errorf("%q: %q, want %q", secret, err, want)
		}
	}
	if err := describeError(t.Context(), "db:1", nil); err != nil {
		t.Error(err)
	}
}

// TestDescribeTimeLimits: the limit of the detail timeout is named; that of the schedule or the run
// is the context's error.
func TestDescribeTimeLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := withTimeLimit(t.Context(), 1500*time.Millisecond)
		defer cancel()
		<-ctx.Done()
		err := describeError(ctx, "db:1", net.ErrClosed)
		if err.Error() != "No answer from db:1 within the time limit of 1.5 seconds" {
			t.Error(err)
		}
		outer, end := context.WithTimeout(t.Context(), time.Second)
		defer end()
		for _, own := range []time.Duration{0, time.Minute} {
			ctx, cancel := withTimeLimit(outer, own)
			defer cancel()
			<-ctx.Done()
			if err := describeError(ctx, "db:1", net.ErrClosed); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		}
	})
}
