package timer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// mark ends the line that virgo owns. cron hands the whole line to sh, for which it is a comment.
const mark = "# by virgo install"

// Crontab is the crontab(1) of the user who calls.
type Crontab struct{}

// Name gives "crontab".
func (Crontab) Name() string { return "crontab" }

// Print gives the line.
func (Crontab) Print(e Entry) string { return cronLine(e) + "\n" }

func cronLine(e Entry) string {
	words := []string{shellQuote(e.Program)}
	for _, f := range e.Flags {
		words = append(words, shellQuote(f))
	}
	words = append(words, "run", "--splay="+e.Splay.String())
	// crontab(5): an unescaped % ends the command.
	return "* * * * * " + strings.ReplaceAll(strings.Join(words, " "), "%", `\%`) + " " + mark
}

// Install puts the line in, or in place of the one that is there.
func (c Crontab) Install(ctx context.Context, e Entry) (bool, error) {
	return c.edit(ctx, cronLine(e))
}

// Uninstall takes the line out.
func (c Crontab) Uninstall(ctx context.Context) (bool, error) { return c.edit(ctx, "") }

// edit replaces the owned line by line; empty removes it. All others stay as they are, to the byte.
func (Crontab) edit(ctx context.Context, line string) (bool, error) {
	old, err := readCrontab(ctx)
	if err != nil {
		return false, err
	}
	edited := withLine(old, line)
	if edited == old {
		return false, nil
	}
	cmd := exec.CommandContext(ctx, "crontab", "-")
	cmd.Stdin = strings.NewReader(edited)
	if out, err := cmd.CombinedOutput(); err != nil {
		return false, fmt.Errorf("writing the crontab: %w: %s", err, firstLine(out))
	}
	return true, nil
}

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

// readCrontab gives the crontab, empty where the user has none. Any other failure is an error: what cannot
// be read must not be overwritten.
func readCrontab(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, "crontab", "-l")
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
	case errors.As(err, &exit) && strings.Contains(stderr.String(), "no crontab for"):
		return "", nil
	default:
		return "", fmt.Errorf("reading the crontab: %w: %s", err, firstLine(stderr.Bytes()))
	}
}

// shellQuote quotes a word for sh where it needs it.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-=:+@,", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
