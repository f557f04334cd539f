package transport_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"virgo/transport"
	"virgo/transport/transporttest"
)

const maxTicketBytes = 32 << 10

// A drawer is a TicketStore in memory.
type drawer struct {
	t       testing.TB
	mu      sync.Mutex
	tickets map[string][]byte
	kept    int
	forgot  int
}

func newDrawer(t testing.TB) *drawer { return &drawer{t: t, tickets: make(map[string][]byte)} }

func (d *drawer) Ticket(endpoint string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return bytes.Clone(d.tickets[endpoint])
}

func (d *drawer) WantsTicket(string) bool { return true }

func (d *drawer) KeepTicket(endpoint string, sealed []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if sealed == nil {
		d.forgot++
		delete(d.tickets, endpoint)
		return
	}
	if len(sealed) > maxTicketBytes {
		d.t.Errorf("a ticket of %d bytes", len(sealed))
	}
	d.kept++
	d.tickets[endpoint] = bytes.Clone(sealed)
}

func token() (string, error) { return whoIAm.Token, nil }

// resumes has a whole session and says whether it resumed an earlier one.
func resumes(t testing.TB, d transport.Dialer) bool {
	t.Helper()
	conn, _, err := d.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	resumed := transport.Resumed(conn)
	if n, err := run(t.Context(), conn, transport.SessionOptions{Pipelined: true}, newLedger(t, 1)); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	return resumed
}

func TestASessionIsResumedByTheNextRun(t *testing.T) {
	for name, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			e := newEndpoint(t, transporttest.Script{Features: pipelined})
			for _, trust := range []transport.TLSConfig{{CAFile: caFile(t, e.Authority)}, {Pins: []string{e.Pin()}}, {CAFile: caFile(t, e.Authority), Pins: []string{e.Pin()}}} {
				trust.TicketSecret = token
				store := newDrawer(t)
				address := serveTLS(t, e, &tls.Config{MaxVersion: version})
				dialer := transport.Dialer{Endpoints: []string{address}, TLS: trust, Tickets: store}
				if resumes(t, dialer) {
					t.Error("resumed what never was")
				}
				var last []byte
				for run := range 5 {
					now := store.Ticket(address)
					if len(now) == 0 || bytes.Equal(now, last) && version == tls.VersionTLS13 {
						t.Errorf("run %d has the ticket of the one before", run)
					}
					if bytes.Contains(now, []byte(whoIAm.Token)) || bytes.Contains(now, e.Certificate().Certificate[0]) {
						t.Error("the ticket is not sealed")
					}
					last = now
					if !resumes(t, dialer) {
						t.Errorf("run %d did not resume", run)
					}
				}
				t.Logf("a ticket has %d bytes", len(last))
			}
		})
	}
}

func TestWithoutASecretOrAStoreNothingIsKept(t *testing.T) {
	e := listen(t, transporttest.Script{Features: pipelined})
	store := newDrawer(t)
	for name, d := range map[string]transport.Dialer{
		"no secret":           {Tickets: store},
		"a secret that fails": {Tickets: store, TLS: transport.TLSConfig{TicketSecret: func() (string, error) { return "x", errors.New("gone") }}},
		"an empty secret":     {Tickets: store, TLS: transport.TLSConfig{TicketSecret: func() (string, error) { return "", nil }}},
		"no store":            {TLS: transport.TLSConfig{TicketSecret: func() (string, error) { t.Error("the secret was asked for"); return "x", nil }}},
	} {
		d.Endpoints, d.TLS.Pins = []string{e.Address()}, []string{e.Pin()}
		if first, second := resumes(t, d), resumes(t, d); first || second || store.kept > 0 {
			t.Errorf("%s: resumed, or %d kept", name, store.kept)
		}
	}
}

// Whatever of the trust changes, the next handshake is a full one.
func TestAChangedTrustResumesNothing(t *testing.T) {
	e := newEndpoint(t, transporttest.Script{Features: pipelined})
	authority := newClientAuthority(t)
	address := serveTLS(t, e, &tls.Config{ClientAuth: tls.RequestClientCert})
	_, port, _ := net.SplitHostPort(address)
	ca := caFile(t, e.Authority)
	more := caFile(t, e.Authority)
	join(t, more, ca, ca)
	cert, key := authority.issue(t, nil)
	cert2, key2 := authority.issue(t, nil)
	base := transport.TLSConfig{CAFile: ca, Pins: []string{e.Pin()}, ClientCert: cert, ClientKey: key, TicketSecret: token}
	for name, change := range map[string]func(*transport.Dialer){
		"":                       func(*transport.Dialer) {},
		"same CA, another file":  func(d *transport.Dialer) { d.TLS.CAFile = caFile(t, e.Authority) },
		"!secret":                func(d *transport.Dialer) { d.TLS.TicketSecret = func() (string, error) { return "another", nil } },
		"!CA file's content":     func(d *transport.Dialer) { d.TLS.CAFile = more },
		"!no CA file":            func(d *transport.Dialer) { d.TLS.CAFile = "" },
		"!a backup pin":          func(d *transport.Dialer) { d.TLS.Pins = append(d.TLS.Pins, strings.Repeat("00", 32)) },
		"!no pin":                func(d *transport.Dialer) { d.TLS.Pins = nil },
		"!client certificate":    func(d *transport.Dialer) { d.TLS.ClientCert, d.TLS.ClientKey = cert2, key2 },
		"!no client certificate": func(d *transport.Dialer) { d.TLS.ClientCert, d.TLS.ClientKey = "", "" },
		"!server name":           func(d *transport.Dialer) { d.TLS.ServerName = "localhost" },
		"!endpoint":              func(d *transport.Dialer) { d.Endpoints = []string{"localhost:" + port} },
	} {
		store := newDrawer(t)
		d := transport.Dialer{Endpoints: []string{address}, TLS: base, Tickets: store}
		d.TLS.Pins = append([]string(nil), base.Pins...)
		if resumes(t, d) {
			t.Error("resumed what never was")
		}
		old := store.Ticket(address)
		change(&d)
		store.KeepTicket(d.Endpoints[0], old) // as if the store had mixed them up
		if got, want := resumes(t, d), !strings.HasPrefix(name, "!"); got != want {
			t.Errorf("%s: resumed %v", name, got)
		}
		if bytes.Equal(store.Ticket(d.Endpoints[0]), old) {
			t.Errorf("%s: the old ticket is still there", name)
		}
		if !resumes(t, d) {
			t.Errorf("%s: the new ticket does not resume", name)
		}
	}
}

// A certificate that expired since is looked at again: resumption is no way around the dates, nor around
// the ticket's own.
func TestAnExpiredCertificateIsNotResumed(t *testing.T) {
	for _, c := range []struct {
		name   string
		wait   time.Duration
		pinned bool
		resume bool
		want   string
	}{
		{"still valid", time.Minute, false, true, ""},
		{"expired", 2 * time.Hour, false, false, "expired on 2000-01-01 01:00 UTC"},
		{"expired, and pinned", 2 * time.Hour, true, false, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			e := newEndpoint(t, transporttest.Script{Features: pipelined})
			cert, err := e.Authority.Issue(transporttest.Certificate{NotAfter: time.Now().Add(time.Hour), Names: []string{"e.example"}})
			if err != nil {
				t.Fatal(err)
			}
			conf := &tls.Config{Certificates: []tls.Certificate{cert}}
			d := transport.Dialer{
				Endpoints: []string{"e.example:443"}, Tickets: newDrawer(t),
				TLS: transport.TLSConfig{CAFile: caFile(t, e.Authority), TicketSecret: token},
				DialContext: func(context.Context, string, string) (net.Conn, error) {
					client, server := transporttest.Link(0, 0)
					go e.Serve(tls.Server(server, conf))
					return client, nil
				},
			}
			if c.pinned {
				d.TLS.CAFile, d.TLS.Pins = "", []string{transporttest.Pin(cert)}
			}
			resumes(t, d)
			time.Sleep(c.wait)
			if c.want != "" {
				if _, _, err := d.Dial(t.Context()); !errors.Is(err, transport.ErrTLS) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%s: %v", c.name, err)
				}
				return
			}
			if got := resumes(t, d); got != c.resume {
				t.Errorf("%s: resumed %v", c.name, got)
			}
		})
	}
}

// An endpoint that lost its keys: a full handshake in the same connection.
func TestATicketThatTheEndpointDoesNotKnow(t *testing.T) {
	e := newEndpoint(t, transporttest.Script{Features: pipelined})
	conf := &tls.Config{}
	conf.SetSessionTicketKeys([][32]byte{{1}})
	store := newDrawer(t)
	address := serveTLS(t, e, conf)
	d := transport.Dialer{Endpoints: []string{address}, Tickets: store, TLS: transport.TLSConfig{Pins: []string{e.Pin()}, TicketSecret: token}}
	resumes(t, d)
	conf.SetSessionTicketKeys([][32]byte{{2}})
	if resumes(t, d) {
		t.Error("resumed under another key")
	}
	if !resumes(t, d) {
		t.Error("the new key's ticket does not resume")
	}
	conf.SetSessionTicketKeys([][32]byte{{3}, {2}}) // rotated: the old one still opens
	if !resumes(t, d) {
		t.Error("a rotated key's ticket does not resume")
	}
}

// A handshake that fails over a ticket forgets it: whatever the endpoint has against it, the next one is a
// full one.
func TestATicketThatFailsIsForgotten(t *testing.T) {
	e := newEndpoint(t, transporttest.Script{Features: pipelined})
	var refuse atomic.Bool
	conf := &tls.Config{}
	conf.UnwrapSession = func(identity []byte, state tls.ConnectionState) (*tls.SessionState, error) {
		if refuse.Load() {
			return nil, errors.New("what is that")
		}
		return conf.DecryptTicket(identity, state)
	}
	store := newDrawer(t)
	d := transport.Dialer{Endpoints: []string{serveTLS(t, e, conf)}, Tickets: store, TLS: transport.TLSConfig{Pins: []string{e.Pin()}, TicketSecret: token}}
	resumes(t, d)
	refuse.Store(true)
	if _, _, err := d.Dial(t.Context()); err == nil || store.forgot != 1 { // crypto/tls hangs up without a word
		t.Errorf("%v, %d forgotten", err, store.forgot)
	}
	if resumes(t, d) { // no ticket is shown, so there is nothing to refuse
		t.Error("resumed")
	}
}

// What a store gives that is no ticket of ours is as if there were none.
func TestATicketThatCannotBeOpenedIsIgnored(t *testing.T) {
	e := listen(t, transporttest.Script{Features: pipelined})
	store := newDrawer(t)
	d := transport.Dialer{Endpoints: []string{e.Address()}, Tickets: store, TLS: transport.TLSConfig{Pins: []string{e.Pin()}, TicketSecret: token}}
	for _, garbage := range [][]byte{{}, {0}, {1}, {2}, bytes.Repeat([]byte{1}, 33), bytes.Repeat([]byte{1}, 100), make([]byte, maxTicketBytes), bytes.Repeat([]byte{1}, 10<<20)} {
		store.tickets[e.Address()] = garbage
		if resumes(t, d) {
			t.Errorf("resumed %d bytes of garbage", len(garbage))
		}
	}
}

// A session whose certificates are too large is not kept, and works.
func TestALargeTicketIsNotKept(t *testing.T) {
	e := newEndpoint(t, transporttest.Script{Features: pipelined})
	var names []string
	for i := range 2000 {
		names = append(names, strings.Repeat("x", 10)+string(rune('a'+i%26))+".example")
	}
	cert, err := e.Authority.Issue(transporttest.Certificate{Names: names})
	if err != nil {
		t.Fatal(err)
	}
	store := newDrawer(t)
	d := transport.Dialer{
		Endpoints: []string{serveTLS(t, e, &tls.Config{Certificates: []tls.Certificate{cert}})}, Tickets: store,
		TLS: transport.TLSConfig{Pins: []string{transporttest.Pin(cert)}, TicketSecret: token},
	}
	if first, second := resumes(t, d), resumes(t, d); first || second || store.kept != 0 {
		t.Errorf("%d tickets of a certificate of %d bytes were kept", store.kept, len(cert.Certificate[0]))
	}
}
