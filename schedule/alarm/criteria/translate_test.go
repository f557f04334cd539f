package criteria

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// conditions returns the cases of a translation but the first, one a line.
func conditions(t Translation) string {
	var b strings.Builder
	for _, c := range t.Cases[1:] {
		fmt.Fprintf(&b, "%s: %s: %s\n", c.State, c.When, c.Message)
	}
	return b.String()
}

func TestTranslate(t *testing.T) {
	for criteria, want := range map[string]string{
		"":                  "",
		"# nothing\n/* */ ": "",
		"return OK":         "OK: true: {status}\n",
		"return new AlarmStatus(WARNING, 'always');":                                           "WARNING: true: always\n",
		"if (metric['used'] > 90) { return new AlarmStatus(CRITICAL, 'disk #{used} {x}'); }":   "CRITICAL: last(\"used\") > 90: disk {last.used} {{x}}\n",
		`if (metric["a"] >= -1.50) { return WARNING }`:                                         "WARNING: last(\"a\") >= -1.5: {status}\n",
		"if (percentage(metric['a'], metric['b']) > 1e2) { return CRITICAL; }":                 "CRITICAL: percent(last(\"a\"), last(\"b\")) > 100: {status}\n",
		"if (rate(metric['a']) != 0) { return CRITICAL, 'moving'; } return OK, 'still'":        "CRITICAL: rate(\"a\") != 0: moving\nOK: true: still\n",
		"if (metric['v'] != previous(metric['v'])) { return WARNING; }":                        "WARNING: text(\"v\") != previous_text(\"v\"): {status}\n",
		"if (metric['v'] > previous(metric['v'])) { return WARNING; }":                         "WARNING: last(\"v\") > previous(\"v\"): {status}\n",
		"if (metric['code'] == '404') { return WARNING; }":                                     "WARNING: text(\"code\") == \"404\": {status}\n",
		"if (metric['code'] == 404) { return WARNING; }":                                       "WARNING: last(\"code\") == 404: {status}\n",
		"if (metric['b'] regex '.*SSH-2\\\\.0.*') { return OK }":                               "OK: text(\"b\") matches \".*SSH-2\\\\.0.*\": {status}\n",
		"if (metric['b'] nregex '^\\d+$') { return OK }":                                       "OK: not (text(\"b\") matches \"^\\\\d+$\"): {status}\n",
		"if ((metric['a'] > 1 || metric['b'] > 2) && metric['c'] < 3) { return OK; };":         "OK: ((last(\"a\") > 1 or last(\"b\") > 2) and last(\"c\") < 3): {status}\n",
		"if (metric['a'] > 1 || metric['b'] > 2 && metric['c'] < 3) { return OK; }":            "OK: (last(\"a\") > 1 or (last(\"b\") > 2 and last(\"c\") < 3)): {status}\n",
		"if (metric['a'] > 1) { return CRITICAL; } else if (metric['a'] > 0) { return WARNING": "",
		"if (metric['a'] > 1) { return CRITICAL; } else { return WARNING; }":                   "CRITICAL: last(\"a\") > 1: {status}\nWARNING: true: {status}\n",
	} {
		got, mistakes := Translate(criteria, "agent.cpu")
		if want == "" && strings.Contains(criteria, "else if") {
			if len(mistakes) == 0 {
				t.Errorf("%s: no mistake", criteria)
			}
			continue
		}
		if len(mistakes) > 0 {
			t.Errorf("%s: %+v", criteria, mistakes)
			continue
		}
		if conditions(got) != want {
			t.Errorf("%s:\n%swant\n%s", criteria, conditions(got), want)
		}
		if first := got.Cases[0]; first.When != "not available" || first.State != "CRITICAL" {
			t.Errorf("%s: the first case is %+v", criteria, first)
		}
	}
}

func TestSettings(t *testing.T) {
	for _, c := range []struct {
		criteria, checkType string
		count, notices      int
	}{
		{"", "agent.cpu", 1, 0},
		{"", "remote.ping", 3, 0},
		{":set consecutiveCount=3\n:set consistencyLevel=ALL\nreturn OK", "agent.cpu", 3, 1},
		{":set consecutiveCount=2", "remote.ping", 2, 0},
		{"if (metric['b'] regex 'OpenSSH') { return OK; }", "agent.cpu", 1, 1},
	} {
		got, mistakes := Translate(c.criteria, c.checkType)
		if len(mistakes) > 0 || got.Count != c.count || len(got.Notices) != c.notices {
			t.Errorf("%q: %+v, %v", c.criteria, got, mistakes)
		}
	}
}

func TestMistakesNameTheirPlace(t *testing.T) {
	for criteria, want := range map[string]string{
		"if (metric['a'] > 1) {\n  return CRITICAL // bad\n}":         `2:19: "//" begins no comment`,
		"\n\nif metric['a'] > 1 { return OK }":                        `3:4: expected "(", found "metric"`,
		"if (metric['a'] ~ 1) { return OK }":                          `1:17: "~" is not expected here`,
		"if (metric['a'] > 1) { return FATAL }":                       `1:31: expected OK, WARNING or CRITICAL, found "FATAL"`,
		"if (metric['a'] > 'x') { return OK }":                        `1:17: texts can be compared by == and != only`,
		"if (rate(metric['a']) == 'x') { return OK }":                 `1:23: a number and a text are never equal`,
		"if (metric['a'] regex '(?=x)') { return OK }":                "1:23: the regular expression \"(?=x)\" is not available: invalid or unsupported Perl syntax: `(?=`",
		`if (metric['a'] regex '(x)\1') { return OK }`:                "1:23: the regular expression \"(x)\\\\1\" is not available: invalid escape sequence: `\\1`",
		"if (metric['a'] regex metric['b']) { return OK }":            `1:23: regex stands before a text in quotes`,
		"if (5 regex '5') { return OK }":                              `1:5: regex stands after a metric`,
		"if (percentage('a', metric['b']) > 1) { return OK }":         `1:16: expected a number or a metric, found text`,
		"if (max(metric['b']) > 1) { return OK }":                     `1:5: expected metric['…'], a function, a number or a text, found "max"`,
		"if (metric[''] > 1) { return OK }":                           `1:12: the name of a metric has 1 to 256 bytes`,
		"if (metric['a'] > 1) { return new AlarmStatus(OK, 'x\n'); }": `1:51: the text has no end in its line`,
		"/* no end":                                                        `1:1: the comment has no end`,
		":set consecutiveCount=0":                                          `1:23: consecutiveCount is a number from 1 to 100`,
		":set color=red":                                                   `1:6: there is no setting "color"`,
		"if (metric['a'] > 1.2.3) { return OK }":                           `1:19: "1.2.3" is not a number`,
		"if (" + strings.Repeat("(", 100):                                  `1:22: the condition is nested deeper than 16`,
		strings.Repeat("return OK;\n", 20):                                 `16:1: there are more than 15 rules`,
		strings.Repeat(" ", MaxBytes+1):                                    `0:0: the criteria have 16385 bytes, at most 16384 are allowed`,
		"if (metric['a'] > 1) { return CRITICAL; } else if":                `1:50: expected "(", found the end`,
		"if (percentage(metric['a']) > 90) { return new AlarmStatus(OK) }": `1:27: expected ",", found ")"`,
	} {
		_, mistakes := Translate(criteria, "agent.cpu")
		if len(mistakes) != 1 {
			t.Errorf("%q: %v", criteria, mistakes)
			continue
		}
		if got := fmt.Sprintf("%d:%d: %s", mistakes[0].Line, mistakes[0].Column, mistakes[0].Text); got != want {
			t.Errorf("%q: %q, want %q", criteria, got, want)
		}
	}
}

// corpus returns the texts in testdata: criteria as people write them.
func corpus(tb testing.TB) map[string]string {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "*.criteria"))
	if err != nil || len(files) < 10 {
		tb.Fatalf("%d files: %v", len(files), err)
	}
	all := map[string]string{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		all[filepath.Base(file)] = string(data)
	}
	return all
}

// TestCorpus translates each text, and compares with the lines at its end that begin with "# want"; "# type" names the type
// of the check. Both are comments of the language.
func TestCorpus(t *testing.T) {
	for name, criteria := range corpus(t) {
		checkType := "agent.cpu"
		var want []string
		for line := range strings.Lines(criteria) {
			if after, ok := strings.CutPrefix(line, "# type "); ok {
				checkType = strings.TrimSpace(after)
			}
			if after, ok := strings.CutPrefix(line, "# want "); ok {
				want = append(want, strings.TrimSpace(after))
			}
		}
		translation, mistakes := Translate(criteria, checkType)
		var got []string
		for _, c := range translation.Cases[1:] {
			got = append(got, fmt.Sprintf("%s %d %s", c.State, translation.Count, c.When))
		}
		for _, m := range mistakes {
			got = append(got, fmt.Sprintf("mistake %d:%d %s", m.Line, m.Column, m.Text))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n# want %s", name, strings.Join(got, "\n# want "))
		}
	}
}

func FuzzTranslate(f *testing.F) {
	for _, criteria := range corpus(f) {
		f.Add(criteria, "agent.cpu")
	}
	f.Add("if (\"\\u00e9\" == metric[\"\\x\"]) { return OK", "remote.ping")
	f.Fuzz(func(t *testing.T, criteria, checkType string) {
		translation, mistakes := Translate(criteria, checkType)
		if len(translation.Cases) == 0 || translation.Count < 1 {
			t.Fatalf("%q: %+v", criteria, translation)
		}
		lines := strings.Count(criteria, "\n") + 1
		for _, m := range mistakes {
			if m.Line > lines || m.Text == "" {
				t.Fatalf("%q: %+v", criteria, m)
			}
		}
	})
}
