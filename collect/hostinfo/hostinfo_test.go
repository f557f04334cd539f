package hostinfo

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

// documentedTypes reads the list in CHECKS.md under "Host information".
func documentedTypes(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("../../testdata/CHECKS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(b), "\n## Host information")
	_, list, ok2 := strings.Cut(section, "not for this system:")
	list, _, ok3 := strings.Cut(list, ".")
	if !ok || !ok2 || !ok3 {
		t.Fatal("CHECKS.md has no list of host information types")
	}
	return strings.FieldsFunc(list, func(c rune) bool { return c == ',' || unicode.IsSpace(c) })
}

func TestTypesMatchTheDocumentation(t *testing.T) {
	var have []string
	for _, typ := range Types() {
		have = append(have, typ.Name)
	}
	if want := slices.Sorted(slices.Values(documentedTypes(t))); !slices.Equal(have, want) {
		t.Errorf("have %v\nwant %v", have, want)
	}
}

func TestEveryTypeIsDescribed(t *testing.T) {
	for _, typ := range Types() {
		if typ.Summary == "" || strings.HasSuffix(typ.Summary, ".") || typ.Read == nil || typ.Shape == nil {
			t.Errorf("%s: %+v", typ.Name, typ)
		}
		described := Describe(typ)
		if len(described) == 0 && typ.Name != "nil" {
			t.Errorf("%s describes no key", typ.Name)
		}
		seen := map[string]bool{}
		for _, k := range described {
			if k.Doc == "" || k.Name == "" || k.Kind == "" || seen[k.Name] {
				t.Errorf("%s: %+v", typ.Name, k)
			}
			seen[k.Name] = true
		}
	}
}

func TestDescribe(t *testing.T) {
	type part struct {
		One   int     `json:"one" doc:"a"`
		Parts []part_ `json:"parts,omitempty" doc:"b"`
	}
	type shape struct {
		part
		Free   described `json:"free" doc:"c"`
		Ratio  *float64  `json:"ratio" doc:"d"`
		Yes    bool      `json:"yes" doc:"e"`
		Hidden string    `json:"-"`
		unseen int
	}
	want := []Key{
		{Name: "one", Kind: "number", Doc: "a"}, {Name: "parts", Kind: "list", Doc: "b"},
		{Name: "parts.text", Kind: "text", Doc: "f"}, {Name: "parts.again", Kind: "list", Doc: "g"},
		{Name: "free", Kind: "object", Doc: "c"}, {Name: "free.*", Kind: "text", Doc: "h"},
		{Name: "ratio", Kind: "number", Doc: "d"}, {Name: "yes", Kind: "truth", Doc: "e"},
	}
	if got := Describe(Type{Shape: []shape{{unseen: 1}}}); !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

type described map[string]string

func (described) DescribeKeys() []Key { return []Key{{Name: "*", Kind: "text", Doc: "h"}} }

type part_ struct {
	Text  string  `json:"text" doc:"f"`
	Again []part_ `json:"again" doc:"g"`
}

func TestGet(t *testing.T) {
	if _, err := Get(t.Context(), &Host{}, "no such"); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	h := &Host{Now: func() time.Time { return time.UnixMilli(1234) }}
	a, err := Get(t.Context(), h, "nil")
	b, _ := json.Marshal(a)
	if err != nil || string(b) != `{"error":null,"metrics":{},"timestamp":1234}` {
		t.Errorf("%s, %v", b, err)
	}
}
