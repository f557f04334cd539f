package policy

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"virgo/schedule"
	"virgo/schedule/yaml"
)

// definitions returns the types that the worker has, and those of this host, whose roles
// TestRolesOfThisHostsDetails of cmd/virgo compares with the checks.
func definitions(t testing.TB) func(string) (schedule.Definition, bool) {
	t.Helper()
	b, err := os.ReadFile("../../collect/worker/catalog.json")
	if err != nil {
		t.Fatal(err)
	}
	var catalog struct {
		Checks []struct {
			Name    string            `json:"name"`
			Details []schedule.Detail `json:"details"`
		} `json:"checks"`
	}
	if err := json.Unmarshal(b, &catalog); err != nil {
		t.Fatal(err)
	}
	all := map[string]schedule.Definition{}
	for _, c := range catalog.Checks {
		all[c.Name] = schedule.Definition{Type: c.Name, Details: c.Details}
	}
	local := func(name string, own bool, details ...string) {
		d := schedule.Definition{Type: name, OwnDetails: own}
		for _, text := range details {
			name, role, _ := strings.Cut(text, ":")
			d.Details = append(d.Details, schedule.Detail{Name: name, Role: schedule.Role(role)})
		}
		all[name] = d
	}
	for _, name := range []string{"agent.cpu", "agent.memory", "agent.load_average", "agent.filesystem_state", "agent.virgo"} {
		local(name, false)
	}
	for _, name := range []string{"agent.disk", "agent.filesystem", "agent.network", "agent.systemd"} {
		local(name, false, "target:other")
	}
	local("agent.process", false, "name:other", "match:regexp", "user:other", "min:free", "max:free")
	local("agent.file", false, "target:path", "content_match:regexp", "max_age:free", "min_size:free", "max_size:free")
	local("agent.plugin", true, "file:program", "args:arguments", "timeout:free", "format:other", "run_as:other")
	local("script.directory", false, "path:path")
	local("script.containers", false, "socket:socket", "stats:switch")
	return func(name string) (schedule.Definition, bool) {
		d, ok := all[name]
		return d, ok
	}
}

// parse parses a remote: tree and, where there is one, a secrets: tree.
func parsePolicy(t testing.TB, text string) *Policy {
	t.Helper()
	p, err := tryPolicy(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return p
}

func tryPolicy(text string) (*Policy, error) {
	root, err := yaml.ParsePlain("virgo.yaml", []byte(text))
	if err != nil {
		return nil, err
	}
	p := Default()
	for _, f := range root.Fields {
		switch f.Key {
		case "remote":
			err = p.ParseRemote("virgo.yaml", f.Value)
		case "secrets":
			for _, s := range f.Value.Fields {
				for _, below := range s.Value.Fields {
					if below.Key != "allow" {
						continue
					}
					var rules []Rule
					rules, err = ParseRules("virgo.yaml", below.Value)
					p.Secrets = append(p.Secrets, SecretRules{s.Key, rules})
				}
			}
		}
		if err != nil {
			return p, err
		}
	}
	return p, nil
}

// check parses a check in JSON.
func check(t testing.TB, text string) *schedule.Check {
	t.Helper()
	if !strings.Contains(text, `"id"`) {
		text = strings.Replace(text, "{", `{"id":"x",`, 1)
	}
	c, err := schedule.ParseCheck([]byte(text))
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return &c
}

// decide returns the verdict of a policy on a check in JSON.
func decide(t testing.TB, p *Policy, text string) Verdict {
	t.Helper()
	c := check(t, text)
	d, ok := definitions(t)(c.Type)
	if !ok {
		t.Fatalf("no type %q", c.Type)
	}
	return p.Decide(NewEffective(c, d))
}

// effective returns the effective check in JSON.
func effective(t testing.TB, text string) *Effective {
	t.Helper()
	c := check(t, text)
	d, ok := definitions(t)(c.Type)
	if !ok {
		t.Fatalf("no type %q", c.Type)
	}
	return NewEffective(c, d)
}
