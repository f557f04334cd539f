package main

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"virgo/cmd/internal/agent"
	"virgo/collect/hostinfo"
	"virgo/collect/worker"
	"virgo/schedule"
	"virgo/schedule/catalog"
	"virgo/schedule/policy"
)

// The catalog that is built into the agent lists what the worker has.
func TestCatalog(t *testing.T) {
	registry, err := openWorkerChecks(worker.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	var c worker.Catalog
	for _, typ := range registry.Types() {
		c.Checks = append(c.Checks, worker.CheckType{
			Name: typ.Name, Summary: typ.Summary, Details: typ.Details, KeyMetrics: typ.KeyMetrics,
		})
	}
	for _, typ := range hostinfo.Types() {
		c.HostInfo = append(c.HostInfo, worker.InfoType{Name: typ.Name, Summary: typ.Summary, Systems: typ.Systems})
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(c); err != nil {
		t.Fatal(err)
	}
	compareGenerated(t, "../../collect/worker/catalog.json", text.Bytes())
}

// The catalog with which schedules are checked lists every type of the agent.
func TestCatalogOfSchedules(t *testing.T) {
	p := agent.New(t.Context(), agent.Stdio{}, func(string) string { return "" }, nil)
	registry, err := p.Registry(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := make(catalog.Catalog)
	for _, typ := range registry.Types() {
		c[typ.Name] = typ.Definition()
	}
	compareGenerated(t, "../../schedule/catalog/types.txt", []byte(c.Format()))
	if !*update && catalog.Load().Format() != c.Format() {
		t.Error("the catalog is not read as it was written")
	}
}

// compareGenerated compares a file with the text of which it was made; with -update, it writes it.
func compareGenerated(t *testing.T, path string, text []byte) {
	t.Helper()
	built, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(text, built) {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the program has: run make docs", path)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// The owner's policy compares each detail by its role, and refuses what has none that it knows.
func TestEveryDetailHasARole(t *testing.T) {
	known := []schedule.Role{
		schedule.Free, schedule.Match, schedule.Other, schedule.Switch, schedule.Owner, schedule.Regexp, schedule.Path,
		schedule.Credentials, schedule.Program, schedule.Arguments, schedule.URL, schedule.Host, schedule.Port,
		schedule.Address, schedule.Socket, schedule.Proxy, schedule.Instance, schedule.DomainName,
		schedule.Headers, schedule.Secret,
	}
	p := agent.New(t.Context(), agent.Stdio{}, func(string) string { return "" }, nil)
	registry, err := p.Registry(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range registry.Types() {
		definition := typ.Definition()
		for _, r := range definition.Details {
			if !slices.Contains(known, r.Role) {
				t.Errorf("%s: the detail %q has the role %q", typ.Name, r.Name, r.Role)
			}
			if r.From != "" && !slices.ContainsFunc(definition.Details, func(o schedule.Detail) bool { return o.Name == r.From }) {
				t.Errorf("%s: the detail %q has its default from %q, which there is not", typ.Name, r.Name, r.From)
			}
		}
	}
}

// What an endpoint has without any rule of the owner's is this and no more: a new type must not be among it
// by mistake.
func TestFiguresAreThese(t *testing.T) {
	p := agent.New(t.Context(), agent.Stdio{}, func(string) string { return "" }, nil)
	registry, err := p.Registry(nil)
	if err != nil {
		t.Fatal(err)
	}
	var figures []string
	for _, typ := range registry.Types() {
		if policy.Default().AllowsType(typ.Name) {
			figures = append(figures, typ.Name)
		}
	}
	want := []string{
		"agent.cpu", "agent.disk", "agent.filesystem", "agent.filesystem_state", "agent.load_average", "agent.memory",
		"agent.network", "agent.process", "agent.systemd", "agent.virgo", "agent.windows_perfos",
	}
	if !slices.Equal(figures, want) {
		t.Errorf("figures are %q, want %q", figures, want)
	}
}

// The tests of package policy have these roles, since they know no check.
func TestRolesOfThisHostsDetails(t *testing.T) {
	p := agent.New(t.Context(), agent.Stdio{}, func(string) string { return "" }, nil)
	registry, err := p.Registry(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"agent.file":    "target:path content_match:regexp max_age:free min_size:free max_size:free",
		"agent.plugin":  "file:program args:arguments timeout:free format:other run_as:other",
		"agent.process": "name:other match:regexp user:other min:free max:free",
		"agent.disk":    "target:other",
	} {
		typ, _ := registry.Lookup(name)
		var roles []string
		for _, d := range typ.Details {
			roles = append(roles, d.Name+":"+string(d.Role))
		}
		if got := strings.Join(roles, " "); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
