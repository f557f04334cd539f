package policy

import (
	"strings"
	"testing"

	"virgo/schedule/yaml"
)

// trustExample is the policy in ../shared/TRUST.md, and of `virgo help policy`.
const trustExample = `
remote:
  checks:
    - figures
    - type: agent.plugin
      file: [backup-age.sh, raid-*]
      args: ['-w', 10..90, '-c', 10..100]
    - type: remote.http
      url: ['https://*.example.com/**']
      method: [GET, HEAD]
      headers: any
      body: any
    - type: agent.mysql
      host: [127.0.0.1]
      port: any
      username: any
      password: ['secret:mysql']
  questions: [check.test, check.targets, host_info]
  host_info: [cpu, memory]
  host_info_deny: [procs]
secrets:
  mysql:
    value: file:/etc/virgo/mysql.pw
    allow: [{type: agent.mysql, host: 127.0.0.1, port: any}]
`

// A verdictCase is a check and, where it is refused, what the refusal says behind its beginning.
type verdictCase struct{ check, refused string }

func testVerdicts(t *testing.T, policy string, cases []verdictCase) {
	t.Helper()
	p := parsePolicy(t, policy)
	for _, c := range cases {
		v := decide(t, p, c.check)
		switch {
		case c.refused == "" && !v.Allowed:
			t.Errorf("%s: %v", c.check, v.Refusal)
		case c.refused != "" && v.Allowed:
			t.Errorf("%s: allowed by rule %d", c.check, v.Rule)
		case c.refused != "" && v.Refusal.Error() != Refused+": "+c.refused:
			t.Errorf("%s: %q, want %q", c.check, v.Refusal, c.refused)
		}
	}
}

func TestPolicyOfTheDocument(t *testing.T) {
	testVerdicts(t, trustExample, []verdictCase{
		{`{"type":"agent.cpu"}`, ""},
		{`{"type":"agent.plugin","details":{"file":"backup-age.sh","args":["-w","20","-c",30]}}`, ""},
		{`{"type":"agent.plugin","details":{"file":"raid-md0","args":"-w 20 -c 30.5","timeout":5000}}`, ""},
		{`{"type":"agent.plugin","details":{"file":"./raid-md0","args":"-w 20 -c 30"}}`, ""},
		{`{"type":"agent.plugin","details":{"file":"raid-md0"}}`, `agent.plugin args`},
		{`{"type":"agent.plugin","details":{"file":"raid-md0","args":"-w 95 -c 30"}}`, `agent.plugin args`},
		{`{"type":"agent.plugin","details":{"file":"raid-md0","args":"-w 20 -c 30 -x"}}`, `agent.plugin args`},
		{`{"type":"agent.plugin","details":{"file":"x","args":"-w 20 -c 30"}}`, `agent.plugin file "x"`},
		{`{"type":"agent.plugin","details":{"file":"raid/../x","args":"-w 20 -c 30"}}`, `agent.plugin file "x"`},
		{`{"type":"agent.plugin","details":{"file":"raid-md0","args":"-w 20 -c 30","run_as":"root"}}`, `agent.plugin run_as`},
		{`{"type":"agent.plugin","details":{"file":"raid-md0","args":"-w 20 -c 30","LD_PRELOAD":"x"}}`, `agent.plugin LD_PRELOAD`},
		{`{"type":"remote.http","details":{"url":"https://www.example.com/a/b?c=d","body_matches":{"a":"b+"}}}`, ""},
		{`{"type":"remote.http","details":{"url":"HTTPS://WWW.EXAMPLE.COM:443","headers":{"Accept":"x"},"body":"x"}}`, ""},
		{`{"type":"remote.http","details":{"url":"https://www.example.com/","method":"POST"}}`, `remote.http method`},
		{`{"type":"remote.http","details":{"url":"https://www.example.com/","payload":"x"}}`, `remote.http payload`},
		{`{"type":"remote.http","details":{"url":"https://www.example.com:8443/"}}`, `remote.http url "https://www.example.com:8443/"`},
		{`{"type":"remote.http","details":{"url":"http://www.example.com/"}}`, `remote.http url "http://www.example.com/"`},
		{`{"type":"remote.http","details":{"url":"https://example.com/"}}`, `remote.http url "https://example.com/"`},
		{`{"type":"agent.mysql","details":{"host":"127.0.0.1","port":3307,"username":"u","password":"secret:mysql"}}`, ""},
		{`{"type":"agent.mysql","details":{"host":"127.0.0.1","username":"u","password":"plain"}}`, `agent.mysql password`},
		{`{"type":"agent.mysql","details":{"host":"127.0.0.1","username":"u"}}`, `agent.mysql password`},
		{`{"type":"agent.mysql","details":{"username":"u","password":"secret:mysql"}}`, `agent.mysql host "localhost"`},
		{`{"type":"agent.redis"}`, `agent.redis host "localhost"`},
		{`{"type":"remote.ping","target_alias":"10.0.0.1"}`, `remote.ping target "10.0.0.1"`},
	})
}

func TestFigures(t *testing.T) {
	testVerdicts(t, "remote: {}\n", []verdictCase{
		{`{"type":"agent.cpu"}`, ""},
		{`{"type":"agent.memory","timeout":5}`, ""},
		{`{"type":"agent.load_average"}`, ""},
		{`{"type":"agent.disk","details":{"target":"*"}}`, ""},
		{`{"type":"agent.filesystem","details":{"target":"/home"}}`, ""},
		{`{"type":"agent.filesystem_state"}`, ""},
		{`{"type":"agent.network","details":{"target":"eth0"}}`, ""},
		{`{"type":"agent.virgo"}`, ""},
		{`{"type":"agent.systemd","details":{"target":"nginx"}}`, ""},
		{`{"type":"agent.process","details":{"name":"nginx","user":"www","min":1,"max":9}}`, ""},
		{`{"type":"agent.windows_perfos"}`, ""},
		{`{"type":"agent.process","details":{"match":"x"}}`, `agent.process match`},
		{`{"type":"agent.process","details":{"name":"nginx","match":"x"}}`, `agent.process match`},
		{`{"type":"agent.file","details":{"target":"/etc/passwd"}}`, `agent.file target "/etc/passwd"`},
		{`{"type":"agent.plugin","details":{"file":"x"}}`, `agent.plugin file "x"`},
		{`{"type":"remote.http","details":{"url":"http://u:p@127.0.0.1/?secret=1"}}`, `remote.http url "http://127.0.0.1/"`},
		{`{"type":"agent.mssql_version"}`, `agent.mssql_version`},
		{`{"type":"agent.cpu","details":{"target":"x"}}`, `agent.cpu target "x"`},
	})
}

// The order decides, a rule that denies is not evaded by a further detail or by another way to write a
// value, and one that allows needs a line for each detail that is not the default.
func TestOrderAndDenial(t *testing.T) {
	testVerdicts(t, `
remote:
  checks:
    - {type: agent.file, target: [/etc/shadow, /root/**], deny: true}
    - {type: remote.http, url: 'http://internal.example.com/**', deny: true}
    - {type: agent.file, target: [/etc/*, /root/**, '/var/log/**/*.log']}
    - {type: agent.file, target: /srv/**, content_match: any, deny: true}
    - {type: agent.file, target: /srv/**, content_match: any}
    - {type: remote.*, url: any, deny: true}
    - {type: 'remote.*', target: [10.0.*.*, '[2001:db8::1]', ns.example.com], port: [80, 8000..8999]}
    - {type: [agent.redis, agent.memcached]}
    - {type: agent.postgres, ssl_mode: any, deny: true}
    - {type: agent.postgres}
`, []verdictCase{
		{`{"type":"agent.file","details":{"target":"/etc/hosts","max_age":5}}`, ""},
		{`{"type":"agent.file","details":{"target":"/etc/shadow"}}`, `agent.file target "/etc/shadow"`},
		{`{"type":"agent.file","details":{"target":"/etc/shadow","max_age":5}}`, `agent.file target "/etc/shadow"`},
		{`{"type":"agent.file","details":{"target":"/etc/x/../shadow"}}`, `agent.file target "/etc/shadow"`},
		{`{"type":"agent.file","details":{"target":"//etc/shadow"}}`, `agent.file target "//etc/shadow"`},
		{`{"type":"agent.file","details":{"target":"/ETC/shadow"}}`, `agent.file target "/ETC/shadow"`},
		{`{"type":"agent.file","details":{"target":"/root/x"}}`, `agent.file target "/root/x"`},
		{`{"type":"agent.file","details":{"target":"/etc/hosts","content_match":"x"}}`, `agent.file content_match`},
		{`{"type":"agent.file","details":{"target":"/var/log/a/b/c.log"}}`, ""},
		{`{"type":"agent.file","details":{"target":"/srv/a"}}`, ""},
		{`{"type":"agent.file","details":{"target":"/srv/a","content_match":"x"}}`, `agent.file target "/srv/a"`},
		{`{"type":"remote.http","details":{"url":"http://10.0.0.1/"}}`, `remote.http url "http://10.0.0.1/"`},
		{`{"type":"remote.tcp","details":{"target":"10.0.1.2","port":8080}}`, ""},
		{`{"type":"remote.tcp","details":{"target":"[2001:DB8:0::1]","port":"80"}}`, ""},
		{`{"type":"remote.tcp","details":{"target":"::ffff:10.0.1.2","port":80}}`, ""},
		{`{"type":"remote.tcp","details":{"target":"NS.Example.COM.","port":80}}`, ""},
		{`{"type":"remote.tcp","details":{"target":"10.1.1.2","port":80}}`, `remote.tcp target "10.1.1.2"`},
		{`{"type":"remote.tcp","details":{"target":"10.0.1.2","port":81}}`, `remote.tcp port "81"`},
		{`{"type":"remote.ping","details":{"target":"10.0.0.1"}}`, `remote.ping port`},
		{`{"type":"agent.redis"}`, ""},
		{`{"type":"agent.redis","details":{"host":"LOCALHOST","port":"6379","tls_verify":"yes","tls":false}}`, ""},
		{`{"type":"agent.redis","details":{"host":"127.0.0.1"}}`, `agent.redis host "127.0.0.1"`},
		{`{"type":"agent.redis","details":{"tls_verify":"no"}}`, `agent.redis tls_verify "false"`},
		{`{"type":"agent.redis","details":{"port":6380}}`, `agent.redis port "6380"`},
		{`{"type":"agent.postgres"}`, `agent.postgres ssl_mode`}, // a mistake in a denial denies
	})
}

func TestAll(t *testing.T) {
	testVerdicts(t, "remote: {checks: [{type: agent.plugin, file: evil, deny: true}, all]}\n", []verdictCase{
		{`{"type":"agent.plugin","details":{"file":"x","args":"-a b","run_as":"root","own":"1"}}`, ""},
		{`{"type":"agent.file","details":{"target":"/etc/shadow","content_match":"x"}}`, ""},
		{`{"type":"agent.mysql","details":{"socket":"/run/mysqld/mysqld.sock"}}`, ""},
		{`{"type":"remote.http","details":{"url":"http://169.254.169.254/"}}`, ""},
		{`{"type":"agent.mysql","details":{"mycnf":"/root/.my.cnf","host":"127.0.0.1"}}`, ""},
		{`{"type":"agent.mysql","details":{"mycnf":"/root/.my.cnf","host":"evil.example"}}`, `agent.mysql host "evil.example"`},
		{`{"type":"agent.plugin","details":{"file":"Evil"}}`, `agent.plugin file "Evil"`},
		{`{"type":"agent.mysql","details":{"password":"secret:x"}}`, `agent.mysql secret "x"`},
	})
}

func TestNothing(t *testing.T) {
	testVerdicts(t, "remote: {checks: []}\n", []verdictCase{{`{"type":"agent.cpu"}`, `agent.cpu`}})
	if v := decide(t, Nothing(), `{"type":"agent.cpu"}`); v.Allowed {
		t.Error("the policy that allows nothing allows agent.cpu")
	}
}

func TestMistakesNameFileLineAndKey(t *testing.T) {
	for text, want := range map[string]string{
		"remote: x\n":                                                  "virgo.yaml:1: remote: expected checks, questions and host_info, found text",
		"remote:\n  check: [all]\n":                                    `virgo.yaml:2: unknown key "check"`,
		"remote:\n  checks:\n":                                         "virgo.yaml:2: checks: expected a list of rules, found nothing",
		"remote:\n  checks: [figure]\n":                                "virgo.yaml:2: expected figures, scripts, all or a rule with a type, found text",
		"remote:\n  checks:\n    - file: x\n":                          "virgo.yaml:3: a rule has no type",
		"remote:\n  checks:\n    - type: a\n      deny: yes\n":         "virgo.yaml:4: deny: expected true or false, found text",
		"remote:\n  checks:\n    - type: a\n      file: '/(/'\n":       "virgo.yaml:4: file: not a regular expression",
		"remote:\n  checks:\n    - type: a\n      file: [{a: b}]\n":    "virgo.yaml:4: file: expected a pattern or a list of patterns, found a mapping",
		"remote:\n  questions: [check.tset]\n":                         `virgo.yaml:2: remote: questions: "check.tset" is not a known request`,
		"remote:\n  host_info: {a: b}\n":                               "virgo.yaml:2: remote: host_info: expected a name or a list of names, found a mapping",
		"remote:\n  checks: [{type: a, file: '/(x{1000}){1000}/'}]\n":  "virgo.yaml:2: file: not a regular expression",
		"remote:\n  checks: [{type: a, file: '/x{1000}y{1000}z{9}/'}]": "virgo.yaml:2: file: a regular expression repeats too much",
	} {
		p, err := tryPolicy(text)
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
		if p != nil && decide(t, p, `{"type":"agent.cpu"}`).Allowed {
			t.Errorf("%q: a policy with a mistake allows something", text)
		}
	}
}

// A rule is written as it is read.
func TestRuleString(t *testing.T) {
	p := parsePolicy(t, `
remote:
  checks:
    - figures
    - {type: agent.plugin, file: [raid-*, a.sh], args: ['-w', 10..90, any...]}
    - {type: '*', target: "it's", x: '', y: 'true', deny: true}
    - {type: remote.http, url: any, headers: {Accept: any, X-A: [a, b]}}
`)
	text := "remote:\n  checks:\n"
	for i := range p.Checks {
		text += "    - " + p.Checks[i].String() + "\n"
	}
	again := parsePolicy(t, text)
	if again.Hash() != p.Hash() || len(again.Checks) != len(p.Checks) {
		t.Errorf("%s is another policy", text)
	}
	if want := "{type: agent.plugin, file: [raid-*, a.sh], args: ['-w', 10..90, any...]}"; p.Checks[1].String() != want {
		t.Errorf("%s, want %s", p.Checks[1].String(), want)
	}
}

func TestHashTellsPoliciesApart(t *testing.T) {
	seen := map[string]string{}
	for _, text := range []string{
		"remote: {}\n", "remote: {checks: []}\n", "remote: {checks: [all]}\n", "remote: {checks: [figures, all]}\n",
		"remote: {checks: [all, figures]}\n", "remote: {checks: [{type: a}]}\n", "remote: {checks: [{type: a, deny: true}]}\n",
		"remote: {checks: [{type: a, b: c}]}\n", "remote: {checks: [{type: a, b: [c, d]}]}\n", "remote: {checks: [{type: a, b: ['c, d']}]}\n",
		"secrets: {a: {allow: [{type: a}]}}\n", "secrets: {b: {allow: [{type: a}]}}\n",
	} {
		p := parsePolicy(t, text)
		if before, double := seen[p.Hash()]; double {
			t.Errorf("%q and %q have the hash %s", before, text, p.Hash())
		}
		seen[p.Hash()] = text
	}
}

func TestHostInformation(t *testing.T) {
	for text, want := range map[string]string{
		"remote: {}\n":                                      "cpu",
		"remote: {host_info: all}\n":                        "cpu procs who",
		"remote: {host_info: [who]}\n":                      "who",
		"remote: {host_info: all, host_info_deny: procs}\n": "cpu who",
		"remote: {host_info: []}\n":                         "",
		"remote: {questions: [check.test]}\n":               "",
		"remote: {questions: none}\n":                       "",
	} {
		p := parsePolicy(t, text)
		var allowed []string
		for _, name := range []string{"cpu", "procs", "who"} {
			if p.AllowsHostInfo(name) {
				allowed = append(allowed, name)
			}
		}
		if got := strings.Join(allowed, " "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzParseRemote(f *testing.F) {
	f.Add(trustExample)
	f.Add("remote: {checks: [all, {type: a, b: {c: [d]}}]}")
	f.Fuzz(func(t *testing.T, text string) {
		root, err := yaml.ParsePlain("virgo.yaml", []byte(text))
		if err != nil {
			return
		}
		for _, field := range root.Fields {
			p := Default()
			if err := p.ParseRemote("virgo.yaml", field.Value); err != nil {
				if len(p.Checks) > 0 {
					t.Errorf("%q: a policy with a mistake has rules", text)
				}
				continue
			}
			for i := range p.Checks {
				n, err := yaml.ParsePlain("virgo.yaml", []byte("- "+p.Checks[i].String()+"\n"))
				if err != nil {
					continue // not every text is plain in one line
				}
				again, err := ParseRules("virgo.yaml", n)
				if err != nil || len(again) != 1 || again[0].String() != p.Checks[i].String() {
					t.Errorf("%s is read as %v, %v", p.Checks[i].String(), again, err)
				}
			}
		}
	})
}
