package transport

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"
)

// An alert is why the other side refused TLS (RFC 8446, 6).
type alert uint8

// The alerts that have a sentence of their own.
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

// alertOf gives the alert that the other side sent; false where the error is none. crypto/tls keeps the
// number in a type that it does not export.
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

// What this side did when it was asked for a client certificate.
type clientSide int

const (
	notAsked clientSide = iota
	hadNone
	showed
)

// isAboutClient says whether an alert can only be about the client's certificate, once the server's own
// has been accepted.
func (a alert) isAboutClient() bool {
	switch a {
	case badCertificate, unsupportedCertificate, certificateRevoked, certificateExpired, certificateUnknown, unknownAuthority, accessDenied, certificateRequired:
		return true
	}
	return false
}

// explain gives an alert its sentence and the next step.
func (a alert) explain(host string, did clientSide, err error) (reason, hint string) {
	var remote *net.OpError
	said := "alert"
	if errors.As(err, &remote) {
		said = strings.TrimPrefix(remote.Err.Error(), "tls: ")
	}
	switch {
	case a == certificateRequired, did == hadNone && (a.isAboutClient() || a == handshakeFailure):
		return fmt.Sprintf("%s wants a client certificate, and none is configured", host),
			"ask the endpoint's owner for one, and name its file and its key's in the configuration"
	case did == showed && a == certificateExpired:
		return fmt.Sprintf("%s says that this host's client certificate has expired, or is not valid yet", host),
			"renew it, or set the clock of whichever host is wrong"
	case did == showed && a == certificateRevoked:
		return fmt.Sprintf("%s says that this host's client certificate is revoked", host), "ask the endpoint's owner for a new one"
	case did == showed && a == unknownAuthority:
		return fmt.Sprintf("%s does not know the authority of this host's client certificate", host),
			"use a certificate that the endpoint's owner issued, or have its authority added there"
	case did == showed && a.isAboutClient():
		return fmt.Sprintf("%s refused this host's client certificate: %s", host, said),
			"check that it was issued for this endpoint and for clients (extended key usage: client authentication)"
	case a == protocolVersion:
		return oldVersion(host)
	case a == unrecognizedName:
		return fmt.Sprintf("%s knows no host by that name", host), "name the endpoint as its certificate does, or set the server name to expect"
	case a == handshakeFailure:
		return fmt.Sprintf("%s refused TLS: %s", host, said), "it may offer only ciphers that are no longer safe; let it speak TLS 1.2 with ECDHE and AES-GCM at least"
	}
	return fmt.Sprintf("%s refused TLS: %s", host, said), ""
}

func oldVersion(host string) (reason, hint string) {
	return fmt.Sprintf("%s speaks no version of TLS that is safe, 1.2 or 1.3", host), "let the endpoint speak TLS 1.2 at least"
}

// refusal gives the error of a read in a session that began well: in TLS 1.3 the client is done before
// the server has looked at its certificate, so that a refusal arrives in the place of the first answer.
// False where the error is another.
func refusal(conn net.Conn, err error) (*TLSError, bool) {
	a, ok := alertOf(err)
	if !ok || !a.isAboutClient() {
		return nil, false
	}
	e := &TLSError{Host: "the endpoint", Err: err}
	if t, ok := conn.(*tls.Conn); ok && t.ConnectionState().ServerName != "" { // empty for an address
		e.Host = t.ConnectionState().ServerName
	}
	e.Reason, e.hint = a.explain(e.Host, showed, err)
	return e, true
}
