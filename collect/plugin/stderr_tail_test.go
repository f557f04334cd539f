package plugin

import (
	"strings"
	"testing"
)

func TestStderrTail(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "\n \r\n": "", "one\ntwo\n": "two", "one\r\ntwo": "two", "bad \xff\x1b[1mend\n": "bad \ufffdend",
		strings.Repeat("x", 5*maxTailBytes) + "\nend":    "end",
		strings.Repeat("é", maxTailBytes/2) + " the end": "the end", // half a word is not shown
		strings.Repeat("é", maxTailRunes) + " the end":   "…" + strings.Repeat("é", maxTailRunes-9) + " the end",
	} {
		tail := newStderrTail(nil)
		tail.read(strings.NewReader(in))
		if got := tail.text(); got != want {
			t.Errorf("%.20q: %q, want %q", in, got, want)
		}
		if len(tail.kept) > maxTailBytes {
			t.Errorf("%.20q: %d bytes are kept", in, len(tail.kept))
		}
	}
}

// Only a whole line is shown: of one whose beginning is lost, a secret may have lost its name.
func TestTailHidesSecrets(t *testing.T) {
	tail := newStderrTail(nil)
	tail.read(strings.NewReader(strings.Repeat("x", maxTailBytes) + " password=hunter2"))
	if got := tail.text(); strings.Contains(got, "hunter2") || !strings.HasSuffix(got, "password=[redacted]") {
		t.Errorf("%q", got)
	}
	tail = newStderrTail(nil)
	tail.read(strings.NewReader("password=" + strings.Repeat("hunter2", maxTailBytes/7+1) + " is wrong"))
	if got := tail.text(); got != "is wrong" {
		t.Errorf("%q", got)
	}
	// The truncation comes last.
	tail = newStderrTail(nil)
	tail.read(strings.NewReader("password=" + strings.Repeat("hunter2", 2*maxTailRunes/7) + " is wrong"))
	if got := tail.text(); got != "password=[redacted] is wrong" {
		t.Errorf("%q", got)
	}
}
