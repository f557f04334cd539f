package mail

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// certificate makes one for 127.0.0.1 that signed itself.
func certificate(t *testing.T) (pair tls.Certificate, roots *x509.CertPool, certPEM, keyPEM []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	if pair, err = tls.X509KeyPair(certPEM, keyPEM); err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(certPEM)
	return pair, roots, certPEM, keyPEM
}

// A server speaks as much SMTP as a sender needs. answers replace its answer to a command; one that is empty is never
// given.
type server struct {
	t        *testing.T
	listener net.Listener
	tls      *tls.Config
	implicit bool
	plain    bool // no STARTTLS
	answers  map[string]string
	data     chan string

	mu       sync.Mutex
	commands []string
}

// got returns the commands so far.
func (s *server) got() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commands)
}

// port is what it listens on.
func (s *server) port() int { return s.listener.Addr().(*net.TCPAddr).Port }

func (s *server) start(t *testing.T) {
	t.Helper()
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.t, s.data = t, make(chan string, 10)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := s.listener.Accept()
			if err != nil {
				return
			}
			if s.implicit {
				conn = tls.Server(conn, s.tls)
			}
			s.serve(conn)
		}
	}()
	t.Cleanup(func() { s.listener.Close(); <-done })
}

func (s *server) serve(conn net.Conn) {
	defer func() { conn.Close() }()
	conn.SetDeadline(time.Now().Add(time.Minute))
	r := bufio.NewReader(conn)
	fmt.Fprint(conn, "220 test\r\n")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSpace(line)
		s.mu.Lock()
		s.commands = append(s.commands, line)
		s.mu.Unlock()
		verb := strings.ToUpper(strings.SplitN(line, " ", 2)[0])
		answer, ok := s.answers[verb]
		switch {
		case ok && answer == "":
			r.ReadString('\n') // until the other side goes
			return
		case ok:
		case verb == "EHLO":
			answer = "250-test\r\n250-AUTH PLAIN\r\n250-STARTTLS\r\n250 8BITMIME"
			if _, secure := conn.(*tls.Conn); secure || s.plain {
				answer = "250-test\r\n250-AUTH PLAIN\r\n250 8BITMIME"
			}
		case verb == "STARTTLS":
			fmt.Fprint(conn, "220 go on\r\n")
			conn = tls.Server(conn, s.tls)
			r = bufio.NewReader(conn)
			continue
		case verb == "AUTH":
			answer = "235 well"
		case verb == "DATA":
			fmt.Fprint(conn, "354 go on\r\n")
			s.data <- s.body(r)
			answer = "250 taken"
		case verb == "QUIT":
			fmt.Fprint(conn, "221 bye\r\n")
			return
		default:
			answer = "250 well"
		}
		fmt.Fprint(conn, answer+"\r\n")
	}
}

func (s *server) body(r *bufio.Reader) string {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil || line == ".\r\n" {
			return b.String()
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
}
