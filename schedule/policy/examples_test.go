package policy

import (
	"slices"
	"strings"
	"testing"

	"virgo/schedule/policy/examples"
)

// The examples of `virgo help policy` allow what their comments say, and nothing beside it.
func TestExamples(t *testing.T) {
	cases := []struct{ allowed, refused []string }{
		{ // Nagios plugins
			[]string{
				`{"type":"agent.cpu"}`,
				`{"type":"agent.plugin","details":{"file":"check_load","args":["-w","5,4,3","-c","10,8,6"]}}`,
				`{"type":"agent.plugin","details":{"file":"check_disk","args":["-w","20%","-c","10%","-p","/srv/data"],"format":"nagios"}}`,
				`{"type":"agent.plugin","details":{"file":"check_http","args":["-H","www.example.com","-u","/health"],"timeout":5000}}`,
			},
			[]string{
				`{"type":"agent.plugin","details":{"file":"check_load"}}`,
				`{"type":"agent.plugin","details":{"file":"check_load","args":["-w","1","-c","2","--perfdata","x"]}}`,
				`{"type":"agent.plugin","details":{"file":"check_by_ssh","args":["-w","1","-c","2"]}}`,
				`{"type":"agent.plugin","details":{"file":"../check_load","args":["-w","1","-c","2"]}}`,
				`{"type":"agent.plugin","details":{"file":"check_http","args":["-H","example.com.evil.net","-u","/"]}}`,
				`{"type":"agent.plugin","details":{"file":"check_load","args":["-w","1","-c","2"],"run_as":"root"}}`,
				`{"type":"agent.plugin","details":{"file":"check_load","args":["-w","1","-c","2"],"LD_PRELOAD":"/tmp/x.so"}}`,
				`{"type":"agent.file","details":{"target":"/etc/shadow"}}`,
			},
		},
		{ // databases
			[]string{
				`{"type":"agent.mysql","details":{"host":"127.0.0.1","username":"monitor","password":"secret:mysql"}}`,
				`{"type":"agent.postgres","details":{"socket":"/run/postgresql","username":"monitor","database":"shop"}}`,
				`{"type":"agent.redis","details":{"host":"localhost","port":6380,"password":"secret:redis","timeout":1000}}`,
			},
			[]string{
				`{"type":"agent.mysql","details":{"host":"203.0.113.9","username":"monitor","password":"secret:mysql"}}`,
				`{"type":"agent.mysql","details":{"host":"127.0.0.1","username":"root","password":"secret:mysql"}}`,
				`{"type":"agent.mysql","details":{"host":"127.0.0.1","username":"monitor","password":"secret:redis"}}`,
				`{"type":"agent.mysql","details":{"host":"127.0.0.1","username":"monitor","password":"guessed"}}`,
				`{"type":"agent.mysql","details":{"mycnf":"/root/.my.cnf"}}`,
				`{"type":"agent.redis","details":{"host":"localhost","port":6390,"password":"secret:redis"}}`,
				`{"type":"agent.redis","details":{"socket":"/run/docker.sock"}}`,
				`{"type":"remote.http","details":{"url":"http://127.0.0.1/","auth_user":"x","auth_password":"secret:mysql"}}`,
			},
		},
		{ // web sites
			[]string{
				`{"type":"remote.http","details":{"url":"https://www.example.com/shop/index.html","body":"ok","follow_redirects":true}}`,
				`{"type":"remote.http","details":{"url":"http://WWW.Example.com/","method":"HEAD"}}`,
				`{"type":"remote.tcp","details":{"target":"mail.example.com","port":993,"ssl":true}}`,
				`{"type":"remote.dns","details":{"query":"example.com","record_type":"MX"}}`,
				`{"type":"remote.ping","details":{"target":"www.example.com"}}`,
			},
			[]string{
				`{"type":"remote.http","details":{"url":"https://www.example.com/admin/users"}}`,
				`{"type":"remote.http","details":{"url":"https://www.example.com/x/../admin/users"}}`,
				`{"type":"remote.http","details":{"url":"https://www.example.com/%61dmin/users"}}`,
				`{"type":"remote.http","details":{"url":"https://www.example.com.evil.net/"}}`,
				`{"type":"remote.http","details":{"url":"https://evil.net/#www.example.com/"}}`,
				`{"type":"remote.http","details":{"url":"https://www.example.com@evil.net/"}}`,
				`{"type":"remote.http","details":{"url":"https://www.example.com:8443/"}}`,
				`{"type":"remote.http","details":{"url":"https://www.example.com/","method":"POST"}}`,
				`{"type":"remote.http","details":{"url":"https://www.example.com/","target":"127.0.0.1"}}`,
				`{"type":"remote.http","target_alias":"127.0.0.1","details":{"url":"https://www.example.com/"}}`,
				`{"type":"remote.http","details":{"url":"http://169.254.169.254/latest/meta-data/"}}`,
				`{"type":"remote.tcp","details":{"target":"www.example.com","port":22}}`,
				`{"type":"remote.tcp","details":{"target":"www.example.com","port":443}}`,
				`{"type":"remote.tcp","details":{"target":"www.example.com","port":443,"ssl":true,"send_body":"x"}}`,
				`{"type":"remote.tcp","details":{"target":"www.example.com","port":443,"ssl":true,"cert_file":"/etc/ssl/private/host.pem"}}`,
				`{"type":"remote.dns","details":{"query":"www.example.com","server":"10.0.0.1"}}`,
			},
		},
		{ // processes and files
			[]string{
				`{"type":"agent.process","details":{"name":"nginx","min":1,"max":64}}`,
				`{"type":"agent.file","details":{"target":"/var/backups/daily/db.dump","max_age":"26h","min_size":1000}}`,
				`{"type":"agent.file","details":{"target":"/srv/shop/export/*.csv"}}`,
				`{"type":"agent.systemd","details":{"target":"nginx.service"}}`,
			},
			[]string{
				`{"type":"agent.process","details":{"match":"--password=(.*)"}}`,
				`{"type":"agent.file","details":{"target":"/var/backups/daily/db.dump","content_match":"^root:"}}`,
				`{"type":"agent.file","details":{"target":"/var/backups/../../etc/shadow"}}`,
				`{"type":"agent.file","details":{"target":"/var/log/app/x.log"}}`,
				`{"type":"agent.plugin","details":{"file":"x"}}`,
			},
		},
		{ // an existing agent
			[]string{
				`{"type":"agent.plugin","details":{"file":"anything.py","args":["a","b","c"]}}`,
				`{"type":"agent.plugin","details":{"file":"anything.py"}}`,
				`{"type":"agent.apache","details":{"url":"http://127.0.0.1/server-status?auto"}}`,
				`{"type":"agent.mysql","details":{"host":"127.0.0.1","username":"u","password":"p"}}`,
				`{"type":"agent.mysql","details":{"mycnf":"/root/.my.cnf"}}`,
				`{"type":"agent.redis","details":{"port":6380,"password":"p"}}`,
			},
			[]string{
				`{"type":"agent.plugin","details":{"file":"anything.py","run_as":"root"}}`,
				`{"type":"agent.mysql","details":{"host":"203.0.113.9","username":"u","password":"p"}}`,
				`{"type":"agent.mysql","details":{"mycnf":"/root/.my.cnf","host":"203.0.113.9"}}`,
				`{"type":"agent.redis","details":{"socket":"/run/docker.sock"}}`,
				`{"type":"remote.http","details":{"url":"http://169.254.169.254/"}}`,
				`{"type":"agent.file","details":{"target":"/etc/shadow"}}`,
			},
		},
		{ // scripts
			[]string{
				`{"type":"script.containers"}`,
				`{"type":"script.containers","details":{"stats":true}}`,
				`{"type":"script.directory","details":{"path":"/srv/shop"}}`,
			},
			[]string{
				`{"type":"script.containers","details":{"socket":"/run/other.sock"}}`,
				`{"type":"script.directory","details":{"path":"/srv/../etc"}}`,
				`{"type":"agent.file","details":{"target":"/srv/shop"}}`,
			},
		},
	}
	all := examples.All()
	if len(all) != len(cases) {
		t.Fatalf("%d examples, %d cases", len(all), len(cases))
	}
	for i, c := range cases {
		p := parsePolicy(t, all[i])
		for _, text := range c.allowed {
			if v := decide(t, p, text); !v.Allowed {
				t.Errorf("refused: %s: %v\n%s", text, v.Refusal, all[i])
			}
		}
		for _, text := range c.refused {
			if v := decide(t, p, text); v.Allowed {
				t.Errorf("allowed by rule %d: %s\n%s", v.Rule, text, all[i])
			}
		}
		// What is suggested for a check allows it; nothing is suggested that allows another one of these.
		for _, text := range append(append([]string{}, c.allowed...), c.refused...) {
			e := effective(t, text)
			rule, ok := Suggest(e)
			if !ok {
				continue
			}
			written := "remote: {checks: [" + rule.String() + "]}"
			again := parsePolicy(t, written+"\nsecrets: {mysql: {allow: [all]}, redis: {allow: [all]}}")
			for _, other := range append(append([]string{}, c.allowed...), c.refused...) {
				if v := decide(t, again, other); v.Allowed != (other == text) && !sameEffect(other, text) {
					t.Errorf("%s: suggested for %s: allowed %v: %s (%v)", written, text, v.Allowed, other, v.Refusal)
				}
			}
		}
	}
}

// sameEffect reports whether two checks are the same to the rules, so that what allows one allows the
// other: encoded, or named by the alias, or with a password, for which a suggestion says any.
func sameEffect(a, b string) bool {
	for _, same := range [][]string{
		{"example.com/admin/users\"}}", "example.com/%61dmin/users\"}}"},
		{`"target":"127.0.0.1"`, `"target_alias":"127.0.0.1"`},
		{`"username":"monitor","password":"guessed"`, `"username":"monitor","password":"secret:mysql"`,
			`"username":"monitor","password":"secret:redis"`},
	} {
		in := func(text string) bool {
			return slices.ContainsFunc(same, func(part string) bool { return strings.Contains(text, part) })
		}
		if in(a) && in(b) {
			return true
		}
	}
	return false
}
