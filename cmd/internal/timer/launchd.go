package timer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"

	"virgo/cmd/internal/footprint"
)

// Launchd is a job of macOS's launchd(8), of the system or of a user.
type Launchd struct {
	// Domain is where launchctl(1) loads the job: system, or gui/UID for a user.
	Domain string
	// Path is the property list of the job, in a folder that launchd reads when the domain begins.
	Path string
}

const (
	launchdLabel = "virgo"
	// launchdSeconds is the time between two starts. launchd counts it from when the job was loaded.
	launchdSeconds = 60
)

// Name returns "launchd".
func (Launchd) Name() string { return "launchd" }

// Print returns the property list (launchd.plist(5)).
func (Launchd) Print(e Entry) string {
	variable, value, _ := strings.Cut(footprint.OneProcessor, "=")
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Label</key>
	<string>` + launchdLabel + `</string>
	<key>ProgramArguments</key>
	<array>
`)
	for _, word := range append(append([]string{e.Command.Program}, e.args()...), "--splay="+e.Splay.String()) {
		b.WriteString("\t\t<string>" + xmlText(word) + "</string>\n")
	}
	fmt.Fprintf(&b, `	</array>
	<key>EnvironmentVariables</key>
	<dict>
		<key>%s</key>
		<string>%s</string>
	</dict>
	<key>StartInterval</key>
	<integer>%d</integer>
	<key>ProcessType</key>
	<string>Background</string>
</dict>
</plist>
`, variable, value, launchdSeconds)
	return b.String()
}

// Install writes the property list and loads the job. The crontab line of an earlier virgo, which
// would start a second run, is removed.
func (l Launchd) Install(ctx context.Context, e Entry) (changed bool, err error) {
	text, loaded := l.Print(e), l.loaded(ctx)
	old, err := os.ReadFile(l.Path)
	if err == nil && bytes.Equal(old, []byte(text)) && loaded {
		return removeCronLine(ctx)
	}
	if err := writeFile(l.Path, text); err != nil {
		return false, fmt.Errorf("writing %s: %w", l.Path, err)
	}
	if loaded {
		if err := l.unload(ctx); err != nil {
			return true, err
		}
	}
	if err := l.launchctl(ctx, "bootstrap", l.Domain, l.Path); err != nil {
		return true, err
	}
	_, err = removeCronLine(ctx)
	return true, err
}

// Uninstall unloads the job and removes its property list.
func (l Launchd) Uninstall(ctx context.Context) (changed bool, err error) {
	if changed, err = removeCronLine(ctx); err != nil {
		return changed, err
	}
	if l.loaded(ctx) {
		if err := l.unload(ctx); err != nil {
			return changed, err
		}
		changed = true
	}
	switch err := os.Remove(l.Path); {
	case err == nil:
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return changed, nil
	default:
		return changed, fmt.Errorf("removing the job: %w", err)
	}
}

// removeCronLine removes the line of an earlier virgo. A crontab that cannot be read has none.
func removeCronLine(ctx context.Context) (bool, error) {
	if _, err := readCrontab(ctx); err != nil {
		return false, nil
	}
	return Crontab{}.Uninstall(ctx)
}

func (l Launchd) loaded(ctx context.Context) bool {
	return exec.CommandContext(ctx, "launchctl", "print", l.Domain+"/"+launchdLabel).Run() == nil
}

func (l Launchd) unload(ctx context.Context) error {
	return l.launchctl(ctx, "bootout", l.Domain+"/"+launchdLabel)
}

func (l Launchd) launchctl(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, "launchctl", args...).CombinedOutput()
	if err == nil {
		return nil
	}
	err = fmt.Errorf("launchctl %s: %w: %s", args[0], err, firstLine(out))
	if l.Domain == systemDomain {
		return err
	}
	return &HintError{Err: err, Next: "log in at the screen as this user, or install as root"}
}

const systemDomain = "system"

// Warning says when the job of a user does not run.
func (l Launchd) Warning(context.Context) string {
	if l.Domain == systemDomain {
		return ""
	}
	return "the job runs only while this user is logged in at the screen; to run it always, install it as root"
}
