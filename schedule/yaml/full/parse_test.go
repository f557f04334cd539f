package full

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"virgo/schedule/yaml"
)

// dump formats the kinds, lines and texts of a tree.
func dump(n yaml.Node) string {
	switch n.Kind {
	case yaml.Null:
		return "~"
	case yaml.Text:
		return fmt.Sprintf("%q", n.Text)
	case yaml.List:
		var parts []string
		for _, v := range n.Items {
			parts = append(parts, dump(v))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case yaml.Map:
		var parts []string
		for _, f := range n.Fields {
			parts = append(parts, fmt.Sprintf("%s@%d:%s", f.Key, f.Line, dump(f.Value)))
		}
		return "{" + strings.Join(parts, " ") + "}"
	default:
		return n.Text
	}
}

func TestParseSubset(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"empty", "", "~"},
		{"only comments", "# a\n\n# b\n", "~"},
		{"a document marker", "---\na: b\n", `{a@2:"b"}`},
		{"block", "a: b\nc:\n  d: 1\n  e:\n    - x\n    - 2.50\n", `{a@1:"b" c@2:{d@3:1 e@4:["x" 2.50]}}`},
		{"flow", "a: {b: 1, c: [x, 'y', \"z\\n\"]}\n", `{a@1:{b@1:1 c@1:["x" "y" "z\n"]}}`},
		{"a list of mappings", "- a: 1\n  b: 2\n- a: 3\n", `[{a@1:1 b@2:2} {a@3:3}]`},
		{"a single pair", "a: b", `{a@1:"b"}`},
		{"scalars", "[true, no, ~, null, 1, -5, 0x1f, 010, 1e3, .5, 1_000, .inf, 1.2.3, 2024-01-02]", `[true "no" ~ ~ 1 -5 0x1f 010 "1e3" .5 1_000 .inf "1.2.3" "2024-01-02"]`},
		{"quoted scalars are text", `["true", '1', "~"]`, `["true" "1" "~"]`},
		{"missing values", "a:\nb: 1\n", "{a@1:~ b@2:1}"},
		{"block scalars", "a: |\n  one\n  two\nb: >-\n  three\n  four\n", `{a@1:"one\ntwo\n" b@4:"three four"}`},
		{"carriage returns", "a: b\r\nc:\r\n  - d\r\n", `{a@1:"b" c@2:["d"]}`},
		{"a byte order mark", "\xef\xbb\xbfa: b\n", `{a@1:"b"}`},
		{"comments between", "# x\na: b # y\n# z\nc: d\n", `{a@2:"b" c@4:"d"}`},
		{"a number as a key", "1: a\n", `{1@1:"a"}`},
		{"quoted indicators", "a: '*'\nb: \"&x\"\nc: '!t'\nd: '<<'\n", `{a@1:"*" b@2:"&x" c@3:"!t" d@4:"<<"}`},
		{"an URL and a time", "a: http://x:80/y\nb: 10:20:30\n", `{a@1:"http://x:80/y" b@2:"10:20:30"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, err := Parse("f.yaml", []byte(c.in))
			if err != nil {
				t.Fatal(err)
			}
			if got := dump(n); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestParseRejects(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"an anchor", "a: &x 1\n", "f.yaml:1: anchors"},
		{"an alias", "a: 1\nb: *x\n", "f.yaml:2: anchors"},
		{"a merge key", "a:\n  <<: {b: 1}\n", "f.yaml:2: anchors"},
		{"a tag", "a: 1\nb: !!str 1\n", "f.yaml:2: tags"},
		{"a directive", "%YAML 1.2\n---\na: b\n", "f.yaml:1: directives"},
		{"a complex key", "? [a]\n: b\n", "f.yaml:1: keys that are written with ?"},
		{"a flow key", "{[a]: b}\n", "f.yaml:1: "},
		{"a duplicate key", "a: 1\nb: 2\na: 3\n", `f.yaml:3: duplicate key "a", first in line 1`},
		{"a duplicate key among many", many(40) + "k7: 1\n", `f.yaml:41: duplicate key "k7", first in line 8`},
		{"two documents", "a: 1\n---\nb: 2\n", "f.yaml:3: a second document"},
		{"an open quote", "a: 1\nb: \"x\n", "f.yaml:2: a quote is opened"},
		{"a bad indent", "a: b\n  c: d\n", "f.yaml:"},
		{"tabs", "a:\n\t- b\n", "f.yaml:2: a tab stands"},
		{"not UTF-8", "a: b\nc: \xff\xfe\n", "f.yaml:2: not UTF-8"},
		{"too large", strings.Repeat("#\n", yaml.MaxBytes/2+1), "f.yaml: larger than 4194304 bytes"},
		{"deep brackets", strings.Repeat("[", 1<<16), "f.yaml:1: nested too deep"},
		{"deep braces", strings.Repeat("{a: ", 1<<16), "f.yaml:1: nested too deep"},
		{"deep dashes", strings.Repeat("- ", 1<<16), "f.yaml:1: nested too deep"},
		{"deep colons", strings.Repeat("a: ", 1<<16), "f.yaml:1: nested too deep"},
		{"deep blocks", staircase(yaml.MaxDepth + 2), "nested too deep"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("f.yaml", []byte(c.in))
			var e *yaml.Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v, want a *yaml.Error", err)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q, want %q in it", err, c.want)
			}
		})
	}
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "k%d: 1\n", i)
	}
	return b.String()
}

func staircase(depth int) string {
	var b strings.Builder
	for i := range depth {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func TestErrorsDoNotQuoteValues(t *testing.T) {
	const secret = "s3cr3t"
	for _, in := range []string{
		"token: |" + secret + "\n",
		"token: >" + secret + "\n  x\n",
		"token: \"" + secret + "\n",
		"token: \"\\" + secret + "\"\n",
		"token: '" + secret + "\n",
		"token: @" + secret + "\n",
		"token: `" + secret + "\n",
		"token: !" + secret + " x\n",
		"token: &" + secret + "\n",
		"token: *" + secret + "\n",
		"token: %" + secret + "\n  a: b\n",
		"token: [" + secret + "\n",
		"token: {" + secret + "\n",
		"token: a: " + secret + "\n",
		"token " + secret + ": 1\ntoken " + secret + ": 1\n",
		"token: " + secret + "\n  a: b\n",
		"%" + secret + "\n",
		"token: !<" + secret + "{ x\n",
	} {
		n, err := Parse("f", []byte(in))
		if err == nil {
			t.Logf("%q is %s", in, dump(n))
			continue
		}
		if strings.Contains(err.Error(), secret) || strings.Contains(fmt.Sprintf("%#v", err), secret) {
			t.Errorf("the error for %q shows the value: %v", in, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "a: b", "- a: 1\n  b: [1, {c: d}]\n", "a: |\n x\n", "\"\\u0041\"", "? a\n: b", "&a *a", "--- a\n...\n--- b", "a: 'x''y'", "[,]", "{a, b: }", "a:\n- b\n-\n", "\xef\xbb\xbf", "- - - 1", "a: >+2\n   x", "!!map {}", "%", "\t", ": :", "x: -\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4<<10 {
			return
		}
		n, err := Parse("f", data)
		if err != nil {
			var e *yaml.Error
			if !errors.As(err, &e) {
				t.Fatalf("error %T, want *yaml.Error", err)
			}
			return
		}
		walk(t, n, 0)
	})
}

func walk(t *testing.T, n yaml.Node, depth int) {
	if depth > yaml.MaxDepth+1 {
		t.Fatal("deeper than MaxDepth")
	}
	for _, v := range n.Items {
		walk(t, v, depth+1)
	}
	seen := make(map[string]bool)
	for _, f := range n.Fields {
		if seen[f.Key] {
			t.Fatalf("key %q twice", f.Key)
		}
		seen[f.Key] = true
		walk(t, f.Value, depth+1)
	}
}
