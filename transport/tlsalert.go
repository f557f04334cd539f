package transport

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"
)

// An alert is the number of a TLS alert of the peer (RFC 8446, 6).
type alert uint8

// The alerts that have a message of their own.
const (
	handshakeFailure       alert = 40
	badCertificate         alert = 42
	unsupportedCertificate alert = 43
	certificateRevoked     alert = 44
	certificateExpired     alert = 45
	certificateUnknown     alert = 46
	unknownAuthority       alert = 48
	accessDenied           alert = 49
	protocolVersion        alert = 70
	unrecognizedName       alert = 112
	certificateRequired    alert = 116
)

// alertOf returns the alert that the peer sent; false where err is not one. The number's type is
// unexported in crypto/tls.
func alertOf(err error) (alert, bool) {
	var remote *net.OpError
	if !errors.As(err, &remote) || remote.Op != "remote error" || remote.Err == nil {
		return 0, false
	}
	number := reflect.ValueOf(remote.Err)
	if number.Kind() != reflect.Uint8 {
		return 0, false
	}
	return alert(number.Uint()), true
}

// A clientCertUse is how this side used its client certificate.
type clientCertUse int

const (
	certNotRequested clientCertUse = iota
	certMissing
	certSent
)

// isAboutClient reports whether an alert must be about the client's certificate, given that the
// server's was accepted.
func (a alert) isAboutClient() bool {
	switch a {
	case badCertificate, unsupportedCertificate, certificateRevoked, certificateExpired,
		certificateUnknown, unknownAuthority, accessDenied, certificateRequired:
		return true
	}
	return false
}

// explain returns the message for an alert and the next step.
func (a alert) explain(host string, certUse clientCertUse, err error) (reason, hint string) {
	var remote *net.OpError
	said := "alert"
	if errors.As(err, &remote) {
		said = strings.TrimPrefix(remote.Err.Error(), "tls: ")
	}
	switch {
	case a == certificateRequired, certUse == certMissing && (a.isAboutClient() || a == handshakeFailure):
		return fmt.Sprintf("%s requires a client certificate, and none is configured", host),
			"ask the endpoint's owner for one, and name its file and its key's in the configuration"
	case certUse == certSent && a == certificateExpired:
		return fmt.Sprintf("%s says that this host's client certificate has expired, or is not valid yet", host),
			"renew it, or set the clock of whichever host is wrong"
	case certUse == certSent && a == certificateRevoked:
		return fmt.Sprintf("%s says that this host's client certificate is revoked", host),
			"ask the endpoint's owner for a new one"
	case certUse == certSent && a == unknownAuthority:
		return fmt.Sprintf("%s does not know the authority of this host's client certificate", host),
			"use a certificate that the endpoint's owner issued, or have its authority added there"
	case certUse == certSent && a.isAboutClient():
		return fmt.Sprintf("%s refused this host's client certificate: %s", host, said),
			"check that it was issued for this endpoint and for clients (extended key usage: client authentication)"
	case a == protocolVersion:
		return oldVersion(host)
	case a == unrecognizedName:
		return fmt.Sprintf("%s does not know that host name", host),
			"name the endpoint as its certificate does, or set the server name to expect"
	case a == handshakeFailure:
		return fmt.Sprintf("%s refused TLS: %s", host, said),
			"it may offer only insecure cipher suites; enable TLS 1.2 or later with ECDHE and AES-GCM there"
	}
	return fmt.Sprintf("%s refused TLS: %s", host, said), ""
}

func oldVersion(host string) (reason, hint string) {
	return fmt.Sprintf("%s supports neither TLS 1.2 nor 1.3", host), "enable TLS 1.2 or later on the endpoint"
}

// refusal explains a read error that is an alert about the client's certificate; false for another
// error. In TLS 1.3 the client's handshake ends before the server has verified its certificate, so
// that a refusal arrives instead of the first answer.
func refusal(conn net.Conn, err error) (*TLSError, bool) {
	a, ok := alertOf(err)
	if !ok || !a.isAboutClient() {
		return nil, false
	}
	e := &TLSError{Host: "the endpoint", Err: err}
	if t, ok := conn.(*tls.Conn); ok && t.ConnectionState().ServerName != "" { // empty for an address
		e.Host = t.ConnectionState().ServerName
	}
	e.Reason, e.hint = a.explain(e.Host, certSent, err)
	return e, true
}
