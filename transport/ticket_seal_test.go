package transport

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"testing"
	"time"
)

// pocket keeps one ticket.
type pocket struct{ sealed []byte }

func (p *pocket) Ticket(string) []byte             { return p.sealed }
func (p *pocket) WantsTicket(string) bool          { return true }
func (p *pocket) KeepTicket(_ string, next []byte) { p.sealed = next }

// once keeps the session itself.
type once struct{ session *tls.ClientSessionState }

func (o *once) Get(string) (*tls.ClientSessionState, bool)    { return o.session, o.session != nil }
func (o *once) Put(_ string, session *tls.ClientSessionState) { o.session = session }

func newServer(t testing.TB) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"e.example"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// shake is a handshake, and a byte after it that brings the ticket along.
func shake(t testing.TB, server, client *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") // both sides write at once, for which a net.Pipe has no room
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		conn := tls.Server(far, server)
		conn.Write([]byte{1})
		io.Copy(io.Discard, conn)
		far.Close()
	}()
	conn := tls.Client(near, client)
	_, err = io.ReadFull(conn, make([]byte, 1))
	return conn.ConnectionState(), err
}

// The pin decides of a resumed session as of any other, even if a ticket of another trust got in.
func TestAResumedSessionIsHeldToThePins(t *testing.T) {
	server := newServer(t)
	pin := PinOf(mustParse(t, server.Certificates[0].Certificate[0])).String()
	cache := new(once)
	for _, c := range []struct {
		pin     string
		resumed bool
		trusted bool
	}{{pin, false, true}, {pin, true, true}, {"sha256:" + string(bytes.Repeat([]byte("00"), 32)), true, false}} {
		trust, err := TLSConfig{Pins: []string{c.pin}, ServerName: "e.example"}.trust()
		if err != nil {
			t.Fatal(err)
		}
		trust.ClientSessionCache = cache
		state, err := shake(t, server, trust.Config)
		var wrong *pinError
		if state.DidResume != c.resumed && c.trusted || errors.As(err, &wrong) == c.trusted {
			t.Errorf("%s: resumed %v, %v", c.pin, state.DidResume, err)
		}
	}
}

func mustParse(t testing.TB, der []byte) *x509.Certificate {
	t.Helper()
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func sealedTicket(t testing.TB) *jar {
	t.Helper()
	trust, err := TLSConfig{Pins: []string{"sha256:" + string(bytes.Repeat([]byte("00"), 32))}, ServerName: "e.example"}.trust()
	if err != nil {
		t.Fatal(err)
	}
	j := &jar{new(pocket), "e.example:443", rand.Text(), []byte("bound")}
	trust.VerifyConnection = nil
	trust.ClientSessionCache = j
	if _, err := shake(t, newServer(t), trust.Config); err != nil {
		t.Fatal(err)
	}
	return j
}

// A sealed ticket that is not as it was, byte for byte, is nothing; and no two sealings are alike.
func TestASealedTicketIsAllOrNothing(t *testing.T) {
	j := sealedTicket(t)
	good := j.store.Ticket("")
	session, ok := j.Get("")
	if !ok {
		t.Fatal("the ticket does not open")
	}
	cases := 0
	wrong := func(sealed []byte, what string, at int) {
		cases++
		if _, err := j.open(sealed); err == nil {
			t.Errorf("%s at %d: it opens", what, at)
		}
	}
	for i := range good {
		for bit := range 8 {
			bad := bytes.Clone(good)
			bad[i] ^= 1 << bit
			wrong(bad, "flipped", i)
		}
		wrong(good[:i], "cut", i)
	}
	wrong(append(bytes.Clone(good), 0), "longer", len(good))
	t.Logf("%d cases", cases)

	again, err := j.seal(session)
	if err != nil || bytes.Equal(again[:1+ticketSalt], good[:1+ticketSalt]) || bytes.Equal(again[1+ticketSalt:], good[1+ticketSalt:]) {
		t.Errorf("sealed twice alike, %v", err)
	}
	for _, other := range []*jar{{nil, "", j.secret + "x", j.bound}, {nil, "", j.secret, []byte("bounds")}, {nil, "", j.secret, nil}} {
		if _, err := other.open(good); err == nil {
			t.Errorf("opens with %q, %q", other.secret, other.bound)
		}
	}
}

func FuzzTicket(f *testing.F) {
	j := sealedTicket(f)
	good := j.store.Ticket("")
	session, _ := j.Get("")
	ticket, state, err := session.ResumptionState()
	if err != nil {
		f.Fatal(err)
	}
	rest, err := state.Bytes()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(append(append([]byte{0, 0, 0, byte(len(ticket))}, ticket...), rest...))
	f.Add(append([]byte{0, 0, 0, 0}, rest...))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := j.open(b); err == nil && !bytes.Equal(b, good) {
			t.Error("a forgery opens")
		}
		if session, err := unpack(b); err == nil {
			if _, _, err := session.ResumptionState(); err != nil {
				t.Error(err)
			}
		}
	})
}
