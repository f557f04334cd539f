package term

import (
	"io"
	"os"

	xterm "golang.org/x/term"
)

// A Color is a colour of the output, named after its meaning.
type Color uint8

// The colours: none, green, red, dim and bold.
const (
	Plain Color = iota
	Good
	Bad
	Faint
	Head
)

func (c Color) paint(s string, on bool) string {
	if !on || c == Plain || s == "" {
		return s
	}
	code := [...]string{Good: "32", Bad: "31", Faint: "2", Head: "1"}[c]
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// IsTerminal reports whether f is an *os.File that is a terminal.
func IsTerminal(f any) bool {
	file, ok := f.(*os.File)
	return ok && xterm.IsTerminal(int(file.Fd()))
}

// UseColor reports whether to write colours to w: a terminal, NO_COLOR not set (no-color.org), TERM
// not "dumb".
func UseColor(w io.Writer, getenv func(string) string) bool {
	return IsTerminal(w) && allowsColor(getenv)
}

func allowsColor(getenv func(string) string) bool {
	return getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}

// ReadSecret reads a line from a terminal without echoing it.
func ReadSecret(f *os.File) (string, error) {
	b, err := xterm.ReadPassword(int(f.Fd()))
	return string(b), err
}
