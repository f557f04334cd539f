package alarm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/schedule/yaml/full"
)

// A file is checked beside the others, and nothing changes by it.
func TestRulesCheck(t *testing.T) {
	dir := t.TempDir()
	const one = "- alarm: mine\n  warning: last(\"x\") > 1\n"
	if err := os.WriteFile(filepath.Join(dir, "m.yaml"), []byte(one), 0o600); err != nil {
		t.Fatal(err)
	}
	r := LoadRules(dir, full.Parse, time.Now)
	before := r.Generation()
	for _, c := range []struct{ name, data, want string }{
		{"a.yaml", "- alarm: other\n  warning: last(\"x\") > 1\n", ""},
		{"m.yaml", strings.Replace(one, "> 1", "> 2", 1), ""}, // in place of itself
		{"a.yaml", one, "another rule"},                       // the mistake is that of the later file
		{"z.yaml", one, "another rule"},
		{"z.yaml", "- override: mine\n  for: 5m\n", ""},
		{"z.yaml", "- override: nothing\n  for: 5m\n", "no rule"},
		{"z.yaml", "- alarm: bad\n  warning: last(\n", "bad"},
	} {
		var all []string
		for _, p := range r.Check(c.name, []byte(c.data)) {
			all = append(all, p.CheckID+" "+p.Err.Error())
		}
		text := strings.Join(all, "; ")
		if (text == "") != (c.want == "") || !strings.Contains(text, c.want) {
			t.Errorf("%s %q: %q, want %q", c.name, c.data, text, c.want)
		}
	}
	if problems, err := r.Problems(); len(problems) > 0 || err != nil || r.Generation() != before {
		t.Errorf("%v, %v", problems, err)
	}
}
