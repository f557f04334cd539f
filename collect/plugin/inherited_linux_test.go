package plugin

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"virgo/schedule"
)

// Whoever started the agent may have left it descriptors: flock(1) of a crontab's line, a shell's
// redirections, sockets. A plugin, which may run as another user, gets none of them.
func TestPluginInheritsNoDescriptor(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("s3cret"), 0o600); err != nil {
		t.Fatal(err)
	}
	fd, err := syscall.Open(secret, syscall.O_RDONLY, 0) // without O_CLOEXEC, as a parent's is
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	dir := folder(t)
	install(t, dir, "p", "#!/bin/sh\necho status $(ls -l /proc/$$/fd | grep -c '"+secret+"')\n")
	r, err := checkIn(t.Context(), dir, schedule.Details{"file": "p"})
	if err != nil || strings.TrimSpace(r.Status) != "0" {
		t.Errorf("the plugin has the agent's descriptor: %q, %v", r.Status, err)
	}
}
