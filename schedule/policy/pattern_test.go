package policy

import (
	"strings"
	"testing"
)

func TestPattern(t *testing.T) {
	for _, c := range []struct {
		pattern string
		sep     byte
		yes, no []string
	}{
		{"any", '/', []string{"", "x", "a/b", strings.Repeat("x", 1<<20)}, nil},
		{"", '/', []string{""}, []string{"x"}},
		{"backup-age.sh", '/', []string{"backup-age.sh"}, []string{"", "backup-age.sh2", "Backup-age.sh", "x/backup-age.sh"}},
		{"raid-*", '/', []string{"raid-", "raid-1"}, []string{"raid", "raid-a/b", "xraid-1"}},
		{"*", '/', []string{"", "x"}, []string{"a/b", "/"}},
		{"**", '/', []string{"", "x", "a/b", "/"}, nil},
		{"/srv/*/log", '/', []string{"/srv/a/log", "/srv//log"}, []string{"/srv/a/b/log", "/srv/log", "/srv/a/log/x"}},
		{"/srv/**/log", '/', []string{"/srv/log", "/srv/a/log", "/srv/a/b/log"}, []string{"/srv/alog", "/srvlog", "/srv/a/log/x"}},
		{"/srv/**", '/', []string{"/srv/", "/srv/a", "/srv/a/b"}, []string{"/srv", "/srvx"}},
		{"**/log", '/', []string{"/log", "a/b/log"}, []string{"log"}},
		{"/a/**/b/**/c", '/', []string{"/a/b/c", "/a/x/b/c", "/a/x/b/y/z/c"}, []string{"/a/c", "/a/b", "/a/xb/c"}},
		{"*.example.com", '.', []string{"www.example.com", ".example.com"}, []string{"a.b.example.com", "example.com", "wwwxexample.com"}},
		{"**.example.com", '.', []string{"www.example.com", "a.b.example.com"}, []string{"example.com.evil"}},
		{"a*b*c", '/', []string{"abc", "aXbYc", "abbcc"}, []string{"ab", "acb", "a/bc"}},
		{"[ab]?", '/', []string{"[ab]?"}, []string{"a1", "[ab]x"}},
		{"10..90", 0, []string{"10", "90", "10.5", "89.999"}, []string{"9", "91", "", "x", "1e1", "0x14", "10 ", "+20", "10..90"}},
		{"10..", 0, []string{"10", "1000000"}, []string{"9", ""}},
		{"..-5", 0, []string{"-5", "-6"}, []string{"-4", "5"}},
		{"-1..1", 0, []string{"-1", "0", "1"}, []string{"2"}},
		{"/a+|b/", '/', []string{"a", "aaa", "b"}, []string{"ab", "", "xa", "b\n"}},
		{"/(?i)x.*/", '/', []string{"X/y", "x"}, []string{"y", "x\ny"}},
		{"/etc/../x", '/', []string{"/etc/../x"}, []string{"/x"}},
	} {
		p, err := ParsePattern(c.pattern)
		if err != nil {
			t.Errorf("%q: %v", c.pattern, err)
			continue
		}
		for _, v := range c.yes {
			if !p.matchText(v, c.sep) {
				t.Errorf("%q does not match %.40q", c.pattern, v)
			}
		}
		for _, v := range c.no {
			if p.matchText(v, c.sep) {
				t.Errorf("%q matches %.40q", c.pattern, v)
			}
		}
	}
}

func TestPatternIsBounded(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("x", maxPatternBytes+1), "/(/", "/**/", `/\8/`, "/(((x{30}){30}){30})/", "/x{1000}{3}/",
	} {
		if _, err := ParsePattern(text); err == nil {
			t.Errorf("%.40q is a pattern", text)
		}
	}
	if p, _ := ParsePattern("**"); p.matchText(strings.Repeat("x", maxValueBytes+1), '/') || !p.matchDenied(strings.Repeat("x", maxValueBytes+1), '/') {
		t.Error("a value that is too long to be compared must not be allowed, and must be denied")
	}
}

// A glob takes at most len(pattern) × len(value) steps: the test's time limit is the assertion.
func TestGlobIsNotExponential(t *testing.T) {
	for _, unit := range []string{"*a", "**a", "/**/a", "a*", "**"} {
		pattern := strings.Repeat(unit, maxPatternBytes/len(unit))
		matchGlob(pattern, strings.Repeat("a", maxValueBytes-1)+"b", '/')
		matchGlob(pattern, strings.Repeat("/a", maxValueBytes/2), '/')
	}
}

// matchSlowly is the definition of a glob.
func matchSlowly(pattern, text string, sep byte) bool {
	switch {
	case pattern == "":
		return text == ""
	case strings.HasPrefix(pattern, "**"):
		rest := strings.TrimLeft(pattern, "*")
		for i := 0; i <= len(text); i++ {
			if matchSlowly(rest, text[i:], sep) {
				return true
			}
		}
		return false
	case len(pattern) > 3 && pattern[0] == sep && pattern[1] == '*' && pattern[2] == '*':
		rest := strings.TrimLeft(pattern[1:], "*")
		if rest != "" && rest[0] == sep { // /**/
			return text != "" && text[0] == sep && (matchSlowly(rest[1:], text[1:], sep) || matchAfterSep(rest[1:], text[1:], sep))
		}
		return text != "" && text[0] == sep && matchSlowly(pattern[1:], text[1:], sep)
	case pattern[0] == '*':
		for i := 0; i <= len(text); i++ {
			if matchSlowly(pattern[1:], text[i:], sep) {
				return true
			}
			if i < len(text) && text[i] == sep {
				return false
			}
		}
		return false
	}
	return text != "" && text[0] == pattern[0] && matchSlowly(pattern[1:], text[1:], sep)
}

func matchAfterSep(rest, text string, sep byte) bool {
	for i := range len(text) {
		if text[i] == sep && matchSlowly(rest, text[i+1:], sep) {
			return true
		}
	}
	return false
}

func FuzzGlob(f *testing.F) {
	f.Add("/srv/**/log", "/srv/a/log")
	f.Add("**a*/**/b", "xa/b")
	f.Add("*", "")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 12 || len(text) > 16 || strings.Contains(pattern, "/**/**") || strings.Contains(pattern, "***") {
			return
		}
		if got, want := matchGlob(pattern, text, '/'), matchSlowly(pattern, text, '/'); got != want {
			t.Errorf("matchGlob(%q, %q) is %v", pattern, text, got)
		}
	})
}

func FuzzPattern(f *testing.F) {
	for _, s := range []string{"any", "10..90", "/a+/", "raid-*", "https://*.example.com/**", ".."} {
		f.Add(s, "value")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		p, err := ParsePattern(text)
		if err != nil {
			return
		}
		p.matchText(value, '/')
		allowed, denied := matchURL(p, parseURL(value)), matchDeniedURL(p, parseURL(value))
		if allowed && !denied {
			t.Errorf("%q matches the URL %q in a rule that allows, and not in one that denies", text, value)
		}
		if allowed, denied := matchHost(p, parseHost(value)), matchDeniedHost(p, parseHost(value)); allowed && !denied {
			t.Errorf("%q matches the host %q in a rule that allows, and not in one that denies", text, value)
		}
	})
}
