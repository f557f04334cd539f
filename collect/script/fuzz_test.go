package script

import (
	"strings"
	"testing"
)

// Whatever the pattern is, a match lies within the text, and so do its captures; an error is one of the pattern's.
func FuzzPattern(f *testing.F) {
	for _, seed := range [][2]string{{"key = value", "^(%w+)%s*=%s*(.-)$"}, {"f(a(b)c)", "%b()"}, {"THE END", "%f[%a]%a+"}, {"aa", "(a)%1"}, {"x]", "[]]"}, {"", "[^%"}, {"ab", "()a()"}} {
		f.Add(seed[0], seed[1])
	}
	type tooMany struct{}
	f.Fuzz(func(t *testing.T, text, pattern string) {
		spent := 0
		m := &matcher{text: text, pattern: pattern, spend: func(n int) {
			if spent += n; spent > 1_000_000 {
				panic(tooMany{})
			}
		}}
		defer func() {
			if r := recover(); r != nil && r != (tooMany{}) {
				panic(r)
			}
		}()
		for s := range len(text) + 1 {
			end, err := m.at(s, 0)
			if err != nil {
				return
			}
			if end >= 0 && end < s || end > len(text) {
				t.Fatalf("match from %d to %d of %d", s, end, len(text))
			}
			for _, c := range m.captures {
				if end >= 0 && (c.start < 0 || c.length >= 0 && c.start+c.length > len(text)) {
					t.Fatalf("capture %+v of %d", c, len(text))
				}
			}
		}
	})
}

// Whatever the lines are, they are a script that ends, with a report or an error that is no mistake of ours.
func FuzzRun(f *testing.F) {
	f.Add(`local t = {} for i = 1, 9 do t[i] = ("x"):rep(i) end status(table.concat(t, ",")) save { n = #t }`)
	f.Add(`local co = coroutine.wrap(function(...) for k, v in pairs({...}) do coroutine.yield(v) end end) log(co(1, 2)) pcall(co) error({})`)
	f.Add(`log(string.format("%5.2f %q %-3d", 1.5, "a\nb", 3), ("a,b"):gsub(",", "%%"), select("#", unpack({1, 2, nil, 4})))`)
	f.Add(`local m = setmetatable({}, {__index = rawget, __call = pcall, __tostring = tostring, __lt = rawequal}) pcall(m) pcall(tostring, m) table.sort({m, m})`)
	limits := DefaultLimits()
	limits.Instructions = 20_000
	f.Fuzz(func(t *testing.T, lines string) {
		if len(lines) > 2000 {
			return
		}
		_, err := run(t, body(lines), func(o *Options) { o.Limits = limits })
		if err != nil && internal(err.Error()) {
			t.Errorf("%s: %v", lines, err)
		}
	})
}

// internal reports whether an error is a panic of Go.
func internal(text string) bool {
	return strings.Contains(text, "internal error") || strings.Contains(text, "runtime error")
}
