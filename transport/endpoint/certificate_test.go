package endpoint

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"virgo/transport"
)

func TestCertificateIsRenewedWithItsKey(t *testing.T) {
	site := newSite(t)
	var log bytes.Buffer
	now := time.Now()
	c, err := LoadCertificate(site.folder, slog.New(slog.NewTextHandler(&log, nil)), func() time.Time { return now })
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
	if !second.NotAfter.After(first.NotAfter) || transport.PinOf(second) != transport.PinOf(first) || strings.Join(hostsOf(second), " ") != strings.Join(hostsOf(first), " ") {
		t.Errorf("renewed: until %v, for %v\n%s", second.NotAfter, hostsOf(second), &log)
	}
	onDisk, err := readCert(site.folder.serverCert())
	if err != nil || !onDisk.Equal(second) {
		t.Errorf("on disk is another one: %v", err)
	}
}

func TestCertificateThatItsOwnerReplaced(t *testing.T) {
	site, other := newSite(t), newSite(t)
	var log bytes.Buffer
	now := time.Now()
	c, err := LoadCertificate(site.folder, slog.New(slog.NewTextHandler(&log, nil)), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	was := transport.PinOf(c.Leaf())
	move(t, other.folder.serverCert(), site.folder.serverCert())
	now = now.Add(2 * recheckCertificate)
	if transport.PinOf(c.Leaf()) != was || !strings.Contains(log.String(), "the one before is still shown") {
		t.Errorf("half a change was taken\n%s", &log)
	}
	move(t, other.folder.serverKey(), site.folder.serverKey())
	if transport.PinOf(c.Leaf()) != was {
		t.Error("looked at again too soon")
	}
	now = now.Add(2 * recheckCertificate)
	foreign := c.Leaf()
	if transport.PinOf(foreign) == was {
		t.Errorf("the change was not seen\n%s", &log)
	}
	// It is not of this folder's authority: nobody else renews it.
	now = foreign.NotAfter.Add(-time.Hour)
	if c.Leaf() != foreign || !strings.Contains(log.String(), "replace it by hand") {
		t.Errorf("a foreign certificate was renewed\n%s", &log)
	}
}

func TestCertificateRefusesALooseKey(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes do not say who can read a file on Windows")
	}
	site := newSite(t)
	if err := os.Chmod(site.folder.serverKey(), 0o640); err != nil {
		t.Fatal(err)
	}
	var mode *ModeError
	if _, err := LoadCertificate(site.folder, slog.New(slog.DiscardHandler), time.Now); !errors.As(err, &mode) {
		t.Errorf("got %v", err)
	}
}

func move(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}
