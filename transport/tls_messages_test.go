package transport_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/transport"
	"virgo/transport/transporttest"
)

// The message for every kind of bad certificate, at a clock of 2000-01-01.
func TestCertificateErrorMessages(t *testing.T) {
	other, err := transporttest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	day := func(y int) time.Time { return time.Date(y, 2, 3, 4, 5, 6, 0, time.UTC) }
	zeroPin := "sha256:" + strings.Repeat("00", 32)
	byOther := transport.TLSConfig{CAFile: caFile(t, other)}
	const pinHint = "give the CA file, or, once the endpoint's owner has confirmed it, this pin: PIN"
	for _, c := range []struct {
		name  string
		cert  transporttest.Certificate
		trust *transport.TLSConfig // nil for the endpoint's authority
		want  string
		hint  string
	}{
		{"expired", transporttest.Certificate{NotAfter: day(1999)}, nil,
			"the certificate of e.example expired on 1999-02-03 04:05 UTC, and this host's clock says 2000-01-01 00:00 UTC",
			"renew it, or set this host's clock if that is wrong"},
		{"not yet valid", transporttest.Certificate{NotBefore: day(2000)}, nil,
			"the certificate of e.example is valid from 2000-02-03 04:05 UTC, and this host's clock says 2000-01-01 00:00 UTC",
			"set this host's clock"},
		{"wrong name", transporttest.Certificate{Names: []string{"a.example", "b.example", "10.0.0.1"}}, nil,
			`the certificate is for "a.example", "b.example", 10.0.0.1, not for "e.example"`,
			"name the endpoint as its certificate does, or set the server name to expect"},
		{"many wrong names", transporttest.Certificate{Names: strings.Fields("a b c d e f g h")}, nil,
			`the certificate is for "a", "b", "c", "d", "e" and 3 more, not for "e.example"`,
			"name the endpoint as its certificate does, or set the server name to expect"},
		{"self-signed", transporttest.Certificate{SelfSigned: true, Names: []string{"e.example"}}, nil,
			"the certificate of e.example is self-signed", pinHint},
		{"unknown authority", transporttest.Certificate{Names: []string{"e.example"}}, &byOther,
			`the certificate of e.example is signed by "CN=transporttest authority", which is not trusted`, pinHint},
		{"wrong pin", transporttest.Certificate{}, &transport.TLSConfig{Pins: []string{zeroPin, zeroPin}},
			"the public key of e.example is PIN, which is not pinned",
			"ask the endpoint's owner for its pin; if the key was changed on purpose, pin the new one"},
	} {
		synctest.Test(t, func(t *testing.T) {
			e := newEndpoint(t, transporttest.Script{})
			cert, err := e.Authority.Issue(c.cert)
			if err != nil {
				t.Fatal(err)
			}
			e.Show(cert)
			trust := c.trust
			if trust == nil {
				trust = &transport.TLSConfig{CAFile: caFile(t, e.Authority)}
			}
			d := transport.Dialer{
				Endpoints: []string{"e.example:443"}, TLS: *trust,
				DialContext: func(context.Context, string, string) (net.Conn, error) {
					client, server := transporttest.Link(0, 0)
					go e.ServeTLS(server)
					return client, nil
				},
			}
			_, _, err = d.Dial(t.Context())
			pin := transporttest.Pin(cert)
			wantTLS(t, c.name, err, strings.ReplaceAll(c.want, "PIN", pin), strings.ReplaceAll(c.hint, "PIN", pin))
		})
	}
}

// The messages for alerts that are not about a certificate.
func TestAlertErrorMessages(t *testing.T) {
	e := newEndpoint(t, transporttest.Script{})
	trust := transport.TLSConfig{Pins: []string{e.Pin()}}
	for _, c := range []struct {
		conf       *tls.Config
		want, hint string
	}{
		{&tls.Config{Certificates: []tls.Certificate{}, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, nil }},
			"127.0.0.1 does not know that host name", "name the endpoint as its certificate does, or set the server name to expect"},
		{&tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, errors.New("not today") }},
			"127.0.0.1 refused TLS: internal error", ""},
	} {
		wantTLS(t, c.want, session(t, serveTLS(t, e, c.conf), trust), c.want, c.hint)
	}
}
