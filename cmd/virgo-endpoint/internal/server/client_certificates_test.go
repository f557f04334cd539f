package server

import (
	"bufio"
	"crypto/tls"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/peertest"
)

// A server that requires clients' certificates accepts clients with one of that authority, and logs who was
// accepted and who was not.
func TestClientCertificates(t *testing.T) {
	site := newSite(t)
	good, err := folder.MakeClient(site.dir, "web1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	site.token = site.legacyToken(t, "web1") // the certificate's name
	old, err := folder.MakeClient(site.dir, "expired", time.Now().Add(-5*365*24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	other, err := folder.MakeClient(newSite(t).dir, "stranger", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	r := site.start(t, func(o *Options) {
		if err := folder.RequireClients(o.TLS, site.dir.CAFile()); err != nil {
			t.Fatal(err)
		}
	})
	var sessions tls.ClientSessionCache
	var wanted []string
	for _, test := range []struct {
		cert, key string
		version   uint16
		want      string // part of the server's log where it is refused
	}{
		{"", "", tls.VersionTLS13, "client didn't provide a certificate"},
		{old.Cert, old.Key, tls.VersionTLS13, `a client's certificate was refused" remote=127.0.0.1:`},
		{old.Cert, old.Key, tls.VersionTLS12, "client=expired"},
		{other.Cert, other.Key, tls.VersionTLS13, "client=stranger"},
		{site.dir.ServerCertFile(), filepath.Join(string(site.dir), "server-key.pem"), tls.VersionTLS13,
			"incompatible key usage"}, // a server's certificate is not a client's
		{good.Cert, good.Key, tls.VersionTLS12, ""},
		{good.Cert, good.Key, tls.VersionTLS13, ""},
		{good.Cert, good.Key, tls.VersionTLS13, "resumed"},
	} {
		cfg := &tls.Config{RootCAs: site.roots, ServerName: "localhost", MinVersion: test.version,
			MaxVersion: test.version}
		if test.version == tls.VersionTLS13 && test.cert == good.Cert {
			if sessions == nil {
				sessions = tls.NewLRUClientSessionCache(1)
			}
			cfg.ClientSessionCache = sessions
		}
		if test.cert != "" {
			pair, err := tls.LoadX509KeyPair(test.cert, test.key)
			if err != nil {
				t.Fatal(err)
			}
			// Shown whatever authorities the server names.
			cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				return &pair, nil
			}
		}
		err := r.greet(cfg)
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", test.cert, err)
		case test.want == "resumed":
			if err != nil {
				t.Errorf("resumed: %v", err)
			}
		case test.want != "" && err == nil:
			t.Errorf("%s was accepted", test.cert)
		case test.want != "":
			wanted = append(wanted, test.want)
		}
	}
	r.stop(t) // completes the log
	for _, w := range wanted {
		if !strings.Contains(r.log.String(), w) {
			t.Errorf("the log has no %q:\n%s", w, r.log)
		}
	}
	if n := strings.Count(r.log.String(), "msg=hello"); n != 3 || strings.Count(r.log.String(), "client=web1") < 3 {
		t.Errorf("%d hellos in the log:\n%s", n, r.log)
	}
}

func helloFrame(token string) []byte {
	return []byte(peertest.Frame(1, "web1", "handshake.hello", peertest.Hello("web1", token)))
}

// greet sends hello over a new connection and reads the answer.
func (r *running) greet(cfg *tls.Config) error {
	tc, err := tls.Dial("tcp", r.addr, cfg)
	if err != nil {
		return err
	}
	defer tc.Close()
	if _, err := tc.Write(helloFrame(r.token)); err != nil {
		return err
	}
	_, err = bufio.NewReader(tc).ReadBytes('\n')
	return err
}

// A connection after the first one resumes its TLS session, whichever connection got the ticket.
func TestSessionsAreResumed(t *testing.T) {
	site := newSite(t)
	r := site.start(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		cfg := &tls.Config{RootCAs: site.roots, ServerName: "localhost", MinVersion: version, MaxVersion: version,
			ClientSessionCache: tls.NewLRUClientSessionCache(1)}
		for i := range 3 {
			nc, err := net.Dial("tcp", r.addr)
			if err != nil {
				t.Fatal(err)
			}
			tc := tls.Client(nc, cfg)
			if _, err := tc.Write(helloFrame(r.token)); err != nil {
				t.Fatal(err)
			}
			if _, err := bufio.NewReader(tc).ReadBytes('\n'); err != nil { // the ticket came before it
				t.Fatal(err)
			}
			if state := tc.ConnectionState(); state.DidResume != (i > 0) {
				t.Errorf("version %x, connection %d: resumed %v", version, i, state.DidResume)
			}
			tc.Close()
		}
	}
}

// A resumed session does not replace a client's certificate.
func TestTicketsDoNotReplaceClientCertificates(t *testing.T) {
	site := newSite(t)
	cfg := &tls.Config{RootCAs: site.roots, ServerName: "localhost",
		ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	var keys [32]byte // as if one process had served without certificates and then with
	open := site.start(t, func(o *Options) { o.TLS.SetSessionTicketKeys([][32]byte{keys}) })
	if err := open.greet(cfg); err != nil {
		t.Fatal(err)
	}
	closed := site.start(t, func(o *Options) {
		o.TLS.SetSessionTicketKeys([][32]byte{keys})
		if err := folder.RequireClients(o.TLS, site.dir.CAFile()); err != nil {
			t.Fatal(err)
		}
	})
	if err := closed.greet(cfg); err == nil {
		t.Error("a ticket was enough")
	}
}
