package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Systemd writes units into a folder such as /etc/systemd/system.
type Systemd struct{ Dir string }

const unitName = "virgo-endpoint.service"

// Name returns "systemd".
func (Systemd) Name() string { return "systemd" }

// Logs returns how to read the journal.
func (Systemd) Logs() string { return "journalctl -u virgo-endpoint" }

func (s Systemd) path() string { return filepath.Join(s.Dir, unitName) }

// sandbox takes from the service what it does not need. @privileged has what only root may call; Go and
// SQLite need nothing of it. Without AF_UNIX it could not tell systemd that it is ready. PrivateUsers is left out:
// containers often refuse it, the service would not start there, and it has no capabilities anyway.
const sandbox = `UMask=0077
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectHostname=yes
ProtectClock=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectProc=invisible
ProcSubset=pid
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
`

// memoryMax is the service's memory, three times what a hundred thousand hosts need. serve bounds its heap by three quarters
// of it, or of the host's if that is less; a GOMEMLIMIT here would be too much for a small host. memoryHigh, where the kernel
// begins to take memory back, its page cache first, has to be above that bound: the kernel slows down a process that it can
// take nothing from, which would crawl before it ever collected its garbage.
const (
	memoryHigh = "1344M"
	memoryMax  = "1536M"
)

// Print returns the unit.
func (s Systemd) Print(service Service) string {
	words := []string{systemdQuote(service.Program)}
	for _, a := range service.Args {
		words = append(words, systemdQuote(a))
	}
	capabilities := "CapabilityBoundingSet=\n"
	if service.LowPort {
		capabilities = "CapabilityBoundingSet=CAP_NET_BIND_SERVICE\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n"
	}
	return "[Unit]\n" +
		"Description=virgo-endpoint: receives the results of agents\n" +
		"Wants=network-online.target\n" +
		"After=network-online.target\n" +
		// It is started again for ever: agents keep their results meanwhile.
		"StartLimitIntervalSec=0\n\n" +
		"[Service]\n" +
		"Type=notify\n" +
		"User=" + service.User + "\n" +
		"ExecStart=" + strings.Join(words, " ") + "\n" +
		"Restart=always\n" +
		"RestartSec=5\n" +
		"RestartPreventExitStatus=2\n" + // its arguments: it would fail again
		"TimeoutStopSec=30\n" +
		fmt.Sprintf("LimitNOFILE=%d\n", maxOpenFiles) +
		"MemoryHigh=" + memoryHigh + "\n" +
		"MemoryMax=" + memoryMax + "\n" +
		"ReadWritePaths=" + systemdQuote(service.Dir) + "\n" +
		capabilities + sandbox +
		"\n[Install]\n" +
		"WantedBy=multi-user.target\n"
}

// Install writes the unit and starts the service. It writes nothing if systemd does not answer.
func (s Systemd) Install(ctx context.Context, service Service) (bool, error) {
	if err := ping(ctx); err != nil {
		return false, err
	}
	changed, err := write(s.path(), s.Print(service), 0o644)
	if err != nil {
		return false, err
	}
	start := "start"
	if changed {
		start = "restart"
		if err := command(ctx, "systemctl", "daemon-reload"); err != nil {
			return true, err
		}
	}
	if err := command(ctx, "systemctl", "enable", unitName); err != nil {
		return changed, err
	}
	if err := command(ctx, "systemctl", start, unitName); err != nil {
		return changed, &HintError{err, s.Logs() + " -n 20 says why"}
	}
	return changed, nil
}

// Uninstall stops the service and removes the unit.
func (s Systemd) Uninstall(ctx context.Context) (bool, error) {
	if _, err := os.Lstat(s.path()); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err := ping(ctx); err != nil {
		return false, err
	}
	if err := command(ctx, "systemctl", "disable", "--now", unitName); err != nil {
		return false, err
	}
	if err := os.Remove(s.path()); err != nil {
		return false, err
	}
	return true, command(ctx, "systemctl", "daemon-reload")
}

// ping returns an error if there is no systemd that answers.
func ping(ctx context.Context) error {
	if err := command(ctx, "systemctl", "show", "--property=Version"); err != nil {
		return &HintError{err, "without systemd, start virgo-endpoint serve by what starts services here; install --print shows how systemd would"}
	}
	return nil
}

// systemdQuote quotes a word, see systemd.service(5), "Command lines".
func systemdQuote(s string) string {
	s = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%", "$", "$$").Replace(s)
	if s == "" || strings.ContainsAny(s, " \t'\"\\;") {
		return `"` + s + `"`
	}
	return s
}
