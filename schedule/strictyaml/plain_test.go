package strictyaml

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// agree compares the two ways on what the plain reader takes, and says whether it took it.
func agree(t *testing.T, in string) bool {
	t.Helper()
	got, ok := readPlain([]byte(in))
	if !ok {
		return false
	}
	want, err := parseFull("f", []byte(in))
	if err != nil {
		t.Fatalf("%q is taken, the full parser refuses it: %v", in, err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%q is read differently\ngot  %+v\nwant %+v", in, got, want)
	}
	return true
}

// Files as `virgo setup` and the endpoint write them, and checks as people do.
func TestPlainReaderTakes(t *testing.T) {
	taken := map[string]string{
		"nothing":                "",
		"comments alone":         "# none yet\n\n  # x\n",
		"one pair, no end":       "endpoint: a:1",
		"the first checks":       "- id: root_fs\n  type: agent.filesystem\n  period: 5m\n  details:\n    target: /\n\n# z\n- id: web\n  type: agent.plugin\n  label: The web shop, all of it\n  timeout: 30\n  disabled: true\n  details:\n    file: shop.sh\n    args:\n    - --host\n    - -v\n",
		"a check by itself":      "id: a\ntype: agent.plugin\ndetails:\n  file: a.sh\n  args:\n    - \"-v\"\n    - '1'\n    - x y # z\n",
		"a list at its key":      "a:\n- b\n- c\nd: e\n",
		"a list in a list's map": "- a:\n  - b\n  c: d\n- a: b\n",
		"wide dashes":            "-   a: 1\n    b: 2\n-   a: 3\n",
		"values left out":        "a:\nb: # c\nc:\n",
		"nothing by name":        "a: null\nb: Null\nc:\n  - NULL\n",
		"truth":                  "a: true\nb: False\nc: yes\nd: tRUE\n",
		"numbers":                "a: 60\nb: 1.50\nc: 0\nd: 0.25\ne: 123456789012345678\nf: 1.\n",
		"text with digits":       "a: 64MiB\nb: 30d\nc: 10.0.0.1:50041\nd: 2024-01-02\ne: 10:20:30\nf: 1e3\n",
		"quotes":                 "a: \"x \\\"y\\\" \\\\ \\/ \\n\\t#\" # z\nb: 'it''s: # '\nc: \"\"\nd: ''\n",
		"signs within text":      "a: x < y << z{y} [z], w & * ! | > % @ ` ? - \\ \"'\nb: http://x:80/#y\nc: C:\\x\n",
		"not ASCII":              "# für\na: Größe\nb: \"日本\"\nc: été 😀\n",
		"blanks":                 "a:   b  \n   \nc:  \n  d: \"e\"   \n\n",
		"comments out of line":   "a:\n# x\n  b: c\n      # y\n # z\n  d: e\n # w\nf: g\n",
	}
	for _, path := range []string{"testdata/virgo.yaml", "testdata/virgo-first.yaml", "../../transport/endpoint/default.yaml"} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		taken[path] = string(b)
	}
	for name, in := range taken {
		t.Run(name, func(t *testing.T) {
			if !agree(t, in) {
				t.Errorf("handed over")
			}
		})
	}
}

func TestPlainReaderHandsOver(t *testing.T) {
	for name, in := range map[string]string{
		"flow lists":          "a: [b]\n",
		"flow mappings":       "a: {b: c}\n",
		"an anchor":           "a: &b c\n",
		"an alias":            "a: *b\n",
		"a tag":               "a: !!str b\n",
		"a merge key":         "<<: b\n",
		"a merge key in text": "a: b <<: c\n",
		"a complex key":       "? a\n: b\n",
		"a directive":         "%YAML 1.2\n---\na: b\n",
		"a document's start":  "---\na: b\n",
		"a document's end":    "a: b\n...\n",
		"a literal block":     "a: |\n  b\n",
		"a folded block":      "a: >\n  b\n",
		"text of two lines":   "a: b\n  c\n",
		"quotes of two lines": "a: \"b\n  c\"\n",
		"a value below":       "a:\n  b\n",
		"a tab":               "a:\tb\n",
		"a tab in a comment":  "a: b #\tc\n",
		"a carriage return":   "a: b\r\n",
		"a control":           "a: \"\x01\"\n",
		"a C1 control":        "a: \"\u0085\"\n",
		"a line separator":    "a: b\u2028c\n",
		"not UTF-8":           "a: \xff\n",
		"a key twice":         "a: b\na: c\n",
		"a quoted key":        "\"a\": b\n",
		"a number as a key":   "1: b\n",
		"null as a key":       "null: b\n",
		"a blank in a key":    "a b: c\n",
		"a blank after a key": "a : b\n",
		"a key of letters":    "é: b\n",
		"a key in a value":    "a: b: c\n",
		"a colon at the end":  "a: b:\n",
		"a reserved sign":     "a: @b\n",
		"a tilde":             "a: ~\n",
		"a point":             "a: .5\n",
		"a sign":              "a: -5\n",
		"a sign before _":     "a: -_5\n",
		"three dashes":        "- ---a\n",
		"an octal":            "a: 0644\n",
		"a hex":               "a: 0x1f\n",
		"an underscore":       "a: 1_000\n",
		"an exponent":         "a: 1.5e3\n",
		"a long number":       "a: 1234567890123456789\n",
		"an escape by number": "a: \"\\u0041\"\n",
		"an unknown escape":   "a: \"\\q\"\n",
		"an open quote":       "a: \"b\n",
		"words after quotes":  "a: \"b\" c\n",
		"a close comment":     "a: \"b\"#c\n",
		"a scalar":            "a\n",
		"a list in a list":    "- - a\n",
		"an entry left out":   "-\n- a\n",
		"a map below a dash":  "-\n  a: b\n",
		"an indented scalar":  "- a\n  b: c\n",
		"indented too far":    "a: b\n  c: d\n",
		"indented too little": "a:\n    b: c\n  d: e\n",
		"a list and a key":    "- a\nb: c\n",
		"a key and a list":    "a: b\n- c\n",
		"an odd entry":        "- a: 1\n b: 2\n",
		"a list on its line":  "a: - b\n",
		"nested too deep":     staircase(MaxDepth + 2),
		"a large mapping":     many(maxPlainFields + 1),
	} {
		t.Run(name, func(t *testing.T) {
			if agree(t, in) {
				t.Errorf("taken")
			}
		})
	}
}

// All small files of these parts: what one line does to the next is where readers differ.
func TestPlainReaderAgreesOnAllSmallFiles(t *testing.T) {
	parts := []string{"a:", "b:", " ", "  ", "- ", "\n", "x", "7", "\"q\"", "#c"}
	taken, in := 0, make([]byte, 0, 64)
	var grow func(left int)
	grow = func(left int) {
		if agree(t, string(in)) {
			taken++
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
	if taken < 1000 {
		t.Errorf("only %d files are taken", taken)
	}
}

// smallFile is a file's parts.
const smallFile = 5

// The two agree on what is nested just deep enough and just too deep.
func TestPlainReaderKeepsTheDepth(t *testing.T) {
	taken := 0
	for depth := range MaxDepth + 4 {
		in := strings.Repeat(" ", depth)
		for _, last := range []string{"a: b\n", "a:\n" + in + "- b\n", "- b\n", "- a: b\n", "- a:\n" + in + "  - b\n"} {
			if agree(t, staircase(depth)+in+last) {
				taken++
			}
		}
	}
	if taken < 5*(MaxDepth-3) {
		t.Errorf("only %d are taken", taken)
	}
}

func FuzzPlain(f *testing.F) {
	for _, s := range []string{
		"a: b\nc:\n  d: 1\n  e:\n    - x\n    - 2.50\n", "- a: 1\n  b: \"x\\n\" # c\n- a: 'y''z'\n", "a:\n- b\n-  c: d\nf: null\n", "a: 10.0.0.1:80\nb: true\n\n # x\nc: http://x#y\n",
	} {
		f.Add(s)
	}
	for _, path := range []string{"testdata/virgo.yaml", "../../transport/endpoint/default.yaml"} {
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
		"full":  func() error { _, err := parseFull("f", data); return err },
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

// A file that is ordinary costs its tree and one copy.
func TestPlainReaderAllocatesLittle(t *testing.T) {
	data := []byte(strings.Repeat("# a comment\n", 50) + "a: b\nc: d\ne: 1\n")
	if n := testing.AllocsPerRun(100, func() {
		if _, err := Parse("f", data); err != nil {
			t.Fatal(err)
		}
	}); n > 2 {
		t.Errorf("%v allocations", n)
	}
}
