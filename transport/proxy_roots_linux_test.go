package transport_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"virgo/transport"
	"virgo/transport/transporttest"
)

// With a CA file for the endpoint, a proxy whose certificate is signed by one of the system's
// authorities is trusted as well, and one signed by neither is not. The system's authorities are
// read once per process, so a child process has its own.
func TestHTTPSProxyUnderTheSystemsAuthorities(t *testing.T) {
	if os.Getenv("TRANSPORT_TEST_CHILD") != "" {
		throughTLS(t, os.Getenv("TRANSPORT_TEST_CHILD"))
		return
	}
	dir := t.TempDir()
	for _, name := range []string{"known", "unknown"} {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout=60s")
		child.Env = append(os.Environ(), "TRANSPORT_TEST_CHILD="+name, "SSL_CERT_FILE="+filepath.Join(dir, name+".pem"), "SSL_CERT_DIR="+dir+"/none")
		if out, err := child.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func throughTLS(t *testing.T, name string) {
	system, err := transporttest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	roots := system.PEM()
	if name == "unknown" {
		roots = []byte("none")
	}
	if err := os.WriteFile(os.Getenv("SSL_CERT_FILE"), roots, 0o600); err != nil {
		t.Fatal(err)
	}
	cert, err := system.Issue(transporttest.Certificate{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	e := listen(t, transporttest.Script{Features: pipelined})
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go relay(conn, e.Address())
		}
	}()
	trust := transport.TLSConfig{CAFile: caFile(t, e.Authority)}
	conn, err := dialBy(t, "https://"+l.Addr().String(), e.Address(), trust)
	if name == "unknown" {
		want := `cannot be trusted: the certificate of 127.0.0.1 is signed by "CN=transporttest authority", which is not trusted`
		if !errors.Is(err, transport.ErrProxy) || !errors.Is(err, transport.ErrTLS) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if n, err := run(t.Context(), conn, transport.SessionOptions{Pipelined: true}, newLedger(t, 100)); n != 100 || err != nil {
		t.Error(n, err)
	}
}

// relay is a minimal HTTP proxy.
func relay(conn net.Conn, to string) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	req, err := http.ReadRequest(r)
	if err != nil || req.Method != http.MethodConnect || req.Host != to {
		io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
		return
	}
	out, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer out.Close()
	io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		io.Copy(conn, out)
		conn.Close()
	}()
	io.Copy(out, r)
}
