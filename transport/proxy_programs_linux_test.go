package transport_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// hidden is a name that the proxies can resolve and this process cannot.
const hidden = "endpoint.virgo.test"

// missing skips a test whose program is not installed, or fails it where all are required.
func missing(t *testing.T, what, pkg string) {
	t.Helper()
	line := fmt.Sprintf("%s is missing: install Debian's %s", what, pkg)
	if os.Getenv("VIRGO_REQUIRE_SERVICES") == "1" {
		t.Fatal(line)
	}
	t.Skip(line)
}

// program finds a program, also in the folders of root's PATH.
func program(t *testing.T, name, pkg string) string {
	t.Helper()
	if os.Getenv("VIRGO_TEST") != "all" {
		t.Skipf("runs the real %s: VIRGO_TEST=all runs this test", name)
	}
	for _, candidate := range []string{name, "/usr/sbin/" + name, "/usr/lib/squid/" + name} {
		if path, err := exec.LookPath(candidate); err == nil {
			return path
		}
	}
	missing(t, name, pkg)
	return ""
}

// A sandbox is a command that runs a program with its own hosts file, which has the hidden name.
func sandbox(t *testing.T) []string {
	t.Helper()
	unshare := program(t, "unshare", "util-linux")
	hosts := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(hosts, []byte("127.0.0.1 localhost "+hidden+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := []string{unshare, "-rm", "/bin/sh", "-c", `mount --bind "$0" /etc/hosts && exec "$@"`, hosts}
	if out, err := exec.Command(c[0], append(c[1:], "true")...).CombinedOutput(); err != nil {
		missing(t, fmt.Sprintf("leave to mount a hosts file (%v: %s)", err, bytes.TrimSpace(out)), "kernel with user namespaces, or run as root")
	}
	return c
}

// A log collects the output of a program for a failed test.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start runs a program until the test ends, and returns when it accepts connections.
func start(t *testing.T, address string, command ...string) {
	t.Helper()
	said := new(log)
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = said, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
		if t.Failed() {
			t.Logf("%s said:\n%s", command, said)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			conn.Close()
			return
		}
		select {
		case <-poll.C:
		case <-ended:
			t.Fatalf("%s ended before it listened on %s", command, address)
		case <-ctx.Done():
			t.Fatalf("%s does not listen on %s: %v", command, address, err)
		}
	}
}

func portOf(t *testing.T, address string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func startTinyproxy(t *testing.T, port, more string) (address string) {
	address = freePort(t)
	tinyproxy := program(t, "tinyproxy", "tinyproxy")
	conf := write(t, "tinyproxy.conf", fmt.Sprintf("Port %s\nListen 127.0.0.1\nAllow 127.0.0.1\nTimeout 20\nMaxClients 20\nConnectPort %s\nLogLevel Critical\n%s\n",
		portOf(t, address), port, more))
	start(t, address, append(sandbox(t), tinyproxy, "-d", "-c", conf)...)
	return address
}

// startSquid returns two addresses: the first speaks HTTP, the second HTTP over TLS.
func startSquid(t *testing.T, cert tls.Certificate, more string) (address, secure string) {
	squid := program(t, "squid", "squid")
	address, secure = freePort(t), freePort(t)
	dir := t.TempDir()
	certFile, keyFile := pemFiles(t, cert)
	hosts := write(t, "hosts", "127.0.0.1 "+hidden+"\n")
	conf := write(t, "squid.conf", strings.Join([]string{
		"http_port " + address,
		"https_port " + secure + " tls-cert=" + certFile + " tls-key=" + keyFile,
		"hosts_file " + hosts, "dns_nameservers 127.0.0.1", "dns_timeout 1 second", "dns_retransmit_interval 1 second",
		"cache deny all", "access_log none", "cache_log " + dir + "/log", "coredump_dir " + dir,
		"pid_filename " + dir + "/pid", "shutdown_lifetime 0 seconds", "pinger_enable off", "netdb_filename none",
		"visible_hostname proxy.test", "max_filedescriptors 256",
		more, "",
	}, "\n"))
	// It needs no sandbox, because it has a hosts file of its own, but must not think that it is
	// root.
	start(t, address, program(t, "unshare", "util-linux"), "--map-user=65534", "--map-group=65534", squid, "-N", "-d", "1", "-f", conf)
	return address, secure
}

func pemFiles(t testing.TB, cert tls.Certificate) (certFile, keyFile string) {
	t.Helper()
	der, err := x509.MarshalECPrivateKey(cert.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for path, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: cert.Certificate[0]},
		keyFile:  {Type: "EC PRIVATE KEY", Bytes: der},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

func startMicrosocks(t *testing.T, more ...string) (address string) {
	address = freePort(t)
	microsocks := program(t, "microsocks", "microsocks")
	command := append(sandbox(t), microsocks, "-i", "127.0.0.1", "-p", portOf(t, address))
	start(t, address, append(command, more...)...)
	return address
}

func startDante(t *testing.T, rules string) (address string) {
	address = freePort(t)
	danted := program(t, "danted", "dante-server")
	conf := write(t, "danted.conf", fmt.Sprintf("errorlog: stderr\ninternal: 127.0.0.1 port = %s\nexternal: 127.0.0.1\nclientmethod: none\nsocksmethod: none\n"+
		"user.privileged: root\nuser.unprivileged: root\nclient pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }\n%s\n", portOf(t, address), rules))
	start(t, address, append(sandbox(t), danted, "-f", conf, "-p", filepath.Join(t.TempDir(), "pid"))...)
	return address
}
