package shorttext

import (
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestStripControls(t *testing.T) {
	for in, want := range map[string]string{
		"":                               "",
		"plain, é, 日本, 😀, \u00a0":        "plain, é, 日本, 😀, \u00a0",
		"\x1b[1;31mCRITICAL\x1b[0m - x":  "CRITICAL - x",
		"\x1b[2J\x1b[H\x1b[?25lok\x1b[K": "ok",
		"\u009b31mred":                   "red",
		"\x1b]0;title\x07text":           "text",
		"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\": "link",
		"\x1bP1$r\x1b\\a\x1b(Bb\x1b7c\x1b=d":       "abcd",
		"\x1b]0;no end":                            "0;no end",
		"\x1b[31":                                  "",
		"a\x1b":                                    "a\ufffd",
		"a\x1b\x01b":                               "a\ufffd\ufffdb",
		"a\tb\nc\rd\ve\ff\u0085g":                  "a b c d e f g",
		"a\x00b\x08c\x7fd\u0080":                   "a\ufffdb\ufffdc\ufffdd\ufffd",
		"a\xffb\xf0\x28\x1b[m":                     "a\ufffdb\ufffd(",
		"\ufffd":                                   "\ufffd",
	} {
		if got := StripControls(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzStripControls(f *testing.F) {
	f.Add("\x1b[1;31mCRIT\x1b[0m\t\x00")
	f.Add("\x1b]0;x\x07\u009b1m")
	f.Fuzz(func(t *testing.T, s string) {
		got := StripControls(s)
		if !utf8.ValidString(got) {
			t.Fatalf("%q: %q", s, got)
		}
		for _, r := range got {
			if unicode.IsControl(r) {
				t.Fatalf("%q: %q is left", s, r)
			}
		}
		if again := StripControls(got); again != got {
			t.Fatalf("%q: %q, then %q", s, got, again)
		}
	})
}
