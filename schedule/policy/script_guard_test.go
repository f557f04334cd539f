package policy

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"virgo/schedule"
	"virgo/schedule/capability"
	"virgo/schedule/yaml"
)

// grants parses the value of scripts.
func grants(t *testing.T, text string) Grants {
	t.Helper()
	n, err := yaml.ParsePlain("virgo.yaml", []byte("scripts:"+text+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	g, err := ParseGrants("virgo.yaml", n.Fields[0].Value)
	if err != nil {
		t.Fatal(err)
	}
	wire, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	var read Grants
	if err := json.Unmarshal(wire, &read); err != nil || read.Hash() != g.Hash() {
		t.Fatalf("%s: %v, %+v", wire, err, read)
	}
	return read
}

func scriptGuard(t *testing.T, g Grants, c ScriptCheck) *ScriptGuard {
	t.Helper()
	if c.Definition.Type == "" {
		c.Definition.Type = "script.x"
	}
	s, err := g.guard(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// verdictOf returns "", undeclared or refused.
func verdictOf(err error) string {
	var undeclared *UndeclaredError
	var refused *RefusedError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &undeclared):
		return "undeclared"
	case errors.As(err, &refused):
		return "refused"
	}
	return err.Error()
}

func TestScriptsUseWhatTheyDeclareAndTheOwnerGrants(t *testing.T) {
	needs := capability.Set{
		capability.Files: {"/none/a/**", "/none/b/*.log"}, capability.Programs: {"smartctl", "sudo nvme"},
		capability.TCP: {"db.example.com:5432", "*.example.org:80", "169.254.169.254:80", "metadata:80"}, capability.UDP: {"10.0.0.1:53", "*:123"},
		capability.Unix: {"/none/run/docker.sock", "@abstract"}, capability.HTTP: {"https://www.example.com/api/**"},
		capability.DNS: {"*.example.com"}, capability.Figures: {"agent.memory", "agent.process"},
	}
	use := func(g *ScriptGuard) map[string]string {
		file := func(path string) error { _, err := g.File(path); return err }
		page := func(text string) error {
			u, err := url.Parse(text)
			if err != nil {
				return err
			}
			return g.URL(u)
		}
		got := make(map[string]string)
		for name, err := range map[string]error{
			"file": file("/none/a/b/c"), "folder": file("/none/a"), "glob": file("/none/b/x.log"), "other file": file("/none/c"),
			"program": g.Program("smartctl"), "sudo": g.Program("sudo nvme"), "other program": g.Program("sh"),
			"tcp": g.Connect("tcp", "db.example.com", "5432"), "label": g.Connect("tcp4", "web.example.org", "80"),
			"metadata": g.Connect("tcp", "169.254.169.254", "80"), "udp": g.Connect("udp", "10.0.0.1", "53"), "ntp": g.Connect("udp", "pool", "123"),
			"other port": g.Connect("tcp", "db.example.com", "22"), "unix": g.Unix("/none/run/docker.sock"), "abstract": g.Unix("@abstract"),
			"other socket": g.Unix("/none/run/x.sock"), "url": page("https://www.example.com/api/v1"), "other url": page("https://www.example.com/x"),
			"dns": g.Name("a.example.com"), "other name": g.Name("example.net"), "figures": g.Figures("agent.memory"),
			"other figures": g.Figures("agent.cpu"), "no figures": g.Figures("agent.file"),
		} {
			got[name] = verdictOf(err)
		}
		return got
	}
	never := map[string]string{
		"other file": "undeclared", "other program": "undeclared", "other port": "undeclared", "other socket": "undeclared", "other url": "undeclared",
		"other name": "undeclared", "other figures": "undeclared", "no figures": "refused",
	}
	all := []string{"file", "folder", "glob", "program", "sudo", "tcp", "label", "metadata", "udp", "ntp", "unix", "abstract", "url", "dns", "figures"}
	for _, c := range []struct {
		name, grants, granted string
		own                   bool
	}{
		{name: "nothing", grants: " []", granted: ""},
		{name: "default", grants: "\n  - figures", granted: "figures"},
		{name: "declared", grants: "\n  - declared", granted: strings.Join(all, " ")},
		{name: "own", grants: " []", granted: strings.Join(all, " "), own: true},
		{name: "any", grants: "\n  - {script: any, files: any, programs: any, tcp: any, udp: any, unix: any, http: any, dns: any, figures: any}",
			granted: "file folder glob program tcp label udp ntp url dns figures"}, // the others have to be spelled out
		{name: "each", grants: "\n  - {script: script.x, files: [/none/a/b/*, /none/b/*], programs: smartctl, tcp: ['*.example.com:5432', '169.254.169.254:80'], unix: /none/run/docker.sock}",
			granted: "file glob program tcp metadata unix"},
		{name: "another script", grants: "\n  - {script: script.y, files: /none/**, programs: any}", granted: ""},
		{name: "denied", grants: "\n  - {script: any, files: /NONE/a/**, deny: true}\n  - {script: 'script.*', tcp: '*.example.com:*', http: any, dns: any, deny: true}\n  - declared",
			granted: "glob program sudo label metadata udp ntp unix abstract figures"},
		{name: "denied below sudo", grants: "\n  - {script: any, programs: nvme, files: /none/**, deny: true}\n  - declared",
			granted: "program tcp label metadata udp ntp unix abstract url dns figures"},
		{name: "denied all", grants: "\n  - {script: script.x, deny: true}\n  - declared", granted: ""},
		{name: "own and denied", grants: "\n  - {script: script.x, programs: smartctl, deny: true}", own: true,
			granted: strings.ReplaceAll(strings.Join(all, " "), " program ", " ")},
	} {
		got := use(scriptGuard(t, grants(t, c.grants), ScriptCheck{Needs: needs, Own: c.own}))
		granted := strings.Fields(c.granted)
		for name, verdict := range got {
			want := "refused"
			if never[name] != "" {
				want = never[name]
			} else if slices.Contains(granted, name) {
				want = ""
			}
			if verdict != want {
				t.Errorf("%s: %s: %q, want %q", c.name, name, verdict, want)
			}
		}
	}
}

func TestScriptsNeverOpenTheAgentsOwnFiles(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(dir, "state")
	token := filepath.Join(dir, "token")
	secret := filepath.Join(state, "deep", "spool.db")
	free := filepath.Join(dir, "free")
	for _, folder := range []string{filepath.Dir(secret), free} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{token, secret, filepath.Join(free, "plain")} {
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"token": token, "state": state} {
		if err := os.Symlink(target, filepath.Join(free, link)); err != nil {
			t.Skipf("no links here, for which Windows asks for a right: %v", err)
		}
	}
	for name, path := range map[string]string{"hard": secret, "hard2": token} {
		if err := os.Link(path, filepath.Join(free, name)); err != nil {
			t.Fatal(err)
		}
	}
	g := scriptGuard(t, grants(t, "\n  - declared"), ScriptCheck{
		Needs: capability.Set{capability.Files: {"/**"}}, Own: true, Deny: []string{state, token},
	})
	for path, want := range map[string]string{
		token: "refused", state: "refused", secret: "refused", filepath.Join(state, "none"): "refused",
		filepath.Join(free, "token"): "refused", filepath.Join(free, "state", "deep", "spool.db"): "refused",
		filepath.Join(free, "..", "token"): "refused", filepath.Join(free, "plain"): "", free: "",
		strings.ToUpper(token): "refused", "relative": "refused", free + "\x00": "refused",
	} {
		if _, err := g.File(path); verdictOf(err) != want {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	for name, want := range map[string]string{"hard": "refused", "hard2": "refused", "plain": ""} {
		f, err := os.Open(filepath.Join(free, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := g.Opened(f); verdictOf(err) != want {
			t.Errorf("opened %s: %v, want %q", name, err, want)
		}
		_ = f.Close()
	}
}

func TestScriptsConnectToWhatWasResolved(t *testing.T) {
	g := scriptGuard(t, grants(t, "\n  - declared"), ScriptCheck{Needs: capability.Set{
		capability.TCP:  {"*.example.com:80", "inner.example.net:80", "127.0.0.1:9000", "localhost:80", "169.254.169.254:80"},
		capability.HTTP: {"https://*.example.org/**"},
		capability.UDP:  {"*:53"},
	}})
	for _, c := range []struct{ network, host, address, want string }{
		{"tcp", "a.example.com", "192.0.2.1:80", ""},
		{"tcp", "a.example.com", "192.0.2.1:81", "undeclared"},
		{"tcp", "b.example.net", "192.0.2.1:80", "undeclared"},
		{"tcp", "a.example.com", "169.254.169.254:80", ""}, // spelled out
		{"tcp", "a.example.com", "[::ffff:169.254.169.254]:80", ""},
		{"tcp", "a.example.com", "169.254.169.253:80", "undeclared"},
		{"tcp", "a.example.com", "[64:ff9b::a9fe:a9fd]:80", "undeclared"},
		{"tcp", "a.example.com", "[fe80::1]:80", "undeclared"},
		{"tcp", "a.example.com", "127.0.0.1:80", "undeclared"}, // a name that leads to this host
		{"tcp", "a.example.com", "[::]:80", "undeclared"},
		{"tcp", "a.example.com", "127.0.0.1:9000", ""},
		{"tcp", "inner.example.net", "127.0.0.1:80", ""},
		{"tcp", "localhost", "[::1]:80", ""},
		{"tcp", "a.example.org", "192.0.2.1:443", ""},
		{"tcp", "a.example.org", "192.0.2.1:80", "undeclared"},
		{"tcp", "a.example.org", "127.0.0.1:443", "undeclared"},
		{"udp", "a", "192.0.2.1:53", ""},
		{"udp", "a", "255.255.255.255:53", "undeclared"},
		{"udp", "a", "224.0.0.251:53", "undeclared"},
		{"udp", "a.example.com", "192.0.2.1:80", "undeclared"},
	} {
		err := g.Control(c.network, c.host)(context.Background(), c.network, c.address, nil)
		if verdictOf(err) != c.want {
			t.Errorf("%s %s at %s: %v, want %q", c.network, c.host, c.address, err, c.want)
		}
	}
	if err := g.Control("udp", "a.example.com")(context.Background(), "tcp", "192.0.2.1:80", nil); err == nil {
		t.Error("a connection was made where a datagram was allowed")
	}
}

func TestMissingGrants(t *testing.T) {
	needs := capability.Set{
		capability.Files: {"/sys/class/hwmon/**", "${path}/**"}, capability.Unix: {"/run/docker.sock"}, capability.Programs: {"smartctl"},
		capability.TCP: {"*.example.com:80", "127.0.0.1:${port}"}, capability.Figures: {"agent.memory"},
	}
	for _, c := range []struct{ grants, want string }{
		{"\n  - declared", ""},
		{"\n  - figures", `files "${path}/**", files "/sys/class/hwmon/**", programs "smartctl", tcp "*.example.com:80", tcp "127.0.0.1:${port}", unix "/run/docker.sock"`},
		{"\n  - figures\n  - {script: any, files: [/sys/**], programs: any, tcp: any, unix: any}", `unix "/run/docker.sock"`},
		{"\n  - {script: any, files: [/srv/**], programs: 'smart*', tcp: ['*.com:*', '*.*.com:80'], unix: [/run/docker.sock]}\n  - figures", `files "/sys/class/hwmon/**"`},
		{"\n  - declared\n  - {script: any, files: [/home/**], tcp: ['10.*:*'], deny: true}", ""},
		{"\n  - declared\n  - {script: script.x, unix: any, deny: true}", `unix "/run/docker.sock"`},
	} {
		var got []string
		for _, n := range grants(t, c.grants).Missing("script.x", needs) {
			got = append(got, n.String())
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.grants, strings.Join(got, ", "), c.want)
		}
	}
	// The early refusal names what the details make of a pattern.
	for details, want := range map[string]string{
		`{"path":"/srv"}`: `not allowed by this host's owner: script.x files "/srv/**"`, `{"path":"/home/a"}`: `not allowed by this host's owner: script.x files "/home/a/**", which a grant denies`,
		`{"path":"/opt/x"}`: "",
	} {
		c := check(t, `{"type":"script.x","details":`+details+`}`)
		_, err := grants(t, "\n  - {script: any, files: [/opt/**, /home/**]}\n  - {script: any, files: /home/**, deny: true}").Guard(ScriptCheck{
			Definition: scriptDefinition(), Needs: capability.Set{capability.Files: {"${path}/**"}}, Details: c.Details,
		})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %s, want %s", details, got, want)
		}
	}
}

func TestOnlyFigures(t *testing.T) {
	d := schedule.Definition{Type: "agent.process", Details: []schedule.Detail{{Name: "name", Role: schedule.Other}, {Name: "match", Role: schedule.Regexp}}}
	for details, allowed := range map[string]bool{`{"name":"sshd"}`: true, `{"match":"password=(.*)"}`: false} {
		c := &schedule.Check{Type: "agent.process"}
		if err := json.Unmarshal([]byte(details), &c.Details); err != nil {
			t.Fatal(err)
		}
		if err := OnlyFigures(c, d); (err == nil) != allowed {
			t.Errorf("%s: %v", details, err)
		}
	}
}
