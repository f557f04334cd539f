package endpoint

import (
	"bufio"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMakeClient(t *testing.T) {
	site := newSite(t)
	now := time.Now()
	c, err := MakeClient(site.folder, "web1", now)
	if err != nil || !c.Made {
		t.Fatalf("%+v, %v", c, err)
	}
	if err := checkPrivate(c.Key); err != nil {
		t.Error(err)
	}
	before, err := os.ReadFile(c.Cert)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := MakeClient(site.folder, "web1", now.Add(time.Hour)); err != nil || c.Made {
		t.Errorf("again: %+v, %v", c, err)
	}
	if after, err := os.ReadFile(c.Cert); err != nil || string(after) != string(before) {
		t.Errorf("the certificate was touched: %v", err)
	}
	// Interrupted between key and certificate.
	if err := os.Remove(c.Cert); err != nil {
		t.Fatal(err)
	}
	if c, err := MakeClient(site.folder, "web1", now); err != nil || !c.Made {
		t.Errorf("after an interruption: %+v, %v", c, err)
	}
	if _, err := tls.LoadX509KeyPair(c.Cert, c.Key); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"", ".", "..", "a/b", `a\b`, ".hidden", "a b", strings.Repeat("x", 65), "ä"} {
		if _, err := MakeClient(site.folder, name, now); !errors.Is(err, ErrBadClientName) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := os.Remove(site.folder.caKey()); err != nil {
		t.Fatal(err)
	}
	if _, err := MakeClient(site.folder, "web2", now); !errors.Is(err, errNoCAKey) {
		t.Errorf("without the authority's key: %v", err)
	}
}

// A server that requires clients' certificates lets in who has one of that authority for clients, says in
// its log who it was and who was not let in, and goes on.
func TestClientCertificates(t *testing.T) {
	site := newSite(t)
	good, err := MakeClient(site.folder, "web1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	old, err := MakeClient(site.folder, "expired", time.Now().Add(-2*clientLifetime))
	if err != nil {
		t.Fatal(err)
	}
	other, err := MakeClient(newSite(t).folder, "stranger", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	r := site.start(t, func(o *Options) {
		if err := RequireClients(o.TLS, site.folder.CAFile()); err != nil {
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
		{site.folder.serverCert(), site.folder.serverKey(), tls.VersionTLS13, "incompatible key usage"}, // a server's is no client's
		{good.Cert, good.Key, tls.VersionTLS12, ""},
		{good.Cert, good.Key, tls.VersionTLS13, ""},
		{good.Cert, good.Key, tls.VersionTLS13, "resumed"},
	} {
		cfg := &tls.Config{RootCAs: site.roots, ServerName: "localhost", MinVersion: test.version, MaxVersion: test.version}
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
			// Whatever authorities the server names, this is what is shown.
			cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
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
			t.Errorf("%s was let in", test.cert)
		case test.want != "":
			wanted = append(wanted, test.want)
		}
	}
	r.stop(t) // the log is whole then
	for _, w := range wanted {
		if !strings.Contains(r.log.String(), w) {
			t.Errorf("the log has no %q:\n%s", w, r.log)
		}
	}
	if n := strings.Count(r.log.String(), "msg=hello"); n != 3 || strings.Count(r.log.String(), "client=web1") < 3 {
		t.Errorf("%d hellos in the log:\n%s", n, r.log)
	}
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := RequireClients(&tls.Config{}, empty); !errors.Is(err, errNoCertificates) {
		t.Errorf("an empty file: %v", err)
	}
}

// greet says hello over a TLS connection and reads the answer.
func (r *running) greet(cfg *tls.Config) error {
	tc, err := tls.Dial("tcp", r.addr, cfg)
	if err != nil {
		return err
	}
	defer tc.Close()
	if _, err := tc.Write([]byte(frame(1, "a", "handshake.hello", helloOf("a", r.token)))); err != nil {
		return err
	}
	_, err = bufio.NewReader(tc).ReadBytes('\n')
	return err
}

// A connection after the first one resumes its TLS session, whichever connection got the ticket, and the
// certificate is not shown again.
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
			if _, err := tc.Write([]byte(frame(1, "a", "handshake.hello", helloOf("a", r.token)))); err != nil {
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

// A resumed session is no way around a client's certificate.
func TestTicketsDoNotReplaceClientCertificates(t *testing.T) {
	site := newSite(t)
	cfg := &tls.Config{RootCAs: site.roots, ServerName: "localhost", ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	var keys [32]byte // as if one process had served without and then with
	open := site.start(t, func(o *Options) { o.TLS.SetSessionTicketKeys([][32]byte{keys}) })
	if err := open.greet(cfg); err != nil {
		t.Fatal(err)
	}
	closed := site.start(t, func(o *Options) {
		o.TLS.SetSessionTicketKeys([][32]byte{keys})
		if err := RequireClients(o.TLS, site.folder.CAFile()); err != nil {
			t.Fatal(err)
		}
	})
	if err := closed.greet(cfg); err == nil {
		t.Error("a ticket was enough")
	}
}
