//go:build linux

package transport_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"virgo/transport"
	"virgo/transport/transporttest"
)

// threadCPU gives the processor time of the calling thread (getrusage(2), RUSAGE_THREAD).
func threadCPU(b *testing.B) time.Duration {
	const thread = 1
	var u syscall.Rusage
	if err := syscall.Getrusage(thread, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A slot keeps one ticket where keep is set.
type slot struct {
	keep   bool
	ticket []byte
}

func (s *slot) Ticket(string) []byte    { return s.ticket }
func (s *slot) WantsTicket(string) bool { return true }

func (s *slot) KeepTicket(_ string, sealed []byte) {
	if s.keep {
		s.ticket = sealed
	}
}

// One operation is a run's connection: dialed, trusted, a byte each way, the ticket for the next one. Each
// side runs on a thread of its own, so that its processor time can be told from the other's.
func BenchmarkHandshake(b *testing.B) {
	e, err := transporttest.New(transporttest.Script{})
	if err != nil {
		b.Fatal(err)
	}
	byRSA, file := rsaCertificate(b)
	for _, c := range []struct {
		name  string
		cert  tls.Certificate
		trust transport.TLSConfig
	}{
		{"P-256 by pin", e.Certificate(), transport.TLSConfig{Pins: []string{e.Pin()}}},
		{"P-256 by CA", e.Certificate(), transport.TLSConfig{CAFile: caFile(b, e.Authority)}},
		{"RSA-2048 by CA", byRSA, transport.TLSConfig{CAFile: file}},
	} {
		for _, with := range []string{"no store", "full", "resumed"} {
			b.Run(c.name+"/"+with, func(b *testing.B) { benchHandshake(b, c.cert, c.trust, with) })
		}
	}
}

// rsaCertificate is its own authority.
func rsaCertificate(b *testing.B) (cert tls.Certificate, file string) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: always, NotAfter: always.AddDate(90, 0, 0),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		b.Fatal(err)
	}
	file = filepath.Join(b.TempDir(), "rsa.pem")
	writePEM(b, file, "CERTIFICATE", der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

func benchHandshake(b *testing.B, cert tls.Certificate, trust transport.TLSConfig, with string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	served := make(chan time.Duration, 1)
	go func() {
		runtime.LockOSThread()
		before := threadCPU(b)
		conf := &tls.Config{Certificates: []tls.Certificate{cert}}
		for {
			raw, err := l.Accept()
			if err != nil {
				break
			}
			conn, one := tls.Server(raw, conf), make([]byte, 1)
			if _, err := io.ReadFull(conn, one); err == nil {
				conn.Write(one)
			}
			conn.Close()
		}
		served <- threadCPU(b) - before
	}()
	d := transport.Dialer{Endpoints: []string{l.Addr().String()}, TLS: trust}
	store := &slot{keep: with == "resumed"}
	if with != "no store" {
		d.TLS.TicketSecret, d.Tickets = token, store
	}
	one := make([]byte, 1)
	again := func() bool {
		conn, _, err := d.Dial(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write(one); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(conn, one); err != nil {
			b.Fatal(err)
		}
		return transport.Resumed(conn)
	}
	again()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b.ReportAllocs()
	b.ResetTimer()
	before := threadCPU(b)
	for range b.N {
		if resumed := again(); resumed != store.keep {
			b.Fatalf("resumed: %v", resumed)
		}
	}
	spent := threadCPU(b) - before
	b.StopTimer()
	l.Close()
	b.ReportMetric(float64(spent.Microseconds())/float64(b.N), "agent-µs/op")
	b.ReportMetric(float64((<-served).Microseconds())/float64(b.N+1), "endpoint-µs/op")
	b.ReportMetric(float64(len(store.ticket)), "ticket-bytes")
}
