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
)

// Systemd is a systemd.timer(5) and its service, of the system or of one user.
type Systemd struct {
	// Dir holds the units, for example /etc/systemd/system.
	Dir string
	// User is set for a user's own systemd.
	User bool
}

const (
	serviceUnit = "virgo.service"
	timerUnit   = "virgo.timer"
)

// Name gives "systemd timer".
func (Systemd) Name() string { return "systemd timer" }

// Print gives both units, each after its path.
func (s Systemd) Print(e Entry) string {
	var b strings.Builder
	for _, u := range s.units(e) {
		fmt.Fprintf(&b, "# %s\n%s", filepath.Join(s.Dir, u.name), u.text)
	}
	return b.String()
}

type unit struct{ name, text string }

func (Systemd) units(e Entry) []unit {
	words := []string{systemdQuote(e.Program)}
	for _, f := range e.Flags {
		words = append(words, systemdQuote(f))
	}
	service := "[Unit]\n" +
		"Description=virgo: one look at this host\n\n" +
		"[Service]\n" +
		"Type=oneshot\n" +
		"ExecStart=" + strings.Join(append(words, "run"), " ") + "\n" +
		"TimeoutStartSec=120\n" +
		// Three lines a minute of its start and end stay out of the journal (of systemd 252 and 257; 247 writes them all
		// the same); what virgo says, and that it failed, comes in.
		"SyslogLevel=notice\n" +
		"LogLevelMax=notice\n"
	timer := "[Unit]\n" +
		"Description=virgo: once a minute\n\n" +
		"[Timer]\n" +
		fmt.Sprintf("OnCalendar=*:*:%02d\n", int(e.Splay/time.Second)) +
		"AccuracySec=1s\n\n" +
		"[Install]\n" +
		"WantedBy=timers.target\n"
	return []unit{{serviceUnit, service}, {timerUnit, timer}}
}

// Install writes the units and starts the timer; nothing is written where no systemd answers.
func (s Systemd) Install(ctx context.Context, e Entry) (bool, error) {
	if err := s.answers(ctx); err != nil {
		return false, err
	}
	changed := false
	for _, u := range s.units(e) {
		path := filepath.Join(s.Dir, u.name)
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, []byte(u.text)) {
			continue
		}
		if err := os.MkdirAll(s.Dir, 0o755); err != nil {
			return false, fmt.Errorf("writing %s: %w", u.name, err)
		}
		if err := os.WriteFile(path, []byte(u.text), 0o644); err != nil {
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

// Uninstall stops the timer and removes the units.
func (s Systemd) Uninstall(ctx context.Context) (bool, error) {
	if _, err := os.Stat(filepath.Join(s.Dir, timerUnit)); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err := s.answers(ctx); err != nil {
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

// answers asks the manager for something small. A container has a systemctl and no manager; a user's manager is
// out of reach without the environment of a login, which su and sudo do not give.
func (s Systemd) answers(ctx context.Context) error {
	err := s.systemctl(ctx, "show", "--property=Version")
	var hint *HintError
	if err == nil || errors.As(err, &hint) {
		return err
	}
	next := "use the crontab: `virgo install`"
	if s.User {
		next = "log in as this user (su and sudo are no login), or " + next
	}
	return &HintError{Err: err, Next: next}
}

// Caveat says what keeps an installed timer from running always; empty where nothing does. A user's timers end
// with the last session, unless the user lingers (loginctl(1)).
func (s Systemd) Caveat(ctx context.Context) string {
	if !s.User {
		return ""
	}
	out, err := exec.CommandContext(ctx, "loginctl", "show-user", strconv.Itoa(os.Geteuid()), "--property=Name", "--property=Linger").Output()
	said := "\n" + string(out)
	if err != nil || !strings.Contains(said, "\nLinger=no\n") {
		return ""
	}
	_, name, _ := strings.Cut(said, "\nName=")
	name, _, _ = strings.Cut(name, "\n")
	return "the timer runs only while " + name + " is logged in; always after `loginctl enable-linger " + name + "` as root"
}

func (s Systemd) systemctl(ctx context.Context, args ...string) error {
	if s.User {
		args = append([]string{"--user"}, args...)
	}
	out, err := exec.CommandContext(ctx, "systemctl", args...).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return &HintError{Err: fmt.Errorf("this host has no systemctl: %w", err), Next: "use the crontab: `virgo install`"}
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
