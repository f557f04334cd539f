package shorttext

import (
	"fmt"
	"testing"
)

// unsafeRunes are written out by number, so that a change of the library's tables is seen.
func unsafeRunes() []rune {
	var all []rune
	for _, r := range [][2]rune{
		{0, 0x1f}, {0x7f, 0x9f}, // control characters
		{0x61c, 0x61c}, {0x200e, 0x200f}, {0x202a, 0x202e}, {0x2066, 0x2069}, // Bidi_Control
		{0x2028, 0x2029}, // separators
	} {
		for c := r[0]; c <= r[1]; c++ {
			all = append(all, c)
		}
	}
	return all
}

func TestSanitizeReplacesWhatATerminalObeys(t *testing.T) {
	for _, r := range unsafeRunes() {
		t.Run(fmt.Sprintf("%U", r), func(t *testing.T) {
			if got := Sanitize("a" + string(r) + "b"); got != "a b" {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestSanitizeKeepsText(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "",
		"plain, é, €, 日本, 😀":      "plain, é, €, 日本, 😀",
		"שלום":                    "שלום",
		"a\u00a0b\u200db\u061bc~": "a\u00a0b\u200db\u061bc~",
		"not UTF-8: \xff\x9b":     "not UTF-8: \ufffd\ufffd",
	} {
		if got := Sanitize(in); got != want {
			t.Errorf("Sanitize(%q) = %q", in, got)
		}
	}
}
