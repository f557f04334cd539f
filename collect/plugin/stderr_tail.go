package plugin

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"virgo/collect/hostinfo/redact"
	"virgo/schedule/shorttext"
)

const (
	// maxTailBytes is how much of the end of a plugin's standard error is kept.
	maxTailBytes = 1 << 10
	// maxTailRunes is how much of it a status shows.
	maxTailRunes = 120
)

// A stderrTail reads a plugin's standard error to its end, so that the plugin never waits, and keeps
// the end, where programs say why they failed.
type stderrTail struct {
	kept []byte
	cut  bool // the beginning is lost
	// lines gets each line without what controls a terminal; nil: nobody does. line is the current one.
	lines io.Writer
	line  []byte
	// done is closed when read returns. Only then may kept be read.
	done chan struct{}
}

func newStderrTail(lines io.Writer) *stderrTail {
	return &stderrTail{lines: lines, done: make(chan struct{})}
}

// read reads r up to its end or an error, which is how closing r ends it.
func (t *stderrTail) read(r io.Reader) {
	defer close(t.done)
	defer t.show(nil, true)
	buf := make([]byte, 256)
	for {
		n, err := r.Read(buf)
		t.show(buf[:n], false)
		t.kept = append(t.kept, buf[:n]...)
		if over := len(t.kept) - maxTailBytes; over > 0 {
			t.kept, t.cut = append(t.kept[:0], t.kept[over:]...), true
		}
		if err != nil {
			return
		}
	}
}

// show passes on complete lines, and at the end what is left. Half a sequence that controls a terminal
// would not be recognised, so a line is passed on as a whole, or in pieces of maxTailBytes.
func (t *stderrTail) show(b []byte, end bool) {
	if t.lines == nil {
		return
	}
	t.line = append(t.line, b...)
	for {
		i := bytes.IndexByte(t.line, '\n')
		switch {
		case i >= 0:
		case len(t.line) > maxTailBytes, end && len(t.line) > 0:
			i = len(t.line)
		default:
			return
		}
		// An error is nobody's concern: the lines are for a person who looks on.
		_, _ = io.WriteString(t.lines, shorttext.StripControls(string(trimCR(t.line[:i])))+"\n")
		t.line = t.line[min(i+1, len(t.line)):]
	}
}

// text returns the last line that is not empty, without control characters and what looks like a secret,
// and truncated; empty if there is none.
func (t *stderrTail) text() string {
	lines := strings.Split(strings.TrimRight(string(t.kept), "\r\n \t"), "\n")
	s := strings.TrimSpace(shorttext.StripControls(lines[len(lines)-1]))
	if t.cut && len(lines) == 1 {
		_, s, _ = strings.Cut(s, " ") // half a word may be half a secret
	}
	s = redact.Text(s)
	if over := utf8.RuneCountInString(s) - maxTailRunes; over > 0 {
		s = "…" + string([]rune(s)[over+1:])
	}
	return s
}

// withReason returns the status of a plugin that failed with the end of its standard error behind it.
func withReason(status, reason string) string {
	if reason == "" {
		return status
	}
	return status + "; its standard error ends with: " + reason
}
