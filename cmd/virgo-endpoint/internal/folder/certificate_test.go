package folder

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"virgo/transport"
	"virgo/transport/receipt"
)

func TestCertificateIsRenewedWithItsKey(t *testing.T) {
	dir := newDir(t)
	var log bytes.Buffer
	now := time.Now()
	c, err := LoadCertificate(dir, slog.New(slog.NewTextHandler(&log, nil)), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	first := c.Leaf()
	now = first.NotAfter.Add(-renewBefore - time.Hour)
	if c.Leaf() != first {
		t.Fatal("renewed too early")
	}
	now = first.NotAfter.Add(-renewBefore + time.Hour)
	second := c.Leaf()
	if !second.NotAfter.After(first.NotAfter) || transport.PinOf(second) != transport.PinOf(first) ||
		strings.Join(hostsOf(second), " ") != strings.Join(hostsOf(first), " ") {
		t.Errorf("renewed: until %v, for %v\n%s", second.NotAfter, hostsOf(second), &log)
	}
	onDisk, err := readCert(dir.serverCert())
	if err != nil || !onDisk.Equal(second) {
		t.Errorf("on disk is another one: %v", err)
	}
}

func TestReplacedCertificate(t *testing.T) {
	dir, other := newDir(t), newDir(t)
	var log bytes.Buffer
	now := time.Now()
	c, err := LoadCertificate(dir, slog.New(slog.NewTextHandler(&log, nil)), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	was := transport.PinOf(c.Leaf())
	move(t, other.serverCert(), dir.serverCert())
	now = now.Add(2 * recheckCertificate)
	if transport.PinOf(c.Leaf()) != was || !strings.Contains(log.String(), "the one before is still shown") {
		t.Errorf("a certificate was used without its key\n%s", &log)
	}
	move(t, other.serverKey(), dir.serverKey())
	if transport.PinOf(c.Leaf()) != was {
		t.Error("read again too soon")
	}
	now = now.Add(2 * recheckCertificate)
	foreign := c.Leaf()
	if transport.PinOf(foreign) == was {
		t.Errorf("the change was not seen\n%s", &log)
	}
	// It is not of this folder's authority, so it is not renewed.
	now = foreign.NotAfter.Add(-time.Hour)
	if c.Leaf() != foreign || !strings.Contains(log.String(), "not of this folder's authority: replace it") {
		t.Errorf("a foreign certificate was renewed\n%s", &log)
	}
}

func TestKeyThatOthersCanRead(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes do not say who can read a file on Windows")
	}
	dir := newDir(t)
	if err := os.Chmod(dir.serverKey(), 0o640); err != nil {
		t.Fatal(err)
	}
	var mode *ModeError
	if _, err := LoadCertificate(dir, slog.New(slog.DiscardHandler), time.Now); !errors.As(err, &mode) {
		t.Errorf("got %v", err)
	}
}

func move(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func TestReceiptIsSignedInTheEndpointsName(t *testing.T) {
	for want, hosts := range map[string][]string{
		"endpoint.example.com": {"localhost", "127.0.0.1", "endpoint.example.com", "192.0.2.1"},
		"192.0.2.1":            {"::1", "192.0.2.1"},
		"localhost":            {"localhost", "127.0.0.1"},
	} {
		dir := Dir(filepath.Join(t.TempDir(), "endpoint"))
		if _, err := Init(dir, hosts, time.Now()); err != nil {
			t.Fatal(err)
		}
		c, err := LoadCertificate(dir, slog.New(slog.DiscardHandler), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := c.SignReceipt(receipt.Receipt{Agent: "a", IssuedMS: time.Now().UnixMilli()})
		if err != nil {
			t.Fatal(err)
		}
		r, err := receipt.Open(doc, receipt.Trust{CAFile: dir.CAFile(), ServerName: hosts[0]}, time.Now())
		if err != nil || r.Endpoint != want {
			t.Errorf("endpoint %q, want %q, %v", r.Endpoint, want, err)
		}
	}
}
