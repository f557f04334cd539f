package transport_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"virgo/transport"
	"virgo/transport/transporttest"
)

// session dials and delivers one result; the error is the dialer's or the session's.
func session(t testing.TB, address string, trust transport.TLSConfig) error {
	t.Helper()
	d := transport.Dialer{Endpoints: []string{address}, TLS: trust}
	conn, _, err := d.Dial(t.Context())
	if err != nil {
		return err
	}
	l := newLedger(t, 1)
	n, err := run(t.Context(), conn, transport.SessionOptions{Pipelined: true}, l)
	if err == nil && n != 1 {
		t.Errorf("%d were delivered", n)
	}
	return err
}

// wantTLS fails unless err is a *TLSError with this message and hint.
func wantTLS(t testing.TB, what string, err error, reason, hint string) {
	t.Helper()
	var failed *transport.TLSError
	if !errors.As(err, &failed) || !errors.Is(err, transport.ErrTLS) || transport.Temporary(err) {
		t.Errorf("%s: got %v", what, err)
		return
	}
	if failed.Reason != reason {
		t.Errorf("%s: got  %s\nwant %s", what, failed.Reason, reason)
	}
	if failed.Hint() != hint {
		t.Errorf("%s: hint %q\nwant %q", what, failed.Hint(), hint)
	}
}

const (
	hintNone    = "ask the endpoint's owner for one, and name its file and its key's in the configuration"
	hintExpired = "renew it, or set the clock of whichever host is wrong"
	hintUnknown = "use a certificate that the endpoint's owner issued, or have its authority added there"
	hintBad     = "check that it was issued for this endpoint and for clients (extended key usage: client authentication)"
)

// wantRefusedClients tries each kind of client certificate that an endpoint which trusts authority
// refuses. bad is its alert for a certificate that is not for clients.
func wantRefusedClients(t *testing.T, session func(cert, key string) error, authority *clientAuthority, host, bad string) {
	t.Helper()
	expired := func(c *x509.Certificate) { c.NotAfter = always.AddDate(1, 0, 0) }
	forServers := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }
	wantTLS(t, "none", session("", ""), host+" requires a client certificate, and none is configured", hintNone)
	wantTLS(t, "unknown", session(newClientAuthority(t).issue(t, nil)),
		host+" does not know the authority of this host's client certificate", hintUnknown)
	wantTLS(t, "expired", session(authority.issue(t, expired)),
		host+" says that this host's client certificate has expired, or is not valid yet", hintExpired)
	wantTLS(t, "not for clients", session(authority.issue(t, forServers)),
		host+" refused this host's client certificate: "+bad, hintBad)
}

func TestMutualTLS(t *testing.T) {
	authority := newClientAuthority(t)
	for version, name := range map[uint16]string{tls.VersionTLS12: "1.2", tls.VersionTLS13: "1.3"} {
		t.Run(name, func(t *testing.T) {
			e := newEndpoint(t, transporttest.Script{Features: pipelined})
			address := serveTLS(t, e, &tls.Config{
				MaxVersion: version, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authority.pool(),
			})
			with := func(cert, key string) error {
				return session(t, address, transport.TLSConfig{Pins: []string{e.Pin()}, ClientCert: cert, ClientKey: key})
			}
			cert, key := authority.issue(t, nil)
			if err := with(cert, key); err != nil {
				t.Error(err)
			}
			both := filepath.Join(t.TempDir(), "both.pem")
			join(t, both, cert, key)
			if err := with(both, ""); err != nil {
				t.Error(err)
			}
			// In TLS 1.3 the refusal comes after the handshake, when the session does not know the
			// host, an address.
			host := "127.0.0.1"
			if version == tls.VersionTLS13 {
				host = "the endpoint"
			}
			wantRefusedClients(t, with, authority, host, "bad certificate")
		})
	}
}

func join(t testing.TB, to string, files ...string) {
	t.Helper()
	var all []byte
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	if err := os.WriteFile(to, all, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestInvalidClientCertificateFiles(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	authority := newClientAuthority(t)
	cert, key := authority.issue(t, nil)
	_, otherKey := authority.issue(t, nil)
	const secret = "c2VjcmV0IGtleQ=="
	none := filepath.Join(dir, "none.pem")
	nothing := file("nothing.pem", "nothing "+secret)
	torn := file("torn.key", "-----BEGIN PRIVATE KEY-----\n"+secret+"\n-----END PRIVATE KEY-----\n")
	locked := file("locked.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"+secret+"\n-----END ENCRYPTED PRIVATE KEY-----\n")
	old := file("old.key", "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n"+secret+"\n-----END EC PRIVATE KEY-----\n")
	large := file("large.key", strings.Repeat(secret, 1<<17))
	cases := []struct {
		cert, key string
		want      string
	}{
		{"", key, fmt.Sprintf("%q is a client key without a client certificate", key)},
		{cert, none, fmt.Sprintf("%q cannot be read: ", none)},
		{none, key, fmt.Sprintf("%q cannot be read: ", none)},
		{cert, dir, fmt.Sprintf("%q is not a regular file", dir)},
		{cert, large, fmt.Sprintf("%q has more than 1048576 bytes", large)},
		{nothing, key, fmt.Sprintf("%q has no PEM certificate", nothing)},
		{key, "", fmt.Sprintf("%q has no PEM certificate", key)},
		{cert, nothing, fmt.Sprintf("%q has no PEM private key", nothing)},
		{cert, "", fmt.Sprintf("%q has no PEM private key", cert)},
		{cert, otherKey, fmt.Sprintf("%q is not the key of the certificate in %q", otherKey, cert)},
		{cert, torn, fmt.Sprintf("%q and %q are not a certificate and its key: ", cert, torn)},
		{cert, locked, fmt.Sprintf("%q has an encrypted key", locked)},
		{cert, old, fmt.Sprintf("%q has an encrypted key", old)},
	}
	if runtime.GOOS != "windows" {
		loose, err := os.ReadFile(key)
		if err != nil {
			t.Fatal(err)
		}
		path := file("loose.key", string(loose))
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, struct{ cert, key, want string }{cert, path, fmt.Sprintf("%q is a key with mode 0640: others than its owner can access it", path)})
		both := filepath.Join(dir, "both.pem")
		join(t, both, cert, key)
		if err := os.Chmod(both, 0o604); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, struct{ cert, key, want string }{both, "", fmt.Sprintf("%q is a key with mode 0604: others than its owner can access it", both)})
	}
	for _, c := range cases {
		err := session(t, "127.0.0.1:1", transport.TLSConfig{Pins: []string{strings.Repeat("00", 32)}, ClientCert: c.cert, ClientKey: c.key})
		var failed *transport.CertError
		var dial *transport.DialError
		if !errors.As(err, &failed) || errors.As(err, &dial) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("got  %v\nwant %s", err, c.want)
			continue
		}
		if strings.Contains(err.Error()+failed.Hint(), secret[:8]) {
			t.Errorf("the content is in %v", err)
		}
	}
}

// With a backup pin each of two keys is accepted, a third is not.
func TestBackupPin(t *testing.T) {
	e := listen(t, transporttest.Script{Features: pipelined})
	backup, err := e.Authority.Issue(transporttest.Certificate{})
	if err != nil {
		t.Fatal(err)
	}
	third, err := e.Authority.Issue(transporttest.Certificate{})
	if err != nil {
		t.Fatal(err)
	}
	trust := transport.TLSConfig{Pins: []string{e.Pin(), transporttest.Pin(backup)}}
	if err := session(t, e.Address(), trust); err != nil {
		t.Error("the first:", err)
	}
	e.Show(backup)
	if err := session(t, e.Address(), trust); err != nil {
		t.Error("the backup:", err)
	}
	e.Show(third)
	wantTLS(t, "a third", session(t, e.Address(), trust), "the public key of 127.0.0.1 is "+transporttest.Pin(third)+", which is not pinned",
		"ask the endpoint's owner for its pin; if the key was changed on purpose, pin the new one")
}

func TestTLSVersions(t *testing.T) {
	e := newEndpoint(t, transporttest.Script{Features: pipelined})
	trust := transport.TLSConfig{CAFile: caFile(t, e.Authority)}
	for version, want := range map[uint16]string{
		tls.VersionTLS13: "",
		tls.VersionTLS12: "",
		tls.VersionTLS11: "127.0.0.1 supports neither TLS 1.2 nor 1.3",
	} {
		err := session(t, serveTLS(t, e, &tls.Config{MinVersion: version, MaxVersion: version}), trust)
		if want == "" {
			if err != nil {
				t.Errorf("%x: %v", version, err)
			}
			continue
		}
		wantTLS(t, "old", err, want, "enable TLS 1.2 or later on the endpoint")
	}
	// Cipher suites of an old endpoint: ECDHE with AES-CBC is accepted, RSA key exchange is not.
	err := session(t, serveTLS(t, e, &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}}), trust)
	wantTLS(t, "old ciphers", err, "127.0.0.1 refused TLS: handshake failure", "it may offer only insecure cipher suites; enable TLS 1.2 or later with ECDHE and AES-GCM there")
}
