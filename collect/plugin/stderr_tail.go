package plugin

import (
	"io"
	"os"
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
	// done is closed when read returns. Only then may kept be read.
	done chan struct{}
}

func newStderrTail() *stderrTail { return &stderrTail{done: make(chan struct{})} }

// read reads r up to its end or an error, which is how closing r ends it.
func (t *stderrTail) read(r io.Reader) {
	defer close(t.done)
	buf := make([]byte, 256)
	for {
		n, err := r.Read(buf)
		t.kept = append(t.kept, buf[:n]...)
		if over := len(t.kept) - maxTailBytes; over > 0 {
			t.kept, t.cut = append(t.kept[:0], t.kept[over:]...), true
		}
		if err != nil {
			return
		}
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

// openStderr returns the file that is a plugin's standard error, and the reader of its end; nil
// where the plugin's standard error goes elsewhere.
func (c command) openStderr() (file *os.File, tail *stderrTail, r *os.File, err error) {
	if c.stderr != nil {
		return c.stderr, nil, nil, nil
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, nil, cannotStart("%v", err)
	}
	return w, newStderrTail(), r, nil
}
