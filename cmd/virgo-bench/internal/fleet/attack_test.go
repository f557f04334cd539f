package fleet

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"testing/synctest"
)

// A peer is what a test's endpoint does with a connection; with TLS where conn is not nil.
type peer func(nc net.Conn, conn *tls.Conn, r *bufio.Reader)

const (
	accepts = `{"v":"1","id":0,"result":0,"error":null}` + "\n"
	limited = `{"v":"1","id":0,"error":{"code":503,"message":"later","type":"rateLimitReached","retry_after_ms":5}}` + "\n"
	refuses = `{"v":"1","id":0,"error":{"code":400,"message":"no"}}` + "\n"
)

func denies(typ string) string {
	return `{"v":"1","id":0,"error":{"code":401,"message":"no","type":"` + typ + `"}}` + "\n"
}

func hangUp(net.Conn, *tls.Conn, *bufio.Reader) {}

// hold reads whatever comes until the other side gives up.
func hold(_ net.Conn, conn *tls.Conn, r *bufio.Reader) { io.Copy(io.Discard, r) }

// answers reads a number of lines and then answers them, again and again.
func answers(rounds ...[]string) peer {
	return func(_ net.Conn, conn *tls.Conn, r *bufio.Reader) {
		for _, lines := range rounds {
			for range lines {
				if _, err := r.ReadString('\n'); err != nil {
					return
				}
			}
			io.WriteString(conn, strings.Join(lines, ""))
		}
	}
}

// cutAfter reads a line that it accepts, if there is a hello, and then no more bytes than a limit.
func cutAfter(hello bool, limit int64) peer {
	return func(nc net.Conn, conn *tls.Conn, r *bufio.Reader) {
		if hello {
			answers([]string{accepts})(nc, conn, r)
		}
		io.CopyN(io.Discard, r, limit)
	}
}

func repeat(line string, n int) (lines []string) {
	for range n {
		lines = append(lines, line)
	}
	return lines
}

func serverTLS(t *testing.T) *tls.Config {
	t.Helper()
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, SessionTicketsDisabled: true}
}

// Each attack tells an endpoint that does what the protocol says from one that is too busy, and from one that
// allows it.
func TestVerdicts(t *testing.T) {
	const lies = 8
	type ends struct{ expected, early, allowed peer }
	identity := func(typ string) ends {
		return ends{answers([]string{denies(typ)}), answers([]string{limited}), answers([]string{accepts, accepts})}
	}
	cases := map[string]ends{
		"send nothing":                           {hangUp, nil, hold},
		"stall within the TLS handshake":         {hangUp, nil, hold},
		"stall within hello":                     {cutAfter(false, 10), nil, hold},
		"send garbage instead of TLS":            {hangUp, nil, hold},
		"send junk instead of HTTP":              {httpAnswers("HTTP/1.1 400 Bad Request\r\n\r\n"), hangUp, httpAnswers("HTTP/1.1 200 OK\r\n\r\n")},
		"hello of a known id with a wrong proof": identity(proofFailed),
		"hello of an unknown id":                 identity(notEnrolled),
		"hello of a stolen id with another key":  identity(otherKey),
		"a hello that is too large":              {cutAfter(false, helloBytes+200), hangUp, answers([]string{accepts})},
		"a frame that is too large":              {cutAfter(true, frameBytes+200), cutAfter(true, 1000), answers([]string{accepts}, []string{accepts})},
		"compressed lists that lie about raw_bytes": {answers([]string{accepts}, repeat(refuses, lies)),
			answers([]string{limited}), answers([]string{accepts}, append(repeat(refuses, lies-1), accepts))},
		"results that are nested too deep": {answers([]string{accepts}, []string{refuses}, []string{""}), answers([]string{limited}),
			answers([]string{accepts}, []string{refuses}, []string{accepts})},
		"connect and close":                   {hold, nil, nil},
		"connect, do the handshake and close": {hold, nil, nil},
	}
	cfg := serverTLS(t)
	for kind, one := range attacks() {
		c, ok := cases[one.name]
		if !ok {
			t.Errorf("%s: no case", one.name)
		}
		for want, endpoint := range map[verdict]peer{expected: c.expected, early: c.early, allowed: c.allowed} {
			if endpoint == nil {
				continue
			}
			if got := verdictOf(t, cfg, kind, endpoint); got != want {
				t.Errorf("%s: verdict %d, want %d", one.name, got, want)
			}
		}
	}
}

// httpAnswers reads a request and answers it.
func httpAnswers(text string) peer {
	return func(_ net.Conn, conn *tls.Conn, r *bufio.Reader) {
		io.CopyN(io.Discard, r, 4000)
		io.WriteString(conn, text)
	}
}

// verdictOf lets an attack of a kind work on an endpoint.
func verdictOf(t *testing.T, cfg *tls.Config, kind int, endpoint peer) (v verdict) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := newTestFleet(t)
		f.Connect("", Accepts{Multi: true, LZ4: true})
		a := &Attackers{Enrolled: f.Beside("enrolled-", 2), Strangers: f.Beside("stranger-", 2), Victims: f}
		a.Enrolled.ConnectLike(f)
		a.Strangers.ConnectLike(f)
		client, server := net.Pipe()
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer server.Close()
			if kind < 2 || kind == 3 { // no TLS
				io.ReadFull(server, make([]byte, []int{0, len(halfClientHello), 0, 10}[kind]))
				endpoint(server, nil, bufio.NewReader(server))
				return
			}
			conn := tls.Server(server, cfg)
			if conn.HandshakeContext(t.Context()) == nil {
				endpoint(server, conn, bufio.NewReader(conn))
				conn.Close()
			}
		}()
		var err error
		v, err = a.attempt(t.Context(), &attacks()[kind], 0, client)
		client.Close()
		<-done
		if err != nil {
			t.Error(err)
		}
	})
	return v
}

// Attacks end with their context, and what it cut off does not count.
func TestAttacksEnd(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for n := 0; ; n++ {
			nc, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				defer nc.Close()
			}
			if n == 100 { // the others wait in the kernel's queue
				cancel()
			}
		}
	}()
	f := newTestFleet(t)
	f.Connect(l.Addr().String(), Accepts{Multi: true, LZ4: true})
	a := &Attackers{Enrolled: f.Beside("enrolled-", 2), Strangers: f.Beside("stranger-", 2), Victims: f}
	a.Enrolled.ConnectLike(f)
	a.Strangers.ConnectLike(f)
	for _, tally := range a.Run(ctx) {
		if tally.Allowed > 0 || tally.Early > 0 {
			t.Errorf("%+v", tally)
		}
	}
	l.Close()
}
