package collecttest

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A Contract is what testdata/CHECKS.md says of each check type, by name.
type Contract map[string]Documented

// Documented is the row of one type.
type Documented struct {
	// Details that it takes.
	Details []string
	// Metrics that it reports, where * stands for any text; none where the row lists none.
	Metrics []string
}

// ReadContract reads the tables of testdata/CHECKS.md of the module that the test runs in.
func ReadContract(t testing.TB) Contract {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("go.mod is in no folder above the test's")
		}
		dir = parent
	}
	text, err := os.ReadFile(filepath.Join(dir, "testdata", "CHECKS.md"))
	if err != nil {
		t.Fatal(err)
	}
	return parseContract(string(text))
}

// parseContract reads rows "| `type` | `detail`, … | `metric`, … |". "TLS details" in a row stands
// for those that the bullet of that name lists; what is in braces is the form of a detail's value.
func parseContract(text string) Contract {
	var (
		typeName  = regexp.MustCompile("^ `((?:agent|remote)\\.[a-z_0-9]+)`")
		detail    = regexp.MustCompile("`([a-z_]+)`")
		metric    = regexp.MustCompile("`([a-zA-Z0-9_.*]+)`")
		braces    = regexp.MustCompile(`\{[^}]*\}`)
		tlsBullet = regexp.MustCompile(`(?s)\*\*new\*\* TLS details.*?\n(?:\n|- )`)
		contract  = make(Contract)
		names     = func(re *regexp.Regexp, s string) (all []string) {
			for _, m := range re.FindAllStringSubmatch(s, -1) {
				if !slices.Contains(all, m[1]) {
					all = append(all, m[1])
				}
			}
			return all
		}
		tlsDetails = names(detail, tlsBullet.FindString(text))
	)
	for line := range strings.Lines(text) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 {
			continue
		}
		name := typeName.FindStringSubmatch(cells[1])
		if name == nil {
			continue
		}
		d := Documented{Details: names(detail, braces.ReplaceAllString(cells[2], "")), Metrics: names(metric, cells[3])}
		if strings.Contains(cells[2], "TLS details") {
			d.Details = append(d.Details, tlsDetails...)
		}
		contract[name[1]] = d
	}
	return contract
}

// Metrics compares the metrics that a type reports with those that its row lists, both ways.
func (c Contract) Metrics(t testing.TB, typeName string, reported map[string]Metric) {
	t.Helper()
	documented := c[typeName].Metrics
	if len(documented) == 0 {
		return
	}
	for name := range reported {
		if !slices.ContainsFunc(documented, func(pattern string) bool { return matches(pattern, name) }) {
			t.Errorf("%s reports %s, which CHECKS.md does not list", typeName, name)
		}
	}
	for _, pattern := range documented {
		found := false
		for name := range reported {
			found = found || matches(pattern, name)
		}
		if !found {
			t.Errorf("CHECKS.md lists %s of %s, which does not report it", pattern, typeName)
		}
	}
}

func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}
