package service

import (
	"reflect"
	"testing"

	"virgo/schedule"
	"virgo/schedule/policy"
)

// The owner's policy compares what a check does without a detail, so the default that a type declares must
// be what the check uses: reading it makes no difference.
func TestDeclaredDefaultsAreUsed(t *testing.T) {
	page := func(d schedule.Details, url string) (any, error) { return readPage(d, url, nil) }
	readers := map[string]func(schedule.Details) (any, error){
		"agent.redis":     func(d schedule.Details) (any, error) { return onPort(6379)(d, nil) },
		"agent.memcached": func(d schedule.Details) (any, error) { return onPort(11211)(d, nil) },
		"agent.mysql":     func(d schedule.Details) (any, error) { return readMySQLServer(d, nil) },
		"agent.postgres":  func(d schedule.Details) (any, error) { return readPostgresServer(d, nil) },
		"agent.apache":    func(d schedule.Details) (any, error) { return page(d, "http://127.0.0.1/server-status?auto") },
		"agent.nginx":     func(d schedule.Details) (any, error) { return page(d, "http://127.0.0.1/nginx_status") },
		"agent.http_json": func(d schedule.Details) (any, error) { return page(d, "") },
	}
	for _, typ := range Types() {
		read := readers[typ.Name]
		if read == nil {
			for _, d := range typ.Details {
				if d.Default != "" || d.From != "" {
					t.Errorf("%s: %s has a default and the test does not read it", typ.Name, d.Name)
				}
			}
			continue
		}
		for _, given := range []schedule.Details{{"url": "https://www.example.com/"}, {"url": "https://www.example.com/", "tls": true, "host": "db.example.com"}} {
			base := schedule.Details{}
			for _, d := range typ.Details {
				if v := given[d.Name]; v != nil {
					base[d.Name] = v
				}
			}
			if typ.Name == "agent.mysql" || typ.Name == "agent.postgres" {
				delete(base, "url")
			}
			want, err := read(base)
			if err != nil {
				t.Errorf("%s: %v", typ.Name, err)
				continue
			}
			for _, d := range typ.Details {
				value := d.Default
				if d.From == "host" || d.From == "url" {
					value = map[bool]string{true: "www.example.com", false: "localhost"}[d.From == "url"]
					if host, _ := base.Text("host"); host != "" {
						value = host
					}
				}
				if value == "" || base[d.Name] != nil {
					continue
				}
				explicit := schedule.Details{d.Name: value}
				for k, v := range base {
					explicit[k] = v
				}
				got, err := read(explicit)
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%s with %s=%q is %+v (%v), without %+v", typ.Name, d.Name, value, got, err, want)
				}
				// The rules see no difference either.
				p := policy.Policy{Checks: []policy.Rule{{Type: []policy.Pattern{pattern(t, typ.Name)}}}}
				for k := range base {
					p.Checks[0].Lines = append(p.Checks[0].Lines, policy.Line{Name: k, Patterns: []policy.Pattern{pattern(t, "any")}})
				}
				if v := p.Decide(policy.NewEffective(&schedule.Check{Type: typ.Name, Details: explicit}, typ.Definition())); !v.Allowed {
					t.Errorf("%s with %s=%q: %v", typ.Name, d.Name, value, v.Refusal)
				}
			}
		}
	}
}

func pattern(t *testing.T, text string) policy.Pattern {
	t.Helper()
	p, err := policy.ParsePattern(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
