package mail

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/notify"
	"virgo/collect/collecttest"
)

// A real server delivers what a driver sends, and it is read back. Its TLS is tested against a server of our own:
// that of Debian 12 has none that works with the library there (OpenSMTPD issue 1171), and logs nobody in without it.
func TestOpenSMTPD(t *testing.T) {
	smtpd := collecttest.Program(t, "smtpd", "opensmtpd")
	unshare := collecttest.Program(t, "unshare", "util-linux")
	if os.Getuid() != 0 {
		t.Skip("opensmtpd runs as root only")
	}
	if err := exec.Command(unshare, "--mount", "true").Run(); err != nil {
		t.Skipf("no namespaces here: %v", err)
	}
	dir := readableFolder(t)
	box := filepath.Join(dir, "mail")
	if err := os.Mkdir(box, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(box, 0o777); err != nil { // the user nobody delivers
		t.Fatal(err)
	}
	port := collecttest.FreePort(t)
	address := "127.0.0.1:" + port
	config := filepath.Join(dir, "smtpd.conf")
	text := "listen on 127.0.0.1 port " + port + "\naction in maildir \"" + box + "\" virtual { \"@\" = nobody }\nmatch from any for any action in\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	// Its queue and its socket are at fixed places.
	script := "mount -t tmpfs -o mode=755 tmpfs /var/spool && mount -t tmpfs -o mode=755 tmpfs /run && mkdir -m 711 /var/spool/smtpd && exec " + smtpd + " -d -f " + config
	collecttest.Serve(t, exec.Command(unshare, "--mount", "sh", "-c", script), collecttest.Answers("tcp", address))
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	d := New(notify.MailConfig{To: []string{"ops@example.com"}, From: "virgo <virgo@example.com>", Host: "127.0.0.1", Port: n, TLS: notify.NoTLS})
	m := message()
	m.Title = strings.TrimSuffix(m.Title, "\r\nBcc: spy@example.com")
	if err := d.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	checkMail(t, delivered(t, filepath.Join(box, "new")))
}

// readableFolder is one that other users can look into.
func readableFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for up := dir; len(up) > len(os.TempDir()); up = filepath.Dir(up) {
		if err := os.Chmod(up, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// delivered waits for the mail in a folder.
func delivered(t *testing.T, folder string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		files, _ := filepath.Glob(filepath.Join(folder, "*"))
		if len(files) > 0 {
			data, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			return string(data)
		}
		select {
		case <-ctx.Done():
			t.Fatal("no mail was delivered")
		case <-tick.C:
		}
	}
}
