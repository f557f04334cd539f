package full

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"virgo/schedule/yaml"
)

// agree checks that both parsers return the same tree if the plain one accepts the file, and reports
// whether it does.
func agree(t *testing.T, in string) bool {
	t.Helper()
	got, err := yaml.ParsePlain("f", []byte(in))
	if errors.Is(err, yaml.ErrNotPlain) {
		return false
	}
	if err != nil {
		t.Fatalf("%q: %v", in, err)
	}
	want, err := parseAll("f", []byte(in))
	if err != nil {
		t.Fatalf("%q is accepted, the full parser rejects it: %v", in, err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%q is parsed differently\ngot  %+v\nwant %+v", in, got, want)
	}
	return true
}

// Files as `virgo setup` and the endpoint write them, and checks as people write them.
func TestPlainParserAccepts(t *testing.T) {
	accepted := map[string]string{
		"empty":                  "",
		"only comments":          "# none yet\n\n  # x\n",
		"no final newline":       "endpoint: a:1",
		"the first checks":       "- id: root_fs\n  type: agent.filesystem\n  period: 5m\n  details:\n    target: /\n\n# z\n- id: web\n  type: agent.plugin\n  label: The web shop, all of it\n  timeout: 30\n  disabled: true\n  details:\n    file: shop.sh\n    args:\n    - --host\n    - -v\n",
		"a single check":         "id: a\ntype: agent.plugin\ndetails:\n  file: a.sh\n  args:\n    - \"-v\"\n    - '1'\n    - x y # z\n",
		"a list at its key":      "a:\n- b\n- c\nd: e\n",
		"a list in a list's map": "- a:\n  - b\n  c: d\n- a: b\n",
		"wide dashes":            "-   a: 1\n    b: 2\n-   a: 3\n",
		"missing values":         "a:\nb: # c\nc:\n",
		"null":                   "a: null\nb: Null\nc:\n  - NULL\n",
		"booleans":               "a: true\nb: False\nc: yes\nd: tRUE\n",
		"numbers":                "a: 60\nb: 1.50\nc: 0\nd: 0.25\ne: 123456789012345678\nf: 1.\n",
		"text with digits":       "a: 64MiB\nb: 30d\nc: 10.0.0.1:50041\nd: 2024-01-02\ne: 10:20:30\nf: 1e3\n",
		"quotes":                 "a: \"x \\\"y\\\" \\\\ \\/ \\n\\t#\" # z\nb: 'it''s: # '\nc: \"\"\nd: ''\n",
		"indicators in text":     "a: x < y << z{y} [z], w & * ! | > % @ ` ? - \\ \"'\nb: http://x:80/#y\nc: C:\\x\n",
		"not ASCII":              "# für\na: Größe\nb: \"日本\"\nc: été 😀\n",
		"flow lists":             "a: [b, c]\nb: []\nc: [ ]\nd: [1, -v, --host, 1.5, true, null, /x, a:1, \"b c\", 'd, e'] # f\ne:\n- [a]\n- [[b], {c: d}]\n",
		"flow mappings":          "a: {b: c}\nb: {}\nc: {max_bytes: 64MiB, max_age: 30d}\nd: { a: [1], b: {c: d} }\n",
		"a document's start":     "# x\n---\n# y\na: b\n",
		"lines of Windows":       "# x\r\na: b\r\n\r\nc: # y\r\n  - \"d\"\r\n  - 'e' # z\r\nf: [g, h]\r\ni:\r\n",
		"spaces":                 "a:   b  \n   \nc:  \n  d: \"e\"   \n\n",
		"a byte order mark":      "\xef\xbb\xbfa: b\n",
		"a mapping of many keys": many(plainFields),
		"indented comments":      "a:\n# x\n  b: c\n      # y\n # z\n  d: e\n # w\nf: g\n",
	}
	for _, path := range []string{"testdata/virgo.yaml", "testdata/virgo-first.yaml", "testdata/endpoint-default.yaml"} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		accepted[path] = string(b)
	}
	for name, in := range accepted {
		t.Run(name, func(t *testing.T) {
			if !agree(t, in) {
				t.Errorf("not accepted")
			}
		})
	}
}

// plainFields is the largest mapping of a plain file.
const plainFields = 64

func TestPlainParserRejects(t *testing.T) {
	for name, in := range map[string]string{
		"a flow list of two lines":     "a: [b,\n  c]\n",
		"a comma at the end":           "a: [b,]\n",
		"a space in flow text":         "a: [b c]\n",
		"a key in a flow list":         "a: [b: c]\n",
		"a flow list as a key":         "[a]: b\n",
		"a flow list at the top":       "[a]\n",
		"text after a flow list":       "a: [b] c\n",
		"a flow key twice":             "a: {b: c, b: d}\n",
		"a flow key alone":             "a: {b}\n",
		"a flow key without value":     "a: {b: }\n",
		"no space after a flow key":    "a: {b:c}\n",
		"an alias in a flow list":      "a: [*b]\n",
		"flow lists nested deep":       "a: " + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "\n",
		"an anchor":                    "a: &b c\n",
		"an alias":                     "a: *b\n",
		"a tag":                        "a: !!str b\n",
		"a merge key":                  "<<: b\n",
		"a merge key in text":          "a: b <<: c\n",
		"a complex key":                "? a\n: b\n",
		"a directive":                  "%YAML 1.2\n---\na: b\n",
		"a document's start with text": "--- a: b\n",
		"two documents":                "a: b\n---\nc: d\n",
		"two starts":                   "---\n---\na: b\n",
		"a document's end":             "a: b\n...\n",
		"a literal block":              "a: |\n  b\n",
		"a folded block":               "a: >\n  b\n",
		"text of two lines":            "a: b\n  c\n",
		"quotes of two lines":          "a: \"b\n  c\"\n",
		"a value below":                "a:\n  b\n",
		"a tab":                        "a:\tb\n",
		"a tab in a comment":           "a: b #\tc\n",
		"a carriage return alone":      "a: b\rc: d\n",
		"a carriage return too many":   "a: b\r\r\n",
		"a control character":          "a: \"\x01\"\n",
		"a C1 control":                 "a: \"\u0085\"\n",
		"a line separator":             "a: b\u2028c\n",
		"not UTF-8":                    "a: \xff\n",
		"a duplicate key":              "a: b\na: c\n",
		"a quoted key":                 "\"a\": b\n",
		"a number as a key":            "1: b\n",
		"null as a key":                "null: b\n",
		"a space in a key":             "a b: c\n",
		"a space after a key":          "a : b\n",
		"a key not in ASCII":           "é: b\n",
		"a key in a value":             "a: b: c\n",
		"a colon at the end":           "a: b:\n",
		"a reserved indicator":         "a: @b\n",
		"a tilde":                      "a: ~\n",
		"a leading point":              "a: .5\n",
		"a negative number":            "a: -5\n",
		"a minus before _":             "a: -_5\n",
		"three dashes":                 "- ---a\n",
		"an octal":                     "a: 0644\n",
		"a hex":                        "a: 0x1f\n",
		"an underscore":                "a: 1_000\n",
		"an exponent":                  "a: 1.5e3\n",
		"a long number":                "a: 1234567890123456789\n",
		"an escape by number":          "a: \"\\u0041\"\n",
		"an unknown escape":            "a: \"\\q\"\n",
		"an open quote":                "a: \"b\n",
		"text after quotes":            "a: \"b\" c\n",
		"a comment without space":      "a: \"b\"#c\n",
		"a scalar":                     "a\n",
		"a list in a list":             "- - a\n",
		"a missing entry":              "-\n- a\n",
		"a map below a dash":           "-\n  a: b\n",
		"an indented scalar":           "- a\n  b: c\n",
		"indented too far":             "a: b\n  c: d\n",
		"indented too little":          "a:\n    b: c\n  d: e\n",
		"a list and a key":             "- a\nb: c\n",
		"a key and a list":             "a: b\n- c\n",
		"an outdented key":             "- a: 1\n b: 2\n",
		"a list on the key's line":     "a: - b\n",
		"nested too deep":              staircase(yaml.MaxDepth + 2),
		"a large mapping":              many(plainFields + 1),
	} {
		t.Run(name, func(t *testing.T) {
			if agree(t, in) {
				t.Errorf("accepted")
			}
		})
	}
}

// All small files of these parts: parsers differ in how one line affects the next.
func TestParsersAgreeOnAllSmallFiles(t *testing.T) {
	parts := []string{"a:", "b:", " ", "  ", "- ", "\n", "x", "7", "\"q\"", "#c"}
	accepted, in := 0, make([]byte, 0, 64)
	var grow func(left int)
	grow = func(left int) {
		if agree(t, string(in)) {
			accepted++
		}
		if left == 0 {
			return
		}
		n := len(in)
		for _, p := range parts {
			in = append(in[:n], p...)
			grow(left - 1)
		}
		in = in[:n]
	}
	grow(smallFile)
	if accepted < 1000 {
		t.Errorf("only %d files are accepted", accepted)
	}
}

// smallFile is the number of parts in a file.
const smallFile = 5

func TestParsersAgreeOnTheDepth(t *testing.T) {
	accepted := 0
	for depth := range yaml.MaxDepth + 4 {
		in := strings.Repeat(" ", depth)
		for _, last := range []string{"a: b\n", "a:\n" + in + "- b\n", "- b\n", "- a: b\n", "- a:\n" + in + "  - b\n"} {
			if agree(t, staircase(depth)+in+last) {
				accepted++
			}
		}
	}
	if accepted < 5*(yaml.MaxDepth-3) {
		t.Errorf("only %d are accepted", accepted)
	}
}

func FuzzPlain(f *testing.F) {
	for _, s := range []string{
		"a: b\nc:\n  d: 1\n  e:\n    - x\n    - 2.50\n", "- a: 1\n  b: \"x\\n\" # c\n- a: 'y''z'\n", "a:\n- b\n-  c: d\nf: null\n", "a: 10.0.0.1:80\nb: true\n\n # x\nc: http://x#y\n",
	} {
		f.Add(s)
	}
	for _, path := range []string{"testdata/virgo.yaml", "testdata/endpoint-default.yaml"} {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Fuzz(func(t *testing.T, in string) {
		if len(in) <= 4<<10 {
			agree(t, in)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	data, err := os.ReadFile("testdata/virgo.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for name, read := range map[string]func() error{
		"plain": func() error { _, err := Parse("f", data); return err },
		"full":  func() error { _, err := parseAll("f", data); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := read(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
