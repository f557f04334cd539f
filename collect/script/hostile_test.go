package script

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

// Each script tries to get out of the language, or to have no end, and has a result that says what stopped it. What
// the world outside and the system stop is in testdata/hostile, which virgo runs in real processes.
func TestHostileScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/language/*.lua")
	if err != nil || len(files) < 30 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(text), "\n")
			want, ok := strings.CutPrefix(first, "-- want: ")
			if !ok {
				t.Fatal("the first line does not say what is wanted")
			}
			limits := DefaultLimits()
			limits.Instructions, limits.Compute = 400_000, 1500*time.Millisecond
			if !strings.Contains(want, "computed") {
				limits = withoutClock(limits) // something else stops it, however slow the machine is
			}
			got := status(t, Options{Sources: []Source{MapSource(map[string][]byte{name: text})}, Limits: limits})
			if !regexp.MustCompile(want).MatchString(got) {
				t.Errorf("%s: %q, want %s", file, got, want)
			}
		})
	}
}

// withoutClock returns limits whose result depends on no clock.
func withoutClock(l Limits) Limits {
	l.Compute, l.Time = time.Hour, time.Hour
	return l
}

// status runs the one script of the options and returns its status, or its error.
func status(t *testing.T, opt Options) string {
	t.Helper()
	report, err := LazyTypes(opt)[0].Checker.Check(t.Context(), collect.Request{Check: schedule.Check{ID: "a"}})
	if err != nil {
		return err.Error()
	}
	return report.Status
}

func TestHostileFiles(t *testing.T) {
	t.Parallel()
	chain := func(operator string, n int) string { return "local x = 1" + strings.Repeat(operator+"1", n) }
	for _, c := range []struct{ text, want string }{
		{"return " + strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000), "more than 200 brackets and blocks in one another"},
		{strings.Repeat("do ", 5000) + strings.Repeat("end ", 5000), "more than 200 brackets and blocks in one another"},
		{"local x = " + strings.Repeat("{", 5000), "more than 200 brackets and blocks in one another"},
		{strings.Repeat("f(function() ", 500), "more than 200 brackets and blocks in one another"},
		{chain("..", 20000), "more than 200 operators in one expression"},
		{chain("^", 20000), "more than 200 operators in one expression"},
		{"local x = " + strings.Repeat("not ", 20000) + "1", "more than 200 operators in one expression"},
		{"local x = " + strings.Repeat("- ", 20000) + "1", "more than 200 operators in one expression"},
		{"local x = (1)" + strings.Repeat("..(1)", 20000), "more than 200 operators in one expression"},
		{"local x = 1" + strings.Repeat("..f(1, 1)", 20000), "more than 200 operators in one expression"},
		{chain("+", 20000), "the syntax is deeper than 1000"},
		{chain(" and ", 20000), "the syntax is deeper than 1000"},
		{"local x = a" + strings.Repeat(".b", 20000), "the syntax is deeper than 1000"},
		{"a" + strings.Repeat("()", 20000), "the syntax is deeper than 1000"},
		{"local x if x then " + strings.Repeat("elseif x then ", 5000) + "end", "the syntax is deeper than 1000"},
		{"\x1bLua\x51\x00\x01\x04", "Invalid token"},
		{"--\r" + strings.Repeat("(", 5000), "more than 200 brackets and blocks in one another"},
		{"x = \"\\\r\n\" " + strings.Repeat("(", 5000) + "\"", "more than 200 brackets and blocks in one another"},
		{"x = [==[ ]=] ]==] --[==[ ]] ]==] " + strings.Repeat("(", 5000), "more than 200 brackets and blocks in one another"},
		{numbered("a%x=b%x\n", 250<<10), "too many names and constants in one function"},
		{numbered("f'%x'", 250<<10), "too many names and constants in one function"},
		{"return {" + numbered("%d,", 250<<10) + "}", "too many names and constants in one function"},
		{strings.Repeat("-", 300<<10), "at most 262144 are allowed"},
		{"local " + strings.Repeat("a, ", 300) + "a = 1", "too many local variables"},
		{"return {" + strings.Repeat("1, ", 80000) + "}", "a script ends with: return check"},
	} {
		_, err := Declare("a.lua", []byte(c.text), withoutClock(DefaultLimits()))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60s: %v, want %q", c.text, err, c.want)
		}
	}
}

// numbered repeats a text with one or two numbers in it.
func numbered(format string, bytes int) string {
	var b strings.Builder
	for i := 100_000; b.Len() < bytes; i++ {
		fmt.Fprintf(&b, format, []any{i, i}[:strings.Count(format, "%")]...)
	}
	return b.String()
}
