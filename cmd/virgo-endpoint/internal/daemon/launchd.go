package daemon

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Launchd writes a launchd.plist(5) into a folder such as /Library/LaunchDaemons.
type Launchd struct{ Dir string }

const launchdLabel = "virgo.endpoint"

// launchdLog is the log below the endpoint's folder; launchd has no journal.
const launchdLog = "serve.log"

// Name returns "launchd".
func (Launchd) Name() string { return "launchd" }

// Logs returns where the log is.
func (Launchd) Logs() string { return launchdLog + " in the endpoint's folder" }

func (l Launchd) path() string { return filepath.Join(l.Dir, launchdLabel+".plist") }

// Print returns the property list.
func (l Launchd) Print(service Service) string {
	var b strings.Builder
	text := func(tag, s string) {
		fmt.Fprintf(&b, "<%s>", tag)
		xml.EscapeText(&b, []byte(s)) // a strings.Builder never fails
		fmt.Fprintf(&b, "</%s>\n", tag)
	}
	b.WriteString(xml.Header +
		"<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n" +
		"<plist version=\"1.0\">\n<dict>\n<key>Label</key>\n")
	text("string", launchdLabel)
	b.WriteString("<key>ProgramArguments</key>\n<array>\n")
	for _, word := range append([]string{service.Program}, service.Args...) {
		text("string", word)
	}
	b.WriteString("</array>\n<key>UserName</key>\n")
	text("string", service.User)
	b.WriteString("<key>StandardErrorPath</key>\n")
	text("string", filepath.Join(service.Dir, launchdLog))
	fmt.Fprintf(&b, "<key>RunAtLoad</key>\n<true/>\n<key>KeepAlive</key>\n<true/>\n<key>ThrottleInterval</key>\n<integer>10</integer>\n"+
		"<key>Umask</key>\n<integer>%d</integer>\n"+
		"<key>SoftResourceLimits</key>\n<dict>\n<key>NumberOfFiles</key>\n<integer>%d</integer>\n</dict>\n</dict>\n</plist>\n", 0o077, maxOpenFiles)
	return b.String()
}

// Install writes the file and loads it.
func (l Launchd) Install(ctx context.Context, service Service) (bool, error) {
	changed, err := write(l.path(), l.Print(service), 0o644)
	if err != nil {
		return false, err
	}
	loaded := l.loaded(ctx)
	if loaded && !changed {
		return false, nil
	}
	if loaded {
		if err := command(ctx, "launchctl", "bootout", "system/"+launchdLabel); err != nil {
			return changed, err
		}
	}
	return changed, command(ctx, "launchctl", "bootstrap", "system", l.path())
}

func (Launchd) loaded(ctx context.Context) bool {
	return command(ctx, "launchctl", "print", "system/"+launchdLabel) == nil
}

// Uninstall unloads and removes the file.
func (l Launchd) Uninstall(ctx context.Context) (bool, error) {
	if _, err := os.Lstat(l.path()); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if l.loaded(ctx) {
		if err := command(ctx, "launchctl", "bootout", "system/"+launchdLabel); err != nil {
			return false, err
		}
	}
	return true, os.Remove(l.path())
}
