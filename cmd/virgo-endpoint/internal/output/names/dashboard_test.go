package names

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"virgo/collect/collecttest"
)

const dashboardFile = "../../../../../testdata/grafana/virgo.json"

// A target is a query of the dashboard.
type target struct{ Expr, LegendFormat string }

// dashboard returns the queries of the dashboard, with values for the variables.
func dashboard(t *testing.T) []target {
	t.Helper()
	data, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Panels []struct {
			ID      int
			Targets []target
		}
		Templating struct {
			List []struct{ Name, Definition string }
		}
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	var list []target
	var ids []int
	variables := []string{"$__rate_interval", "4m"}
	for _, v := range doc.Templating.List {
		variables = append(variables, "$"+v.Name, ".*")
		if v.Definition != "" {
			list = append(list, target{Expr: strings.NewReplacer("label_values(", "", ", agent)", "").Replace(v.Definition)})
		}
	}
	for _, p := range doc.Panels {
		if slices.Contains(ids, p.ID) {
			t.Errorf("two panels have the id %d", p.ID)
		}
		ids = append(ids, p.ID)
		for _, one := range p.Targets {
			one.Expr = strings.NewReplacer(variables...).Replace(one.Expr)
			if strings.Contains(one.Expr, "$") {
				t.Errorf("%s: a variable that the dashboard does not have", one.Expr)
			}
			list = append(list, one)
		}
	}
	if len(list) < 30 {
		t.Fatalf("%d queries", len(list))
	}
	return list
}

// sent returns the metrics of testdata/metrics.txt.
func sent(t *testing.T) []Metric {
	t.Helper()
	data, err := os.ReadFile("testdata/metrics.txt")
	if err != nil {
		t.Fatal(err)
	}
	var list []Metric
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) == 4 && f[0] != "#" {
			list = append(list, Metric{f[0], f[1], f[2], strings.TrimSuffix(f[3], "-")})
		}
	}
	return list
}

// A query whose metric has another name would show nothing, without a word.
func TestDashboardHasMetricsThatThereAre(t *testing.T) {
	made := map[string]Prometheus{"virgo_check_available": {}}
	labels := []string{"agent", "host", "check", "type"}
	for _, m := range sent(t) {
		p := ToPrometheus(m)
		made[p.Name] = p
		labels = append(labels, Label(m.CheckType))
	}
	metric, legend := regexp.MustCompile(`(rate\()?\b(virgo_\w+)`), regexp.MustCompile(`\{\{(\w+)\}\}`)
	grouping := regexp.MustCompile(`by \(([^)]*)\)`)
	for _, q := range dashboard(t) {
		found := metric.FindAllStringSubmatch(q.Expr, -1)
		if len(found) == 0 {
			t.Errorf("%s has no metric", q.Expr)
		}
		for _, f := range found {
			if p, ok := made[f[2]]; !ok || p.Counter != (f[1] != "") {
				t.Errorf("%s: %s is no name of a metric, or a counter without a rate", q.Expr, f[2])
			}
		}
		var used []string
		for _, l := range legend.FindAllStringSubmatch(q.LegendFormat, -1) {
			used = append(used, l[1])
		}
		for _, g := range grouping.FindAllStringSubmatch(q.Expr, -1) {
			used = append(used, strings.Split(g[1], ", ")...)
		}
		for _, l := range used {
			if !slices.Contains(labels, l) {
				t.Errorf("%s, %s: no label is called %q", q.Expr, q.LegendFormat, l)
			}
		}
	}
}

// What the dashboard asks is PromQL.
func TestDashboardAsksPromQL(t *testing.T) {
	program := collecttest.Program(t, "promtool", "prometheus")
	type rule struct {
		Record string `json:"record"`
		Expr   string `json:"expr"`
	}
	var rules []rule
	for _, q := range dashboard(t) {
		rules = append(rules, rule{"a", q.Expr})
	}
	text, err := json.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": rules}}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(program, "check", "rules", "--lint=none", file).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// Two metrics of a host never have one name with the same attributes: points of one would hide those of the other.
func TestNamesAreDistinct(t *testing.T) {
	prometheus, otlp := map[string]Metric{}, map[OTLP]Metric{}
	for _, m := range sent(t) {
		p, o := ToPrometheus(m), ToOTLP(m)
		if old, ok := prometheus[p.Name]; ok {
			t.Errorf("%+v and %+v are %s", old, m, p.Name)
		}
		o.Factor = 0
		if old, ok := otlp[o]; ok {
			t.Errorf("%+v and %+v are %+v", old, m, o)
		}
		prometheus[p.Name], otlp[o] = m, m
	}
	if len(prometheus) < 50 {
		t.Errorf("%d metrics", len(prometheus))
	}
}
