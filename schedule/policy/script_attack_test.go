package policy

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"virgo/schedule"
	"virgo/schedule/capability"
	"virgo/schedule/detail"
)

// scriptDefinition has a detail of each sort, as scripts declare them.
func scriptDefinition() schedule.Definition {
	return schedule.Definition{Type: "script.x", Details: []schedule.Detail{
		{Name: "warn", Kind: detail.Number, Role: schedule.Free, Default: "80"},
		{Name: "expect", Kind: detail.Regexp, Role: schedule.Match},
		{Name: "label", Role: schedule.Other},
		{Name: "unit", Kind: detail.Choice, Choices: []string{"a", "b"}, Role: schedule.Other},
		{Name: "all", Kind: detail.Boolean, Role: schedule.Switch},
		{Name: "pattern", Kind: detail.Regexp, Role: schedule.Regexp},
		{Name: "path", Kind: detail.Path, Role: schedule.Path, Default: "/none/default"},
		{Name: "socket", Kind: detail.Path, Role: schedule.Socket},
		{Name: "host", Kind: detail.Host, Role: schedule.Host, Default: "localhost"},
		{Name: "port", Kind: detail.Port, Role: schedule.Port, Default: "80"},
		{Name: "address", Kind: detail.HostPort, Role: schedule.Address},
		{Name: "url", Kind: detail.URL, Role: schedule.URL},
		{Name: "program", Role: schedule.Program},
		{Name: "name", Role: schedule.DomainName},
		{Name: "password", Role: schedule.Secret},
	}}
}

func scriptNeeds() capability.Set {
	return capability.Set{
		capability.Files: {"${path}/**", "/none/fixed/${unit}.log"}, capability.Unix: {"${socket}"}, capability.Programs: {"${program}"},
		capability.TCP: {"${host}:${port}", "${address}"}, capability.HTTP: {"${url}", "https://${host}/status"}, capability.DNS: {"${name}"},
	}
}

// judged returns the guard of an endpoint's check as the script process has it, or the refusal.
func judged(t *testing.T, rules, details string, known bool) (*schedule.Check, *Guard, error) {
	t.Helper()
	p := parsePolicy(t, rules)
	c := check(t, `{"type":"script.x","details":`+details+`}`)
	d := scriptDefinition()
	if !known { // a script of the owner's folder, of which virgo-run knows the name
		d = schedule.Definition{Type: "script.x", OwnDetails: true}
	}
	g, err := p.Guard(c, d)
	if err != nil || g == nil {
		return c, g, err
	}
	wire, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	read := new(Guard)
	if err := json.Unmarshal(wire, read); err != nil {
		t.Fatal(err)
	}
	return c, read, nil
}

// endpointGuard returns the guard of an endpoint's check of a script that may have whatever it declares.
func endpointGuard(t *testing.T, rules, details string, known bool) (*ScriptGuard, error) {
	t.Helper()
	c, g, err := judged(t, rules, details, known)
	if err != nil {
		return nil, err
	}
	return Grants{Rules: []Grant{{Keyword: Declared}}}.Guard(ScriptCheck{
		Definition: scriptDefinition(), Needs: scriptNeeds(), Details: c.Details, Endpoint: g,
	})
}

func TestEndpointCannotRunScripts(t *testing.T) {
	const scripts = "remote:\n  checks:\n    - figures\n    - scripts\n"
	for _, c := range []struct {
		rules, details string
		known          bool
		want           string
	}{
		{"remote:\n  checks: [figures]\n", `{}`, true, `script.x path "/none/default"`},
		{"remote:\n  checks:\n    - {type: 'agent.*'}\n", `{}`, true, `script.x path "/none/default"`},
		{scripts, `{}`, true, ""},
		{scripts, `{"warn":90,"expect":"x.*","label":"l","unit":"b","all":true}`, true, ""},
		{scripts, `{"path":"/none/default","host":"LOCALHOST.","port":80}`, true, ""}, // the defaults
		{scripts, `{"path":"/etc"}`, true, `script.x path "/etc"`},
		{scripts, `{"path":"/none/default/.."}`, true, `script.x path "/none"`},
		{scripts, `{"socket":"/run/docker.sock"}`, true, `script.x socket "/run/docker.sock"`},
		{scripts, `{"host":"192.0.2.1"}`, true, `script.x host "192.0.2.1"`},
		{scripts, `{"port":22}`, true, `script.x port "22"`},
		{scripts, `{"address":"192.0.2.1:22"}`, true, `script.x address "192.0.2.1:22"`},
		{scripts, `{"url":"https://evil.example/"}`, true, `script.x url "https://evil.example/"`},
		{scripts, `{"program":"sh"}`, true, `script.x program "sh"`},
		{scripts, `{"name":"x.evil.example"}`, true, `script.x name "x.evil.example"`},
		{scripts, `{"pattern":"^root:"}`, true, "script.x pattern"},
		{scripts, `{"password":"secret:db"}`, true, "script.x password"},
		{scripts, `{"other":"x"}`, true, "script.x other"},
		{scripts, `{"expect":"a{1000}b{1000}c{1000}"}`, true, "script.x expect"},
		{scripts, `{}`, false, ""},
		{scripts, `{"warn":90}`, false, "script.x warn"}, // nobody knows what it is
		{scripts + "    - {type: script.x, warn: 10..95}\n", `{"warn":90}`, false, ""},
	} {
		_, _, err := judged(t, c.rules, c.details, c.known)
		got := ""
		if err != nil {
			got = strings.TrimPrefix(err.Error(), Refused+": ")
		}
		if got != c.want {
			t.Errorf("%s with %s: %q, want %q", strings.TrimSpace(c.rules), c.details, got, c.want)
		}
	}
	testVerdicts(t, "remote:\n  checks: [scripts]\n", []verdictCase{
		{`{"type":"agent.cpu"}`, "agent.cpu"}, {`{"type":"agent.plugin","details":{"file":"x"}}`, `agent.plugin file "x"`},
	})
}

func TestEndpointCannotChooseFilesOfScripts(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.ToSlash(dir)
	for _, folder := range []string{"/srv/a/secret", "/srv/b", "/other"} {
		if err := os.MkdirAll(dir+folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"/srv/a/x", "/srv/a/secret/x", "/other/x"} {
		if err := os.WriteFile(dir+file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"/srv/a/file": "/other/x", "/srv/a/folder": "/other", "/srv/out": "/other", "/srv/in": "/srv/a"} {
		if err := os.Symlink(dir+target, dir+link); err != nil {
			t.Skipf("no links can be made here: %v", err)
		}
	}
	rules := "remote:\n  checks:\n    - {type: script.x, path: '" + dir + "/srv/a/secret/**', deny: true}\n" +
		"    - {type: script.x, path: ['" + dir + "/srv/**', '" + dir + "/srv']}\n"
	literal := "remote:\n  checks:\n    - {type: script.x, path: '" + dir + "/srv/a'}\n"
	for _, c := range []struct{ rules, path, file, want string }{
		{rules, "/srv/a", "/srv/a/x", ""},
		{rules, "/srv/a", "/srv/a/secret/x", "refused"},
		{rules, "/srv/a", "/srv/a/file", "undeclared"}, // a link out of it
		{rules, "/srv/a", "/srv/a/folder/x", "undeclared"},
		{rules, "/srv/a", "/srv/a/../../other/x", "undeclared"},
		{rules, "/srv/a", "/other/x", "undeclared"},
		{rules, "/srv", "/srv/in/x", ""},
		{rules, "/srv", "/srv/out/x", "undeclared"},
		{rules, "/srv/out", "/srv/out/x", "undeclared"}, // where the link leads, nobody declares
		{rules, "/srv/*", "/srv/a/x", ""},
		{rules, "/srv/*", "/srv/a/secret/x", "refused"},
		{rules, "/srv/*", "/other/x", "undeclared"},
		{literal, "/srv/a", "/srv/a/x", ""},
		{literal, "/srv/a", "/srv/b", "undeclared"},
		{rules, "/other", "/other/x", "judged"},
		{rules, "/srv/../other", "/other/x", "judged"},
		{literal, "/srv/*", "/srv/b", "judged"},
	} {
		for _, known := range []bool{true, false} {
			details, err := json.Marshal(map[string]string{"path": dir + c.path})
			if err != nil {
				t.Fatal(err)
			}
			got := "judged"
			g, err := endpointGuard(t, c.rules, string(details), known)
			if err == nil {
				_, err = g.File(filepath.FromSlash(dir + c.file))
				got = verdictOf(err)
			}
			if got != c.want {
				t.Errorf("path %s, file %s, known %v: %q (%v), want %q", c.path, c.file, known, got, err, c.want)
			}
		}
	}
}

// A port alone chooses no host: that is the script's.
func TestEndpointChoosesPortsOfScripts(t *testing.T) {
	d := schedule.Definition{Type: "script.x", Details: []schedule.Detail{{Name: "port", Kind: detail.Port, Role: schedule.Port}}}
	c := check(t, `{"type":"script.x","details":{"port":8080}}`)
	g, err := parsePolicy(t, "remote:\n  checks:\n    - {type: script.x, port: 8000..9000}\n").Guard(c, d)
	if err != nil {
		t.Fatal(err)
	}
	s := scriptGuard(t, grants(t, " [declared]"), ScriptCheck{
		Definition: d, Needs: capability.Set{capability.TCP: {"127.0.0.1:${port}"}}, Details: c.Details, Endpoint: g,
	})
	for address, want := range map[string]string{"127.0.0.1:8080": "", "127.0.0.1:22": "undeclared", "127.0.0.2:8080": "undeclared"} {
		host, port, _ := strings.Cut(address, ":")
		if err := s.Connect("tcp", host, port); verdictOf(err) != want {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
		if err := s.Control("tcp", host)(context.Background(), "tcp", address, nil); verdictOf(err) != want {
			t.Errorf("dialled %s: %v, want %q", address, err, want)
		}
	}
}

// A detail that stands in a pattern does not change what else the pattern says.
func TestEndpointCannotBendPatternsOfScripts(t *testing.T) {
	const rules = "remote:\n  checks:\n    - {type: script.x, unit: any, host: any, port: any, url: any, address: any, path: any}\n"
	file := func(path string) func(*ScriptGuard) error {
		return func(g *ScriptGuard) error { _, err := g.File(path); return err }
	}
	page := func(text string) func(*ScriptGuard) error {
		return func(g *ScriptGuard) error {
			u, err := url.Parse(text)
			if err != nil {
				return err
			}
			return g.URL(u)
		}
	}
	for _, c := range []struct {
		details string
		use     func(*ScriptGuard) error
		want    string
	}{
		{`{"unit":"a"}`, file("/none/fixed/a.log"), ""},
		{`{"unit":"../../etc/a"}`, file("/etc/a.log"), "undeclared"},
		{`{"unit":"*"}`, file("/none/fixed/c.log"), "undeclared"},
		{`{"unit":"x/../a"}`, file("/none/fixed/a.log"), "undeclared"},
		{`{"unit":"c"}`, file("/none/fixed/c.log"), "undeclared"}, // none of the choices
		{`{"unit":".."}`, file("/none/...log"), "undeclared"},
		{`{"host":"a.example"}`, page("https://a.example/status"), ""},
		{`{"host":"a.example/x"}`, page("https://a.example/x/status"), "judged"},
		{`{"host":"*"}`, page("https://other.example/status"), "undeclared"},
		{`{"host":"::1"}`, page("https://[::1]/status"), ""},
		{`{"host":"::ffff:127.0.0.1"}`, page("https://127.0.0.1/status"), ""},
		{`{"host":"a.example","port":8080}`, func(g *ScriptGuard) error { return g.Connect("tcp", "A.Example.", "8080") }, ""},
		{`{"host":"a.example","port":8080}`, func(g *ScriptGuard) error { return g.Connect("tcp", "a.example", "22") }, "undeclared"},
		{`{"host":"a.example","port":"*"}`, func(g *ScriptGuard) error { return g.Connect("tcp", "a.example", "22") }, "judged"},
		{`{"host":"a.example","port":"1..65535"}`, func(g *ScriptGuard) error { return g.Connect("tcp", "a.example", "22") }, "judged"},
		{`{"address":"[2001:db8::1]:443"}`, func(g *ScriptGuard) error { return g.Connect("tcp", "2001:db8::1", "443") }, ""},
		{`{"address":"*:443"}`, func(g *ScriptGuard) error { return g.Connect("tcp", "a.example", "443") }, "undeclared"},
		{`{"url":"https://a.example/x?y=1"}`, page("https://a.example/x?y=1"), ""},
		{`{"url":"https://a.example/x"}`, page("https://b.example/x"), "undeclared"}, // a redirect
		{`{"url":"https://a.example/x"}`, page("http://169.254.169.254/latest"), "undeclared"},
		{`{"url":"https://*.example/**"}`, page("https://b.example/x"), "undeclared"},
		{`{"url":"https://a.example/**"}`, page("https://a.example/y"), "undeclared"},
		{`{"path":"any"}`, file("/etc/shadow"), "undeclared"},
		{`{"path":"/etc/"}`, file("/etc/shadow"), ""}, // as the owner's rule says
		{`{"path":"/.*/"}`, file("/etc/shadow"), "undeclared"},
	} {
		got := "judged"
		g, err := endpointGuard(t, rules, c.details, true)
		if err == nil {
			err = c.use(g)
			got = verdictOf(err)
		}
		if got != c.want {
			t.Errorf("%s: %q (%v), want %q", c.details, got, err, c.want)
		}
	}
}

// The keyword scripts leaves an endpoint the details that choose nothing, and what they say does not choose either.
func TestEndpointCannotBendPatternsByTheKeyword(t *testing.T) {
	for details, want := range map[string]string{`{"unit":"a"}`: "", `{"unit":"../../etc/a"}`: "undeclared"} {
		g, err := endpointGuard(t, "remote:\n  checks: [scripts]\n", details, true)
		if err != nil {
			t.Fatal(err)
		}
		path := "/none/fixed/a.log"
		if want != "" {
			path = "/etc/a.log"
		}
		if _, err := g.File(path); verdictOf(err) != want {
			t.Errorf("%s: %v, want %q", details, err, want)
		}
	}
}

func TestEndpointCannotChooseHostsOfScripts(t *testing.T) {
	const rules = "remote:\n  checks:\n    - {type: script.x, host: '*.example.com', port: 443}\n"
	for _, known := range []bool{true, false} {
		if _, err := endpointGuard(t, rules, `{"host":"evil.example","port":443}`, known); verdictOf(err) != "refused" {
			t.Errorf("known %v: %v", known, err)
		}
		g, err := endpointGuard(t, rules, `{"host":"a.example.com","port":443}`, known)
		if err != nil {
			t.Fatal(err)
		}
		for address, want := range map[string]string{
			"192.0.2.1:443": "", "192.0.2.1:80": "undeclared", "127.0.0.1:443": "refused", "[::1]:443": "refused", "0.0.0.0:443": "refused",
			"169.254.169.254:443": "undeclared", "[::ffff:169.254.169.254]:443": "undeclared", "[fd00:ec2::254]:443": "undeclared",
		} {
			err := g.Control("tcp", "a.example.com")(context.Background(), "tcp", address, nil)
			if got := verdictOf(err); got != want && (want == "" || got == "") {
				t.Errorf("known %v, %s: %v, want %q", known, address, err, want)
			}
		}
		if err := g.Control("tcp", "evil.example")(context.Background(), "tcp", "192.0.2.1:443", nil); err == nil {
			t.Errorf("known %v: another host", known)
		}
	}
}
