package timer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"virgo/cmd/internal/footprint"
	"virgo/schedule/shorttext"
)

// mark ends the line that virgo owns. cron passes the whole line to sh, for which it is a comment.
const mark = "# by virgo install"

// Crontab is the crontab(1) of the current user, or where the host has no such program, a file of
// the folder cron.d.
type Crontab struct {
	// Fallback is the file in cron.d; empty: none, as for users other than root.
	Fallback string
}

// Name returns "crontab", or the file in cron.d.
func (c Crontab) Name() string {
	if c.usesFallback() {
		return c.Fallback
	}
	return "crontab"
}

// usesFallback reports whether this host has the folder cron.d and no crontab program.
func (c Crontab) usesFallback() bool {
	if c.Fallback == "" {
		return false
	}
	if _, err := exec.LookPath(program); err == nil {
		return false
	}
	info, err := os.Stat(filepath.Dir(c.Fallback))
	return err == nil && info.IsDir()
}

// program is the name of crontab(1).
const program = "crontab"

// Print returns the line.
func (c Crontab) Print(e Entry) string {
	line := cronLine(e)
	if c.usesFallback() {
		line = strings.Replace(line, everyMinute, everyMinute+"root ", 1)
	}
	return line + "\n"
}

const everyMinute = "* * * * * "

func cronLine(e Entry) string {
	// cron passes the line to sh, which sets the variable for this command alone.
	words := []string{footprint.OneProcessor, shorttext.QuoteShell(e.Command.Program)}
	for _, a := range e.args() {
		words = append(words, shorttext.QuoteShell(a))
	}
	words = append(words, "--splay="+e.Splay.String())
	// crontab(5): an unescaped % ends the command.
	return everyMinute + strings.ReplaceAll(strings.Join(words, " "), "%", `\%`) + " " + mark
}

// Install adds the line, or replaces the one that is there.
func (c Crontab) Install(ctx context.Context, e Entry) (bool, error) {
	if c.usesFallback() {
		return c.writeFallback(c.Print(e))
	}
	changed, err := c.edit(ctx, cronLine(e))
	if err != nil {
		return changed, err
	}
	// It may be from the time before the host had the program.
	removed, err := c.removeFallback()
	return changed || removed, err
}

// Uninstall removes the line.
func (c Crontab) Uninstall(ctx context.Context) (changed bool, err error) {
	if !c.usesFallback() {
		if changed, err = c.edit(ctx, ""); err != nil {
			return changed, err
		}
	}
	removed, err := c.removeFallback()
	return changed || removed, err
}

func (c Crontab) writeFallback(text string) (bool, error) {
	if old, err := os.ReadFile(c.Fallback); err == nil && string(old) == text {
		return false, nil
	}
	if err := writeFile(c.Fallback, text); err != nil {
		return false, fmt.Errorf("writing %s: %w", c.Fallback, err)
	}
	return true, nil
}

// removeFallback removes the file in cron.d if virgo wrote it.
func (c Crontab) removeFallback() (bool, error) {
	old, err := os.ReadFile(c.Fallback)
	if err != nil || !bytes.HasSuffix(bytes.TrimSpace(old), []byte(mark)) {
		return false, nil
	}
	if err := os.Remove(c.Fallback); err != nil {
		return false, fmt.Errorf("removing the entry: %w", err)
	}
	return true, nil
}

// edit replaces the line that virgo owns with line; an empty line removes it. All others stay
// unchanged.
func (Crontab) edit(ctx context.Context, line string) (bool, error) {
	old, err := readCrontab(ctx)
	if err != nil {
		return false, err
	}
	edited := withLine(old, line)
	if edited == old {
		return false, nil
	}
	// Every crontab takes a file; not every one takes "-" for its standard input.
	file, err := os.CreateTemp("", "virgo-crontab-*")
	if err != nil {
		return false, fmt.Errorf("writing the crontab: %w", err)
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(edited)
	if err = errors.Join(err, file.Close()); err != nil {
		return false, fmt.Errorf("writing the crontab: %w", err)
	}
	if out, err := crontab(ctx, file.Name()).CombinedOutput(); err != nil {
		err := fmt.Errorf("writing the crontab: %w: %s", err, firstLine(out))
		if folder, ok := missingFolder(string(out)); ok {
			return false, &HintError{Err: err, Next: "mkdir -p " + shorttext.QuoteShell(folder)}
		}
		return false, err
	}
	return true, nil
}

// crontab returns the command, whose messages are in English.
func crontab(ctx context.Context, argument string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, argument)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "LANGUAGE=C")
	return cmd
}

// withLine returns a crontab in which line is the only one that virgo owns.
func withLine(old, line string) string {
	var b strings.Builder
	placed := line == ""
	for l := range strings.Lines(old) {
		if !strings.HasSuffix(strings.TrimRight(l, "\r\n \t"), mark) {
			b.WriteString(l)
			continue
		}
		if !placed {
			b.WriteString(line + "\n")
			placed = true
		}
	}
	if !placed {
		if s := b.String(); s != "" && !strings.HasSuffix(s, "\n") {
			b.WriteByte('\n')
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// readCrontab returns the crontab, empty if the user has none. All other failures are errors: a
// crontab that cannot be read must not be overwritten.
func readCrontab(ctx context.Context) (string, error) {
	cmd := crontab(ctx, "-l")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return string(out), nil
	case errors.Is(err, exec.ErrNotFound):
		return "", &HintError{
			Err:  fmt.Errorf("this host has no crontab program: %w", err),
			Next: "install cron, or use `virgo install --systemd`",
		}
	case errors.As(err, &exit) && len(out) == 0 && saysNone(stderr.String()):
		return "", nil
	default:
		return "", fmt.Errorf("reading the crontab: %w: %s", err, firstLine(stderr.Bytes()))
	}
}

// saysNone reports whether this is the message of a crontab program that the user has no crontab yet:
//
//	no crontab for root                                        cron, cronie, dcron, BSD, macOS
//	crontab: can't open 'root': No such file or directory      busybox
//	crontab: can't open your crontab file.                     Solaris, illumos, HP-UX
//	0481-103 Cannot open a file in the … directory.            AIX
//
// The last two do not say why. Their programs run as root, so what is wrong is that there is none.
func saysNone(message string) bool {
	if _, ok := missingFolder(message); ok {
		return true
	}
	message = strings.ToLower(message)
	for _, phrase := range [...]string{"no crontab", "can't open your crontab", "0481-103"} {
		if strings.Contains(message, phrase) {
			return true
		}
	}
	return strings.Contains(message, "can't open '") && strings.Contains(message, "': no such file or directory")
}

// missingFolder returns the folder of all crontabs that busybox's crontab misses on a fresh system:
//
//	crontab: can't change directory to '/var/spool/cron/crontabs': No such file or directory
func missingFolder(message string) (folder string, ok bool) {
	_, rest, _ := strings.Cut(message, "can't change directory to '")
	folder, _, ok = strings.Cut(rest, "': No such file or directory")
	return folder, ok
}
