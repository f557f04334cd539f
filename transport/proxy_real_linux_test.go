package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"virgo/transport"
	"virgo/transport/transporttest"
)

// lookups counts this process's DNS queries while the test runs, and answers none.
func lookups(t *testing.T) *atomic.Int32 {
	n := new(atomic.Int32)
	old := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		n.Add(1)
		return nil, errors.New("no DNS here")
	}}
	t.Cleanup(func() { net.DefaultResolver = old })
	return n
}

// An endpoint whose name only the proxies can resolve.
func hiddenEndpoint(t *testing.T) (e *transporttest.Endpoint, address string, trust transport.TLSConfig) {
	t.Helper()
	e = listen(t, transporttest.Script{Features: pipelined, Token: whoIAm.Token})
	cert, err := e.Authority.Issue(transporttest.Certificate{Names: []string{hidden}})
	if err != nil {
		t.Fatal(err)
	}
	e.Show(cert)
	return e, net.JoinHostPort(hidden, portOf(t, e.Address())), transport.TLSConfig{CAFile: caFile(t, e.Authority)}
}

func dialBy(t *testing.T, proxy, address string, trust transport.TLSConfig) (net.Conn, error) {
	t.Helper()
	d := transport.Dialer{
		Endpoints: []string{address}, TLS: trust,
		Proxy: transport.ProxyFor(transport.ProxySettings{URL: proxy, NoProxy: "other.test,192.0.2.0/24"}),
	}
	conn, _, err := d.Dial(t.Context())
	if err != nil && strings.Contains(err.Error(), "s3cret") {
		t.Errorf("the password is in %v", err)
	}
	return conn, err
}

// delivers sends results through the proxy and checks that all arrived without a DNS query here.
func delivers(t *testing.T, proxy string) {
	t.Helper()
	e, address, trust := hiddenEndpoint(t)
	deliversTo(t, proxy, e, address, trust)
}

func deliversTo(t *testing.T, proxy string, e *transporttest.Endpoint, address string, trust transport.TLSConfig) {
	t.Helper()
	asked := lookups(t)
	conn, err := dialBy(t, proxy, address, trust)
	if err != nil {
		t.Fatal(err)
	}
	before, l := len(e.Stored()), newLedger(t, 0)
	for i := range 2000 {
		l.posts = append(l.posts, post(before+i, 0))
	}
	if n, err := run(t.Context(), conn, transport.SessionOptions{Pipelined: true}, l); n != 2000 || err != nil {
		t.Fatal(n, err)
	}
	wantStored(t, e, before+2000)
	if n := asked.Load(); n != 0 {
		t.Errorf("%d questions were asked of DNS", n)
	}
	if _, err := dialBy(t, "none", address, trust); err == nil || asked.Load() == 0 { // the counter counts
		t.Errorf("without a proxy: %v, %d questions", err, asked.Load())
	}
}

// fails wants one failed attempt with this error.
func fails(t *testing.T, proxy, address string, trust transport.TLSConfig, want string, temporary bool) {
	t.Helper()
	_, err := dialBy(t, proxy, address, trust)
	if !errors.Is(err, transport.ErrProxy) || !errors.Is(err, transport.ErrUnreachable) || !strings.Contains(err.Error(), want) || transport.Temporary(err) != temporary {
		t.Errorf("got %v, temporary %v; want %q, %v", err, transport.Temporary(err), want, temporary)
	}
	var hint interface{ Hint() string }
	if !errors.As(err, &hint) || hint.Hint() == "" {
		t.Errorf("no hint with %v", err)
	}
}

func TestTinyproxy(t *testing.T) {
	e, address, trust := hiddenEndpoint(t)
	port := portOf(t, address)
	open := startTinyproxy(t, port, "")
	locked := startTinyproxy(t, port, "BasicAuth user s3cret")
	t.Run("open", func(t *testing.T) { deliversTo(t, "http://"+open, e, address, trust) })
	t.Run("Basic", func(t *testing.T) {
		e := listen(t, transporttest.Script{Features: pipelined})
		other := startTinyproxy(t, portOf(t, e.Address()), "BasicAuth user s3cret")
		deliversTo(t, "http://user:s3cret@"+other, e, net.JoinHostPort(hidden, portOf(t, e.Address())), transport.TLSConfig{Pins: []string{e.Pin()}})
	})
	t.Run("refusals", func(t *testing.T) {
		fails(t, "http://"+locked, address, trust, "requires a user and a password (407)", false)
		fails(t, "http://user:s3cret2@"+locked, address, trust, "refused the user and the password (401)", false)
		fails(t, "http://"+open, hidden+":1", trust, "does not allow a connection to "+hidden+":1 (403", false)
		fails(t, "http://"+open, "nobody.virgo.test:"+port, trust, "could not reach nobody.virgo.test:"+port, true)
		e.Close()
		fails(t, "http://"+open, address, trust, "could not reach "+address, true)
	})
}

func TestSquid(t *testing.T) {
	e, address, trust := hiddenEndpoint(t)
	cert, err := e.Authority.Issue(transporttest.Certificate{Names: []string{"127.0.0.1"}}) // the endpoint's authority knows the proxy too
	if err != nil {
		t.Fatal(err)
	}
	helper := program(t, "basic_ncsa_auth", "squid")
	users := write(t, "users", "user:$apr1$aKvZbo/t$7IapeR7X.2HeNVIBAyQlk0\n")
	rules := "acl ours port " + portOf(t, address) + " 1\nhttp_access deny CONNECT !ours\n%s\nhttp_access allow all"
	open, secure := startSquid(t, cert, fmt.Sprintf(rules, ""))
	locked, _ := startSquid(t, cert, "auth_param basic program "+helper+" "+users+"\nacl members proxy_auth REQUIRED\n"+fmt.Sprintf(rules, "http_access deny !members"))
	stranger := transport.TLSConfig{Pins: []string{e.Pin()}}

	t.Run("refusals", func(t *testing.T) {
		fails(t, "http://"+locked, address, trust, "requires a user and a password (407)", false)
		fails(t, "http://user:s3cret2@"+locked, address, trust, "refused the user and the password (407)", false)
		fails(t, "http://"+open, hidden+":2", trust, "does not allow a connection to "+hidden+":2 (403 Forbidden)", false)
		fails(t, "http://"+open, "nobody.virgo.test:1", trust, "could not reach nobody.virgo.test:1 (500 Internal Server Error)", true)
		fails(t, "http://"+open, hidden+":1", trust, "could not reach "+hidden+":1 (503", true)
		fails(t, "https://"+open, address, trust, "does not speak TLS", false)
		fails(t, "https://"+secure, address, stranger, `cannot be trusted: the certificate of 127.0.0.1 is signed by "CN=transporttest authority", which is not trusted`, false)
		fails(t, "https://localhost:"+portOf(t, secure), address, trust, `cannot be trusted: the certificate is for 127.0.0.1, not for "localhost"`, false)
	})
	t.Run("CONNECT", func(t *testing.T) { deliversTo(t, "http://"+open, e, address, trust) })
	t.Run("Basic", func(t *testing.T) { deliversTo(t, "http://user:s3cret@"+locked, e, address, trust) })
	t.Run("TLS to the proxy", func(t *testing.T) { deliversTo(t, "https://"+secure, e, address, trust) })
}

func TestMicrosocks(t *testing.T) {
	open := startMicrosocks(t)
	locked := startMicrosocks(t, "-u", "user", "-P", "s3cret")
	t.Run("open", func(t *testing.T) { delivers(t, "socks5://"+open) })
	t.Run("user and password", func(t *testing.T) { delivers(t, "socks5h://user:s3cret@"+locked) })
	t.Run("refusals", func(t *testing.T) {
		e, address, trust := hiddenEndpoint(t)
		e.Close()
		fails(t, "socks5://"+locked, address, trust, "requires a user and a password (SOCKS)", false)
		fails(t, "socks5://user:s3cret2@"+locked, address, trust, "refused the user and the password (SOCKS)", false)
		fails(t, "socks5://"+open, address, trust, "could not reach "+address+" (connection refused, SOCKS error 5)", true)
		fails(t, "socks5://"+open, "nobody.virgo.test:443", trust, "could not reach nobody.virgo.test:443", true)
		fails(t, "http://"+open, address, trust, "does not speak HTTP", false)
	})
}

func TestDante(t *testing.T) {
	open := startDante(t, "socks pass { from: 127.0.0.0/8 to: 0.0.0.0/0 command: connect }")
	closed := startDante(t, "socks block { from: 127.0.0.0/8 to: 0.0.0.0/0 }")
	t.Run("open", func(t *testing.T) { delivers(t, "socks5://"+open) })
	t.Run("refusals", func(t *testing.T) {
		e, address, trust := hiddenEndpoint(t)
		e.Close()
		fails(t, "socks5://"+closed, address, trust, "does not allow a connection to "+address+" (SOCKS error 2)", false)
		fails(t, "socks5://"+open, address, trust, "could not reach "+address+" (connection refused, SOCKS error 5)", true)
		fails(t, "socks5://"+open, "nobody.virgo.test:443", trust, "could not reach nobody.virgo.test:443", true)
	})
}
