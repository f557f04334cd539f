package shorttext

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTruncate(t *testing.T) {
	for _, tt := range []struct {
		s    string
		n    int
		want string
	}{
		{"", 0, ""}, {"abc", 3, "abc"}, {"abc", 2, "ab"}, {"abc", 0, ""}, {"abc", -1, ""},
		{"aé", 2, "a"}, {"aé", 3, "aé"}, {"€€", 5, "€"}, {"€€", 2, ""},
		{"a\xff\xff", 2, "a\xff"},
	} {
		if got := Truncate(tt.s, tt.n); got != tt.want {
			t.Errorf("Truncate(%q, %d) = %q, want %q", tt.s, tt.n, got, tt.want)
		}
	}
}

func TestTruncateRunes(t *testing.T) {
	for _, tt := range []struct {
		s    string
		n    int
		want string
	}{
		{"", 0, ""}, {"€€€", 3, "€€€"}, {"€€€", 2, "€€"}, {"€€€", 0, ""}, {"abc", 2, "ab"},
		{"\xff\xff\xff", 2, "\xff\xff"},
	} {
		if got := TruncateRunes(tt.s, tt.n); got != tt.want {
			t.Errorf("TruncateRunes(%q, %d) = %q, want %q", tt.s, tt.n, got, tt.want)
		}
	}
}

func TestShorten(t *testing.T) {
	for _, tt := range []struct {
		s    string
		n    int
		want string
	}{
		{"", 3, ""}, {"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"€€€€", 3, "€€…"}, {"ab", 1, "…"},
	} {
		if got := Shorten(tt.s, tt.n); got != tt.want {
			t.Errorf("Shorten(%q, %d) = %q, want %q", tt.s, tt.n, got, tt.want)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"period", "timeout", "max_bytes", "id"}
	for word, want := range map[string]string{
		"peroid": "period", "PERIOD": "period", "max-bytes": "max_bytes", "tiemout": "timeout",
		"colour": "", "x": "", "": "", strings.Repeat("p", maxNearBytes+1): "",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

// FuzzAppendJSON checks that encoding/json reads what AppendJSON writes as Valid(s), and that it is
// one line.
func FuzzAppendJSON(f *testing.F) {
	for _, s := range []string{"", "plain", "a\"b\\c", "\x00\x1f\x7f\n\r\t", "\u2028\u2029é€😀", "\xff\xc3(\xed\xa0\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b := AppendJSON([]byte("x"), s)
		if b[0] != 'x' || !utf8.Valid(b) || strings.ContainsAny(string(b), "\n\r\u2028\u2029") {
			t.Fatalf("%q is written as %q", s, b)
		}
		var got string
		if err := json.Unmarshal(b[1:], &got); err != nil || got != Valid(s) {
			t.Fatalf("%q is written as %s and read as %q, %v", s, b[1:], got, err)
		}
	})
}

func TestQuoteShell(t *testing.T) {
	for s, want := range map[string]string{
		"": "''", "/etc/virgo.yaml": "/etc/virgo.yaml", "--config=a:b": "--config=a:b", "a b": "'a b'",
		"it's": `'it'\''s'`, "$HOME": "'$HOME'", "~": "'~'", "a\nb": "'a\nb'", "é": "'é'", "100%": "'100%'",
	} {
		if got := QuoteShell(s); got != want {
			t.Errorf("QuoteShell(%q) = %s, want %s", s, got, want)
		}
	}
}
