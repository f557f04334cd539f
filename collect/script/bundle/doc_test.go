package bundle

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"virgo/collect"
	"virgo/collect/script"
	"virgo/collect/script/api"
	"virgo/collect/script/trial"
	"virgo/schedule/scriptbundle"
)

var update = flag.Bool("update", false, "write README.md")

// README.md is what the scripts declare, the comments that they begin with, and what they report in their tests.
func TestDocumentation(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the captured paths are those of Unix")
	}
	f := folder(t)
	results, err := tested()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# The published checks in Lua\n\n" +
		"Made from the scripts by `make docs`: what they declare, the comment at the top of each, and the metrics that they report in\n" +
		"their tests. A metric \"of each\" has a dimension. `virgo help lua` says how scripts are written, [porting.md](porting.md) how a\n" +
		"plugin becomes one, and [testdata/README.md](testdata/README.md) where the input of the tests is from.\n")
	opt := script.Options{Modules: api.Modules()}
	for _, name := range f.Files() {
		if !trial.IsScript(name) {
			continue
		}
		s, err := script.DeclareFile(opt, f, name)
		if err != nil {
			t.Fatal(err)
		}
		describe(&b, s, f[name])
		var metrics []collect.Metric
		for _, r := range results[trial.TestOf(name)] {
			metrics = append(metrics, r.Metrics...)
		}
		describeMetrics(&b, metrics)
	}
	if *update {
		if err := os.WriteFile("README.md", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile("README.md")
	if err != nil || string(text) != b.String() {
		t.Errorf("README.md is not what the scripts say; run make docs (%v)", err)
	}
}

func describe(b *strings.Builder, s scriptbundle.Script, text string) {
	fmt.Fprintf(b, "\n## %s\n\n%s", s.Type, strings.ToUpper(s.Summary[:1])+s.Summary[1:])
	if len(s.Systems) > 0 {
		fmt.Fprintf(b, "; on %s", strings.Join(s.Systems, ", "))
	}
	b.WriteString(".\n\n")
	for line := range strings.Lines(text) {
		comment, ok := strings.CutPrefix(line, "--")
		if !ok {
			break
		}
		b.WriteString(strings.TrimPrefix(comment, " "))
	}
	if len(s.Details) > 0 {
		b.WriteString("\n| detail | kind | default | |\n|---|---|---|---|\n")
	}
	for _, d := range s.Details {
		kind, def := string(d.Kind), d.Default
		if kind == "" {
			kind = "text"
		}
		if d.Required {
			def = "required"
		}
		text := d.Summary
		if len(d.Choices) > 0 {
			text += " (" + strings.Join(d.Choices, ", ") + ")"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", d.Name, kind, def, text)
	}
	var needs []string
	for _, n := range s.Needs.Needs() {
		needs = append(needs, fmt.Sprintf("%s `%s`", n.Kind, n.Pattern))
	}
	if len(needs) == 0 {
		needs = []string{"nothing"}
	}
	writeList(b, "Needs", needs)
}

// writeList writes a list as a paragraph of lines of at most 100 columns.
func writeList(b *strings.Builder, what string, items []string) {
	line := what + ":"
	b.WriteString("\n")
	for i, item := range items {
		item += map[bool]string{true: ".", false: ","}[i == len(items)-1]
		if len(line)+1+len(item) > 100 {
			b.WriteString(line + "\n")
			line = item
			continue
		}
		line += " " + item
	}
	b.WriteString(line + "\n")
}

// describeMetrics lists each name once, with its type and unit.
func describeMetrics(b *strings.Builder, metrics []collect.Metric) {
	texts := map[string]bool{}
	for _, m := range metrics {
		text := fmt.Sprintf("`%s` %s", m.Name, m.Type)
		if m.Unit != "" {
			text += " " + m.Unit
		}
		if m.Dimension != "" {
			text += " of each"
		}
		texts[text] = true
	}
	var all []string
	for text := range texts {
		all = append(all, text)
	}
	slices.Sort(all)
	writeList(b, "Reports", all)
}
