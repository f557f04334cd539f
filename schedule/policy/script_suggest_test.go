package policy

import (
	"fmt"
	"testing"

	"virgo/schedule"
	"virgo/schedule/capability"
)

func TestSuggestGrant(t *testing.T) {
	needs := capability.Set{
		capability.Files: {"${path}/**", "/proc/mdstat"}, capability.Unix: {"/run/docker.sock", "${socket}"}, capability.Programs: {"smartctl", "sudo nvme"},
		capability.TCP: {"${host}:${port}"}, capability.Figures: {"agent.memory"},
	}
	for _, c := range []struct{ grants, details, want string }{
		{" []", `{"path":"/srv/a b"}`, "{script: script.x, files: ['/srv/a b/**', /proc/mdstat], programs: [smartctl, 'sudo nvme'], tcp: 'localhost:80', unix: /run/docker.sock, figures: agent.memory}"},
		{" [figures]", `{"path":"/srv","socket":"/run/x","host":"::1","port":22}`,
			"{script: script.x, files: [/srv/**, /proc/mdstat], programs: [smartctl, 'sudo nvme'], tcp: '[::1]:22', unix: [/run/x, /run/docker.sock]}"},
		{"\n  - figures\n  - {script: any, files: any, programs: 's*', unix: [/run/docker.sock]}", `{}`, "{script: script.x, programs: 'sudo nvme', tcp: 'localhost:80'}"},
		{"\n  - figures\n  - {script: any, programs: any, tcp: any, deny: true}", `{"path":"/x"}`, "{script: script.x, files: [/x/**, /proc/mdstat], unix: /run/docker.sock}"},
		{" [declared]", `{}`, ""},
	} {
		k := check(t, `{"type":"script.x","details":`+c.details+`}`)
		in := ScriptCheck{Definition: scriptDefinition(), Needs: needs, Details: k.Details}
		g := grants(t, c.grants)
		grant, ok := g.Suggest(in)
		got := ""
		if ok {
			got = grant.String()
		}
		if got != c.want {
			t.Errorf("%s with %s:\ngot  %s\nwant %s", c.grants, c.details, got, c.want)
		}
		if !ok {
			continue
		}
		again := grants(t, fmt.Sprintf("\n  - %s", grant.String())) // it can be pasted
		again.Rules = append(again.Rules, g.Rules...)
		if more, ok := again.Suggest(in); ok {
			t.Errorf("%s is still lacking", more.String())
		}
	}
	if g, ok := (Grants{}).Suggest(ScriptCheck{Definition: schedule.Definition{Type: "script.x"}, Needs: needs, Own: true}); ok {
		t.Errorf("an own script lacks %s", g.String())
	}
}

func TestExplainGrants(t *testing.T) {
	g := grants(t, "\n  - figures\n  - {script: any, programs: smartctl}\n  - {script: script.x, programs: sm*, deny: true}\n  - {script: any, files: /proc/**}")
	in := ScriptCheck{Definition: schedule.Definition{Type: "script.x"}, Needs: capability.Set{
		capability.Programs: {"smartctl"}, capability.Files: {"/proc/mdstat", "/etc/fstab"}, capability.Figures: {"agent.cpu"},
	}}
	want := `files "/etc/fstab" -1 false, files "/proc/mdstat" 3 true, programs "smartctl" 2 false, figures "agent.cpu" 0 true`
	got := ""
	for i, e := range g.Explain(in) {
		if i > 0 {
			got += ", "
		}
		got += fmt.Sprintf("%s %d %v", e.Need, e.Rule, e.Granted())
	}
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	in.Own = true
	for _, e := range g.Explain(in) {
		if e.Granted() != (e.Need.Kind != capability.Programs) {
			t.Errorf("own: %+v", e)
		}
	}
}
