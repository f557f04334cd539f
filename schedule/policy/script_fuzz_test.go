package policy

import (
	"encoding/json"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"virgo/schedule/yaml"
)

// FuzzEndpointOfScripts looks for details by which an endpoint makes a script open a file, or connect to a host, that
// the owner's rule does not allow.
func FuzzEndpointOfScripts(f *testing.F) {
	const rules = "remote:\n  checks:\n    - {type: script.x, path: '/none/srv/**', host: '*.example.com', port: 443, unit: any}\n"
	f.Add("/none/srv/a", "a", "a.example.com", "/none/srv/a/x", "a.example.com")
	f.Add("/none/srv/../etc", "../x", "a.example.com.", "/none/etc/x", "169.254.169.254")
	f.Add("/none/srv/*", "*", "*.example.com", "/none/srv/a/../../x", "b.example.com")
	f.Add("//none/srv/**", "", "a.example.com:443", "/none/srv//x", "::ffff:127.0.0.1")
	f.Add("/none/srv/${unit}", "b", "[a.example.com]", "/none/srv/b", "A.EXAMPLE.COM")
	p, err := tryPolicy(rules)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path, unit, host, file, dialled string) {
		details, err := json.Marshal(map[string]any{"path": path, "unit": unit, "host": host, "port": 443})
		if err != nil {
			return
		}
		c := check(t, `{"type":"script.x","details":`+string(details)+`}`)
		d := scriptDefinition()
		g, err := p.Guard(c, d)
		if err != nil || g == nil {
			return
		}
		s, err := Grants{Rules: []Grant{{Keyword: Declared}}}.Guard(ScriptCheck{Definition: d, Needs: scriptNeeds(), Details: c.Details, Endpoint: g})
		if err != nil {
			return
		}
		if _, err := s.File(file); err == nil {
			clean := filepath.ToSlash(filepath.Clean(file))
			fixed := clean == "/none/fixed/a.log" || clean == "/none/fixed/b.log" || clean == "/none/fixed"
			inside := strings.HasPrefix(clean, "/none/srv/") || path == "" && strings.HasPrefix(clean+"/", "/none/default/")
			if !fixed && !inside {
				t.Errorf("path %q, unit %q: opens %q", path, unit, file)
			}
		}
		named := parseHost(dialled)
		if err := s.Connect("tcp", dialled, "443"); err == nil && !strings.HasSuffix(named.text, ".example.com") && (host != "" || named.text != "localhost") {
			t.Errorf("host %q: connects to %q", host, dialled)
		}
		if addr, err := netip.ParseAddr(dialled); err == nil && host != "" {
			if s.dial("tcp", parseHost(host), netip.AddrPortFrom(addr, 443)) == nil && (addr.Unmap().IsLoopback() || isSpecial(addr)) {
				t.Errorf("host %q: dials %q", host, dialled)
			}
		}
	})
}

// FuzzParseGrants holds that what is written is what was read.
func FuzzParseGrants(f *testing.F) {
	for _, text := range []string{
		" [figures, declared]", "\n  - {script: any, files: /x/**, deny: true}", "\n  - {script: [a, 'b*'], tcp: ['[::1]:80', '*:1..9'], http: https://*/**}", " []",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := yaml.ParsePlain("f", []byte("scripts:"+text+"\n"))
		if err != nil || len(n.Fields) != 1 {
			return
		}
		g, err := ParseGrants("f", n.Fields[0].Value)
		if err != nil {
			return
		}
		written := "scripts:"
		for i := range g.Rules {
			written += "\n  - " + g.Rules[i].String()
		}
		if len(g.Rules) == 0 {
			written += " []"
		}
		again, err := yaml.ParsePlain("f", []byte(written+"\n"))
		if err != nil {
			t.Fatalf("%v\n%s", err, written)
		}
		if read, err := ParseGrants("f", again.Fields[0].Value); err != nil || read.Hash() != g.Hash() {
			t.Errorf("%v\n%s", err, written)
		}
	})
}
