package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// fieldsOf splits a part of a line of the protocol at separators that are neither escaped nor in the
// quotes of a value. Only values of fields have quotes.
func fieldsOf(s string, separator byte, quotes bool) []string {
	var parts []string
	from, quoted, value := 0, false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case c == '"' && quotes && value:
			quoted = !quoted
		case quoted:
		case c == separator:
			parts, from, value = append(parts, s[from:i]), i+1, false
		case c == '=':
			value = true
		case c == ',':
			value = false
		}
	}
	return append(parts, s[from:])
}

// countedTags returns the names of a line's tags as VictoriaMetrics reads them: a separator after an even number of backslashes is
// one.
func countedTags(head string) (names []string) {
	backslashes, from := 0, 0
	split := func(end int) {
		if from > 0 { // the measurement is before it
			name, _, _ := strings.Cut(head[from:end], "=")
			names = append(names, name)
		}
		from = end + 1
	}
	for i := range len(head) {
		switch {
		case head[i] == '\\':
			backslashes++
			continue
		case (head[i] == ',' || head[i] == ' ') && backslashes%2 == 0:
			split(i)
			if head[i] == ' ' {
				return names
			}
		}
		backslashes = 0
	}
	split(len(head))
	return names
}

// unescaped is the inverse of key.
func unescaped(s string) string {
	return strings.NewReplacer(`\,`, ",", `\=`, "=", `\ `, " ").Replace(s)
}

// Whatever an agent calls its checks and metrics: each line has its three parts, the tags say what they
// should, and no line is more than was written.
func FuzzInflux(f *testing.F) {
	f.Add("web1", "cpu", "agent.cpu", "ok", "C:\\", "free", "text")
	f.Add("a,b=c d", `x\`, "#", "\"\\", "", `\`, "a\nb 1=1i")
	f.Add("web1", "cpu", `a\,agent=victim`, "ok", `x\ y`, `m\=n`, "")
	f.Add("web1", `cpu\\,agent=victim`, `a\\\ agent=victim`, "ok", "", "m", "1")
	f.Fuzz(func(t *testing.T, agent, check, checkType, status, dimension, metric, text string) {
		one, err := json.Marshal([]any{dimension, map[string]any{metric: map[string]string{"t": "string", "v": text}}})
		if err != nil {
			t.Fatal(err) // texts are always JSON
		}
		r := intake.Result{AgentID: agent, CheckID: check, CheckType: checkType, Status: status, State: "available",
			Time: now, Received: now, Params: fmt.Appendf(nil, `{"metrics":[%s]}`, one)}
		var b strings.Builder
		x := NewInflux(&b)
		if err := x.Write(&r); err != nil {
			t.Fatal(err)
		}
		if err := x.Flush(); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if len(lines) > 2 || strings.ContainsFunc(strings.Join(lines, ""), unicode.IsControl) {
			t.Fatalf("%q", lines)
		}
		for _, line := range lines {
			parts := fieldsOf(line, ' ', false)[:1]
			parts = append(parts, fieldsOf(line[len(parts[0])+1:], ' ', true)...)
			if len(parts) != 3 || parts[2] != "1700000000000000000" || line[0] == '#' {
				t.Fatalf("%q: %q", line, parts)
			}
			head, fields := fieldsOf(parts[0], ',', false), fieldsOf(parts[1], ',', true)
			var wantTags []string
			for i, value := range []string{agent, check, checkType} {
				if name := []string{"agent", "check", "type"}[i]; noBackslash(value) != "" && (name != "type" || line == lines[0]) {
					wantTags = append(wantTags, name)
				}
			}
			if line != lines[0] && noBackslash(dimension) != "" {
				wantTags = append(wantTags, "dimension")
			}
			if got := countedTags(parts[0]); !slices.Equal(got, wantTags) {
				t.Fatalf("%q has the tags %q, want %q", line, got, wantTags)
			}
			for i, field := range append(slices.Clone(head[1:]), fields...) {
				if name := fieldsOf(field, '=', false)[0]; name == "" || len(name)+1 >= len(field) {
					t.Fatalf("%q: %d %q", line, i, field)
				}
			}
			if len(fields) != 1 && len(fields) != 4 {
				t.Fatalf("%q: %q", line, fields)
			}
			if want := noBackslash(agent); want != "" && !slices.ContainsFunc(head, func(tag string) bool { return strings.HasPrefix(tag, "agent=") && unescaped(tag) == "agent="+want }) {
				t.Fatalf("%q has no agent %q", line, want)
			}
		}
	})
}
