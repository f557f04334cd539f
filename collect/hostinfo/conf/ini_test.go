package conf

import (
	"slices"
	"strings"
	"testing"

	"virgo/collect/hostinfo/redact"
)

func TestParseINI(t *testing.T) {
	text := []byte("top = 1\n[ one ]\na = b ; comment\nquoted = \"x ; y\"\n# no\n; no\nlist = a\n  b = c\n\td\n[two\nurl: http://x/?a=b\nnothing\n")
	want := []Setting{{"", "top", "1"}, {"one", "a", "b"}, {"one", "quoted", `"x ; y"`},
		{"one", "list", "a\nb = c\nd"}, {"two", "url", "http://x/?a=b"}}
	if got := ParseINI(text, true); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	// PHP has no continued lines and no colons.
	want = []Setting{{"PHP", "a", "1"}, {"PHP", "b", "2:3"}}
	if got := ParseINI([]byte("[PHP]\na = 1\n  b = 2:3\nc:d\n"), false); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func FuzzINI(f *testing.F) {
	f.Add([]byte("[a]\nb = c ; d\n  e\nf: g\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, s := range append(ParseINI(b, true), ParseINI(b, false)...) {
			if len(s.Value) > redact.MaxExcerpt {
				t.Errorf("a value of %d bytes", len(s.Value))
			}
		}
	})
}

func TestCutLuaBlock(t *testing.T) {
	for text, want := range map[string][2]string{
		"a = 1 } rest":                    {"a = 1 ", " rest"},
		"{ } '}' \"}\\\"}\" } rest":       {"{ } '}' \"}\\\"}\" ", " rest"},
		"-- }\n --[[ } \n } ]] } rest":    {"-- }\n --[[ } \n } ]] ", " rest"},
		"never closed":                    {"never closed", ""},
		"'a string ends with its line\n}": {"'a string ends with its line\n", ""},
	} {
		if inner, rest := CutLuaBlock(text); [2]string{inner, rest} != want {
			t.Errorf("%q: %q and %q", text, inner, rest)
		}
	}
}

func TestRemoveLuaComments(t *testing.T) {
	got := RemoveLuaComments("a = '-- no' -- one\nb --[[ two\n ]]= \"x\"\n--")
	if want := "a = '-- no' \nb = \"x\"\n"; got != want {
		t.Errorf("%q", got)
	}
}

func FuzzLua(f *testing.F) {
	f.Add("sync { 'a' -- }\n }")
	f.Fuzz(func(t *testing.T, s string) {
		if inner, rest := CutLuaBlock(s); !strings.HasPrefix(s, inner) || !strings.HasSuffix(s, rest) {
			t.Errorf("%q and %q", inner, rest)
		}
		if got := RemoveLuaComments(s); len(got) > len(s) {
			t.Errorf("%q became %q", s, got)
		}
	})
}
