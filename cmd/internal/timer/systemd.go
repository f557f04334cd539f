package timer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"virgo/cmd/internal/atomicfile"
	"virgo/cmd/internal/footprint"
)

// Systemd is a systemd.timer(5) with its service, of the system or of a user.
type Systemd struct {
	// Dir is the folder of the units, for example /etc/systemd/system.
	Dir string
	// User selects the user's systemd.
	User bool
}

const (
	serviceUnit = "virgo.service"
	timerUnit   = "virgo.timer"
)

// Name returns "systemd timer".
func (Systemd) Name() string { return "systemd timer" }

// Print returns both units, each after its path.
func (s Systemd) Print(e Entry) string {
	var b strings.Builder
	for _, u := range s.units(e) {
		fmt.Fprintf(&b, "# %s\n%s", filepath.Join(s.Dir, u.name), u.text)
	}
	return b.String()
}

type unit struct{ name, text string }

// hardening takes from a run of root what no check needs. Nothing here makes a mount namespace
// (ProtectSystem, PrivateTmp, ProtectKernelTunables and their like): agent.filesystem and
// agent.filesystem_state would report its read-only mounts as the host's, and each run would pay for it.
// Nor does anything imply NoNewPrivileges, without which plugins may use sudo; for root none of these
// does, and a user's unit has none of them.
const hardening = "UMask=0077\n" +
	"CapabilityBoundingSet=~CAP_SYS_MODULE CAP_SYS_BOOT CAP_SYS_TIME CAP_MAC_ADMIN CAP_MAC_OVERRIDE\n" +
	"LockPersonality=yes\n" +
	"RestrictRealtime=yes\n" +
	"RestrictSUIDSGID=yes\n" +
	"KeyringMode=private\n"

func (s Systemd) units(e Entry) []unit {
	words := []string{systemdQuote(e.Command.Program)}
	for _, a := range e.args() {
		words = append(words, systemdQuote(a))
	}
	service := "[Unit]\n" +
		"Description=virgo: check this host\n\n" +
		"[Service]\n" +
		"Type=oneshot\n" +
		"Environment=" + footprint.OneProcessor + "\n" +
		// Saves CPU time; package timerslack says how, and keeps it from what a run starts.
		"TimerSlackNSec=2ms\n" +
		"ExecStart=" + strings.Join(words, " ") + "\n" +
		"TimeoutStartSec=120\n" +
		// A program that hangs in the kernel, as over NFS, outlives its run, and systemd waits for it four times this long
		// before the timer starts the next run. A run that is killed loses nothing.
		"TimeoutStopSec=10\n" +
		// For groups of script processes, see package group. It also keeps the run alive when the kernel ends a process
		// of them for its memory (OOMPolicy=). Before systemd 236 it is ignored.
		"Delegate=memory pids\n" +
		// Keeps three lines a minute about start and end out of the journal (systemd 252 and 257;
		// 247 logs them anyway), but not virgo's own messages and failures.
		"SyslogLevel=notice\n" +
		"LogLevelMax=notice\n"
	if !s.User {
		service += hardening
	}
	timer := "[Unit]\n" +
		"Description=virgo: check this host once a minute\n\n" +
		"[Timer]\n" +
		fmt.Sprintf("OnCalendar=*:*:%02d\n", int(e.Splay/time.Second)) +
		"AccuracySec=1s\n\n" +
		"[Install]\n" +
		"WantedBy=timers.target\n"
	return []unit{{serviceUnit, service}, {timerUnit, timer}}
}

// Install writes the units and starts the timer. It writes nothing if systemd does not answer.
func (s Systemd) Install(ctx context.Context, e Entry) (bool, error) {
	if err := s.ping(ctx); err != nil {
		return false, err
	}
	changed := false
	for _, u := range s.units(e) {
		path := filepath.Join(s.Dir, u.name)
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, []byte(u.text)) {
			continue
		}
		if err := writeFile(path, u.text); err != nil {
			return false, fmt.Errorf("writing %s: %w", u.name, err)
		}
		changed = true
	}
	if changed {
		if err := s.systemctl(ctx, "daemon-reload"); err != nil {
			return true, err
		}
	}
	return changed, s.systemctl(ctx, "enable", "--now", timerUnit)
}

// writeFile writes atomically: after a power loss a half-written entry would silently stop the runs.
func writeFile(path, text string) error {
	if err := atomicfile.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := atomicfile.Create(path)
	if err != nil {
		return err
	}
	defer f.Discard()
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if _, err := f.WriteString(text); err != nil {
		return err
	}
	return f.Replace()
}

// Uninstall stops the timer and removes the units.
func (s Systemd) Uninstall(ctx context.Context) (bool, error) {
	if _, err := os.Stat(filepath.Join(s.Dir, timerUnit)); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err := s.ping(ctx); err != nil {
		return false, err
	}
	if err := s.systemctl(ctx, "disable", "--now", timerUnit); err != nil {
		return false, err
	}
	for _, name := range []string{timerUnit, serviceUnit} {
		if err := os.Remove(filepath.Join(s.Dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, fmt.Errorf("removing %s: %w", name, err)
		}
	}
	return true, s.systemctl(ctx, "daemon-reload")
}

// ping returns an error if the service manager does not answer: a container may have systemctl but no
// manager, and a user's manager needs the environment of a login, which su and sudo do not provide.
func (s Systemd) ping(ctx context.Context) error {
	err := s.systemctl(ctx, "show", "--property=Version")
	var hint *HintError
	if err == nil || errors.As(err, &hint) {
		return err
	}
	next := "use the crontab: `virgo install`"
	if s.User {
		next = "log in as this user (su and sudo do not suffice), or " + next
	}
	return &HintError{Err: err, Next: next}
}

// Warning says when an installed timer does not run: a user's timers stop with the user's last
// session, unless lingering is enabled (loginctl(1)).
func (s Systemd) Warning(ctx context.Context) string {
	if !s.User {
		return ""
	}
	out, err := exec.CommandContext(ctx, "loginctl", "show-user", strconv.Itoa(os.Geteuid()),
		"--property=Name", "--property=Linger").Output()
	properties := "\n" + string(out)
	if err != nil || !strings.Contains(properties, "\nLinger=no\n") {
		return ""
	}
	_, name, _ := strings.Cut(properties, "\nName=")
	name, _, _ = strings.Cut(name, "\n")
	return "the timer runs only while " + name + " is logged in; to run it always, " +
		"call `loginctl enable-linger " + name + "` as root"
}

func (s Systemd) systemctl(ctx context.Context, args ...string) error {
	if s.User {
		args = append([]string{"--user"}, args...)
	}
	out, err := exec.CommandContext(ctx, "systemctl", args...).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return &HintError{
			Err:  fmt.Errorf("this host has no systemctl: %w", err),
			Next: "use the crontab: `virgo install`",
		}
	}
	if err != nil {
		return fmt.Errorf("systemctl %s: %w: %s", strings.Join(args, " "), err, firstLine(out))
	}
	return nil
}

// systemdQuote quotes a word of ExecStart, see systemd.service(5), "Command lines".
func systemdQuote(s string) string {
	s = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%", "$", "$$").Replace(s)
	if s == "" || strings.ContainsAny(s, " \t'\"\\;") {
		return `"` + s + `"`
	}
	return s
}
