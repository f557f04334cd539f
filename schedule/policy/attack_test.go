package policy

import (
	"encoding/json"
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// Each test carries out an attack of whoever holds the endpoint, with a policy that a careful owner has.

func TestEndpointCannotReadFiles(t *testing.T) {
	const files = `
remote:
  checks:
    - figures
    - {type: agent.file, target: [/var/log/app/*.log, /srv/**]}
`
	testVerdicts(t, files, []verdictCase{
		{`{"type":"agent.file","details":{"target":"/var/log/app/a.log"}}`, ""},
		{`{"type":"agent.file","details":{"target":"/var/log/app/*.log"}}`, ""}, // each match is asked again
		{`{"type":"agent.file","details":{"target":"/etc/shadow"}}`, `agent.file target "/etc/shadow"`},
		{`{"type":"agent.file","details":{"target":"/srv/../etc/shadow"}}`, `agent.file target "/etc/shadow"`},
		{`{"type":"agent.file","details":{"target":"/etc/*"}}`, `agent.file target "/etc/*"`},
		// content_match as an oracle tells a byte of a file with each check.
		{`{"type":"agent.file","details":{"target":"/srv/a","content_match":"^root:[a-m]"}}`, `agent.file content_match`},
		{`{"type":"agent.file","details":{"target":["/srv/a"]}}`, `agent.file target "[\"/srv/a\"]"`},
		{`{"type":"agent.process","details":{"match":"password=a"}}`, `agent.process match`},
		{`{"type":"agent.file","details":{"target":"\\\\evil\\share\\x"}}`, `agent.file target "//evil/share/x"`},
	})
}

func TestEndpointCannotLeaveAllowedFiles(t *testing.T) {
	g := guard(t, `
remote:
  checks:
    - {type: agent.file, target: [/srv/**/secret, /srv/key], deny: true}
    - {type: agent.file, target: /srv/**}
`, `{"type":"agent.file","details":{"target":"/srv/*/x"}}`)
	for path, allowed := range map[string]bool{
		"/srv/a/x": true, "/etc/shadow": false, "/srv/../etc/shadow": false, "/srv/a/secret": false, "/srv/key": false,
		"/srvx": false, "//evil/srv/a": false, "": false,
	} {
		if err := g.Path(path); (err == nil) != allowed {
			t.Errorf("%q: %v", path, err)
		}
	}
}

func TestEndpointCannotRunOtherPlugins(t *testing.T) {
	const plugins = `
remote:
  checks:
    - {type: agent.plugin, file: [check_disk, 'sub/*'], args: ['-w', 10..90]}
    - {type: agent.plugin, file: check_load}
    - {type: agent.plugin, file: check_any, args: [any...]}
`
	testVerdicts(t, plugins, []verdictCase{
		{`{"type":"agent.plugin","details":{"file":"check_load"}}`, ""},
		{`{"type":"agent.plugin","details":{"file":"check_load","args":[]}}`, ""},
		{`{"type":"agent.plugin","details":{"file":"check_load","args":"-x"}}`, `agent.plugin file "check_load"`},
		{`{"type":"agent.plugin","details":{"file":"check_any","args":"-c 'sh -i'"}}`, ""},
		{`{"type":"agent.plugin","details":{"file":"check_disk","args":["-w","10"]}}`, ""},
		{`{"type":"agent.plugin","details":{"file":"check_disk","args":["-w","10;id"]}}`, `agent.plugin args`},
		{`{"type":"agent.plugin","details":{"file":"check_disk","args":["-w","10 -x"]}}`, `agent.plugin args`},
		{`{"type":"agent.plugin","details":{"file":"check_disk","args":"-w 10 -x"}}`, `agent.plugin args`},
		{`{"type":"agent.plugin","details":{"file":"check_disk","args":{"-w":"10"}}}`, `agent.plugin args`},
		{`{"type":"agent.plugin","details":{"file":"check_disk","args":"-w \"10"}}`, `agent.plugin args`},
		{`{"type":"agent.plugin","details":{"file":"../../bin/sh"}}`, `agent.plugin file "../../bin/sh"`},
		{`{"type":"agent.plugin","details":{"file":"sub/../../x"}}`, `agent.plugin file "../x"`},
		{`{"type":"agent.plugin","details":{"file":"/bin/sh"}}`, `agent.plugin file "/bin/sh"`},
		{`{"type":"agent.plugin","details":{"file":"check_load","run_as":"root"}}`, `agent.plugin file "check_load"`},
		{`{"type":"agent.plugin","details":{"file":"check_load","BASH_ENV":"/tmp/x"}}`, `agent.plugin file "check_load"`},
	})
	g := guard(t, plugins, `{"type":"agent.plugin","details":{"file":"check_load"}}`)
	if g.Path("check_load") != nil || g.Path("other") == nil || g.Path("../check_load") == nil {
		t.Error("a link from an allowed plugin leads to another one")
	}
}

func TestEndpointCannotGoElsewhere(t *testing.T) {
	const pages = `
remote:
  checks:
    - {type: remote.http, url: ['https://www.example.com/public/**', 'http://127.0.0.1:8080/status?auto'], headers: any}
`
	refused := func(details, detail string) verdictCase {
		return verdictCase{`{"type":"remote.http","details":` + details + `}`, "remote.http " + detail}
	}
	testVerdicts(t, pages, []verdictCase{
		{`{"type":"remote.http","details":{"url":"https://www.example.com/public/a%20b?x=%2e%2e"}}`, ""},
		{`{"type":"remote.http","details":{"url":"http://127.0.0.1:8080/status?auto"}}`, ""},
		{`{"type":"remote.http","target_alias":"default","details":{"url":"https://www.example.com/public/"}}`, ""}, // no address: not used
		refused(`{"url":"http://127.0.0.1:8080/status?all"}`, `url "http://127.0.0.1:8080/status"`),
		refused(`{"url":"http://127.0.0.1:8080/status"}`, `url "http://127.0.0.1:8080/status"`),
		refused(`{"url":"https://www.example.com/private"}`, `url "https://www.example.com/private"`),
		refused(`{"url":"https://www.example.com/public/../private"}`, `url`),
		refused(`{"url":"https://www.example.com/public/%2e%2e/private"}`, `url`),
		refused(`{"url":"https://www.example.com/public/%252e%252e/private"}`, `url`),
		refused(`{"url":"https://www.example.com/public/..;/private"}`, `url`),
		refused(`{"url":"https://www.example.com/public/..\\private"}`, `url`),
		refused(`{"url":"https://www.example.com/public%2f..%2fprivate"}`, `url`),
		refused(`{"url":"https://www.example.com@evil.example/public/"}`, `url "https://evil.example/public/"`),
		refused(`{"url":"https://user:pw@www.example.com/public/"}`, `url "https://www.example.com/public/"`),
		refused(`{"url":"https://evil.example#https://www.example.com/public/"}`, `url "https://evil.example/"`),
		refused(`{"url":"https://www.example.com/public/#x"}`, `url "https://www.example.com/public/"`),
		refused(`{"url":"https://www.example.com:22/public/"}`, `url "https://www.example.com:22/public/"`),
		refused(`{"url":"https://www.example.com.evil.example/public/"}`, `url "https://www.example.com.evil.example/public/"`),
		refused(`{"url":"https://www。example。com/public/"}`, `url "https://www。example。com/public/"`),
		refused(`{"url":"http://2130706433:8080/status"}`, `url "http://127.0.0.1:8080/status"`),
		refused(`{"url":"gopher://www.example.com/public/"}`, `url "gopher://www.example.com/public/"`),
		refused(`{"url":"http://unix:/run/docker.sock:/public/"}`, `url "http://unix:/run/docker.sock:/public/"`),
		refused(`{"url":"https://www.example.com/public/","target":"169.254.169.254"}`, `target "169.254.169.254"`),
		refused(`{"url":"https://www.example.com/public/","target":"evil.example"}`, `target "evil.example"`),
		refused(`{"url":"https://www.example.com/public/","proxy":"http://evil.example:3128"}`, `proxy`),
		refused(`{"url":"https://www.example.com/public/","proxy":"agent"}`, `proxy`),
		refused(`{"url":"https://www.example.com/public/","tls_verify":false}`, `tls_verify "false"`),
		refused(`{"url":"https://www.example.com/public/","server_name":"evil.example"}`, `server_name "evil.example"`),
		refused(`{"url":"https://www.example.com/public/","headers":{"Host":"internal.example.com"}}`, `headers`),
		refused(`{"url":"https://www.example.com/public/","headers":{"hOst ":"internal.example.com"}}`, `headers`),
		refused(`{"url":"https://www.example.com/public/","headers":"{\"Host\":\"internal.example.com\"}"}`, `headers`),
		refused(`{"url":"https://www.example.com/public/","headers":["Host: x"]}`, `headers`),
		{`{"type":"remote.http","target_alias":"192.0.2.1","details":{"url":"https://www.example.com/public/"}}`, `remote.http target "192.0.2.1"`},
		{`{"type":"remote.http","details":{"url":"https://www.example.com/public/","headers":{"Host":"www.example.com"}}}`, ""},
	})
}

func TestEndpointCannotRedirectElsewhere(t *testing.T) {
	g := guard(t, `
remote:
  checks:
    - {type: remote.http, url: 'https://*.example.com/admin/**', deny: true}
    - {type: remote.http, url: ['https://*.example.com/**', 'http://10.*.*.*:8080/**']}
`, `{"type":"remote.http","details":{"url":"https://www.example.com/"}}`)
	for text, allowed := range map[string]bool{
		"https://www.example.com/":                 true,
		"https://login.example.com/x?y=z":          true,
		"http://10.1.2.3:8080/":                    true,
		"http://www.example.com/":                  false,
		"https://evil.example/":                    false,
		"https://www.example.com/admin/x":          false,
		"https://www.example.com/ADMIN/x":          false,
		"https://www.example.com/a/../admin/x":     false,
		"http://169.254.169.254/latest/meta-data/": false,
		"http://[::ffff:169.254.169.254]/":         false,
		"http://metadata.google.internal/":         false,
		"https://u@www.example.com/":               false,
		"file:///etc/shadow":                       false,
		"http://10.1.2.3/":                         false,
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := g.URL(u); (err == nil) != allowed {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// A rule that denies holds for the address that a name resolves to as well, and for what cannot be read.
func TestEndpointCannotEvadeDenial(t *testing.T) {
	const policy = `
remote:
  checks:
    - {type: remote.tcp, target: ['10.*.*.*', '::1'], deny: true}
    - {type: remote.http, url: 'http://10.0.0.1/**', deny: true}
    - {type: agent.plugin, file: reboot, deny: true}
    - {type: agent.plugin, args: '-x', deny: true}
    - {type: remote.tcp, target: any, port: any}
    - all
`
	g := guard(t, policy, `{"type":"remote.tcp","details":{"target":"inside.example","port":80}}`)
	for text, allowed := range map[string]bool{"192.0.2.1": true, "10.1.2.3": false, "::ffff:10.1.2.3": false, "::1": false} {
		if err := g.Dial("tcp", "inside.example", netip.AddrPortFrom(netip.MustParseAddr(text), 80)); (err == nil) != allowed {
			t.Errorf("%s: %v", text, err)
		}
	}
	g = guard(t, policy, `{"type":"remote.http","details":{"url":"http://inside.example/x"}}`)
	if g.Dial("tcp", "inside.example", netip.MustParseAddrPort("10.0.0.1:80")) == nil {
		t.Error("a page of a denied address is asked for by a name")
	}
	testVerdicts(t, policy, []verdictCase{
		{`{"type":"agent.plugin","details":{"file":"x"}}`, ""},
		{`{"type":"agent.plugin","details":{"file":["reboot"]}}`, `agent.plugin file "[\"reboot\"]"`},
		{`{"type":"agent.plugin","details":{"file":"x","args":"\"-x"}}`, `agent.plugin args`},
		{`{"type":"agent.plugin","details":{"file":"x","args":["-x","more"]}}`, `agent.plugin args`},
		{`{"type":"remote.http","details":{"url":"http://10.0.0.1/a/../b"}}`, `remote.http url`},
	})
}

// metadataAddresses are addresses of metadata services and link-local ones, in every form that leads there.
func metadataAddresses() []string {
	return []string{
		"169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "2002:a9fe:a9fe::1",
		"::a9fe:a9fe", "fe80::1", "fe80::1%eth0", "fe80::a9fe:a9fe", "169.254.1.1", "169.254.170.2", "fd00:ec2::254", "fd00:ec2::23",
		"fd20:ce::254", "168.63.129.16", "64:ff9b::a83f:8110", "100.100.100.200", "fd00:c1::a9fe:a9fe", "fd00:42::42", "192.0.0.192",
		"fd00:a9fe:a9fe::1", "fd00:100::100:200", "2001:0:1:2:3:4:5601:5601", "fd12::5efe:a9fe:a9fe", "ff02::1", "224.0.0.1",
	}
}

func TestEndpointCannotReachMetadataServices(t *testing.T) {
	for _, policy := range []string{
		"remote: {checks: [{type: remote.tcp, target: any, port: any}]}\n",
		"remote: {checks: [{type: remote.tcp, target: '**', port: any}]}\n",
		"remote: {checks: [{type: remote.tcp, target: '/.*/', port: any}]}\n",
	} {
		p := parsePolicy(t, policy)
		g := guard(t, policy, `{"type":"remote.tcp","details":{"target":"rebind.example","port":80}}`)
		if err := g.Dial("tcp", "rebind.example", netip.MustParseAddrPort("192.0.2.1:80")); err != nil {
			t.Error(err)
		}
		if err := g.Dial("tcp", "other.example", netip.MustParseAddrPort("192.0.2.1:80")); err == nil {
			t.Error("a host that the check does not name is dialled")
		}
		for _, text := range metadataAddresses() {
			if v := decide(t, p, `{"type":"remote.tcp","details":{"target":"`+text+`","port":80}}`); v.Allowed {
				t.Errorf("%s allows %s", policy, text)
			}
			if err := g.Dial("tcp", "rebind.example", netip.AddrPortFrom(netip.MustParseAddr(text), 80)); err == nil {
				t.Errorf("%s lets a name resolve to %s", policy, text)
			}
		}
		for _, text := range []string{"2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "metadata.google.internal", "METADATA.google.internal.", "instance-data"} {
			if v := decide(t, p, `{"type":"remote.tcp","details":{"target":"`+text+`","port":80}}`); v.Allowed {
				t.Errorf("%s allows %s", policy, text)
			}
		}
	}
	for _, text := range []string{"192.0.2.1", "10.0.0.1", "127.0.0.1", "::1", "64:ff9b::c000:201", "2001:db8::1", "fd00::1", "100.100.100.201"} {
		if isSpecial(netip.MustParseAddr(text)) {
			t.Errorf("%s needs a rule that names it", text)
		}
	}
}

// An owner can allow such an address by its name, and for a page with its path.
func TestNamedAddressIsAllowed(t *testing.T) {
	const policy = `
remote:
  checks:
    - {type: remote.ping, target: 169.254.0.1}
    - {type: remote.http, url: ['http://169.254.169.254/latest/meta-data/instance-id', 'http://www.example.com/**']}
`
	testVerdicts(t, policy, []verdictCase{
		{`{"type":"remote.ping","details":{"target":"169.254.0.1"}}`, ""},
		{`{"type":"remote.http","details":{"url":"http://169.254.169.254/latest/meta-data/instance-id"}}`, ""},
		{`{"type":"remote.http","details":{"url":"http://169.254.169.254/latest/meta-data/iam"}}`, `remote.http url "http://169.254.169.254/latest/meta-data/iam"`},
	})
	address := netip.MustParseAddrPort("169.254.169.254:80")
	g := guard(t, policy, `{"type":"remote.http","details":{"url":"http://169.254.169.254/latest/meta-data/instance-id"}}`)
	if err := g.Dial("tcp", "169.254.169.254", address); err != nil {
		t.Error(err)
	}
	g = guard(t, policy, `{"type":"remote.http","details":{"url":"http://www.example.com/anything"}}`)
	if err := g.Dial("tcp", "www.example.com", address); err == nil {
		t.Error("a page of another host is asked for at the metadata service")
	}
}

func TestEndpointCannotUseSocketsByPattern(t *testing.T) {
	testVerdicts(t, `
remote:
  checks:
    - {type: agent.nginx, url: any, socket: any}
    - {type: agent.mysql, socket: ['/run/**', '/.*/', /run/mysqld/mysqld.sock]}
    - {type: agent.http_json, url: 'http://unix:/run/app.sock:/status', metrics: any}
    - {type: agent.mssql_version, serverinstance: any}
`, []verdictCase{
		{`{"type":"agent.nginx"}`, ""},
		{`{"type":"agent.nginx","details":{"socket":"/run/docker.sock"}}`, `agent.nginx socket "/run/docker.sock"`},
		{`{"type":"agent.nginx","details":{"url":"http://unix:/run/docker.sock:/containers/json"}}`, `agent.nginx url "http://unix:/run/docker.sock:/containers/json"`},
		{`{"type":"agent.mysql","details":{"socket":"/run/docker.sock"}}`, `agent.mysql socket "/run/docker.sock"`},
		{`{"type":"agent.mysql","details":{"socket":"/run/x/../mysqld/mysqld.sock"}}`, ""},
		{`{"type":"agent.http_json","details":{"url":"http://unix:/run/app.sock:/status","metrics":{"a":"/a"}}}`, ""},
		{`{"type":"agent.http_json","details":{"url":"http://unix:/run/app.sock:/secret","metrics":{"a":"/a"}}}`, `agent.http_json url "http://unix:/run/app.sock:/secret"`},
		{`{"type":"agent.mssql_version","details":{"serverinstance":"db\\X"}}`, ""},
		{`{"type":"agent.mssql_version","details":{"serverinstance":"np:\\\\evil\\pipe\\sql"}}`, `agent.mssql_version serverinstance "np:\\\\evil\\pipe\\sql"`},
		{`{"type":"agent.mssql_version","details":{"serverinstance":"tcp:169.254.169.254,80"}}`, `agent.mssql_version serverinstance "tcp:169.254.169.254,80"`},
	})
	g := guard(t, "remote: {checks: [{type: agent.postgres, socket: /run/postgresql}]}\n", `{"type":"agent.postgres","details":{"socket":"/run/postgresql"}}`)
	if g.Unix("/run/postgresql/.s.PGSQL.5432") != nil || g.Unix("/run/docker.sock") == nil || g.Unix("/run/postgresql/x") == nil {
		t.Error("the sockets that a folder allows are not those of PostgreSQL alone")
	}
}

func TestEndpointCannotSendPasswordsOfThisHostElsewhere(t *testing.T) {
	testVerdicts(t, `
remote:
  checks:
    - {type: agent.mysql, mycnf: /root/.my.cnf, host: ['*.example.com', 127.0.0.1], port: any, socket: /run/mysqld.sock, tls_verify: any}
    - {type: agent.redis, host: any, port: any, password: any, tls: any, tls_verify: any}
    - {type: remote.http, url: any, auth_user: any, auth_password: any, headers: any}
secrets:
  cache: {value: x, allow: [{type: agent.redis, host: 10.0.0.5}]}
  page: {value: x, allow: [{type: remote.http, url: 'https://www.example.com/**'}]}
`, []verdictCase{
		{`{"type":"agent.mysql","details":{"mycnf":"/root/.my.cnf"}}`, `agent.mysql host`},                      // that rule has a line for the host
		{`{"type":"agent.mysql","details":{"mycnf":"/root/.my.cnf","host":"127.0.0.1"}}`, `agent.mysql socket`}, // and this one
		{`{"type":"agent.mysql","details":{"mycnf":"/root/.my.cnf","host":"evil.example.com"}}`, `agent.mysql socket`},
		{`{"type":"agent.redis","details":{"host":"10.0.0.5","password":"secret:cache"}}`, ""},
		{`{"type":"agent.redis","details":{"host":"10.0.0.5","password":"secret:cache","tls":true}}`, ""},
		{`{"type":"agent.redis","details":{"host":"10.0.0.6","password":"secret:cache"}}`, `agent.redis secret "cache"`},
		{`{"type":"agent.redis","details":{"host":"10.0.0.5","port":1,"password":"secret:cache"}}`, `agent.redis secret "cache"`},
		{`{"type":"agent.redis","details":{"host":"10.0.0.5","tls_verify":false,"password":"secret:cache"}}`, `agent.redis secret "cache"`},
		{`{"type":"agent.redis","details":{"host":"10.0.0.5","password":"secret:page"}}`, `agent.redis secret "page"`},
		{`{"type":"agent.redis","details":{"host":"10.0.0.5","password":"secret:none"}}`, `agent.redis secret "none"`},
		{`{"type":"remote.http","details":{"url":"https://www.example.com/","auth_user":"u","auth_password":"secret:page"}}`, ""},
		{`{"type":"remote.http","details":{"url":"https://evil.example/","auth_user":"u","auth_password":"secret:page"}}`, `remote.http secret "page"`},
		{`{"type":"remote.http","details":{"url":"https://evil.example/","headers":{"Authorization":"secret:page"}}}`, `remote.http secret "page"`},
		{`{"type":"remote.http","details":{"url":"https://www.example.com/","headers":{"Authorization":"secret:page"}}}`, ""},
	})
	testVerdicts(t, "remote: {checks: [{type: agent.mysql, mycnf: /root/.my.cnf, host: '*.example.com'}]}\n", []verdictCase{
		{`{"type":"agent.mysql","details":{"mycnf":"/root/.my.cnf","host":"evil.example.com"}}`, `agent.mysql host "evil.example.com"`},
		{`{"type":"agent.mysql","details":{"host":"www.example.com"}}`, `agent.mysql mycnf`},
	})
	testVerdicts(t, "remote: {checks: [{type: agent.mysql, mycnf: /root/.my.cnf}, {type: agent.mysql, mycnf: /root/.my.cnf, host: 127.0.0.1}]}\n", []verdictCase{
		{`{"type":"agent.mysql","details":{"mycnf":"/root/.my.cnf"}}`, ""},
		{`{"type":"agent.mysql","details":{"mycnf":"/root/.my.cnf","host":"127.0.0.1"}}`, ""},
		{`{"type":"agent.mysql","details":{"mycnf":"/root/.my.cnf","host":"evil.example"}}`, `agent.mysql host "evil.example"`},
		{`{"type":"agent.mysql","details":{"mycnf":"/root/.my.cnf","port":3307}}`, `agent.mysql port "3307"`},
		{`{"type":"agent.mysql","details":{"mycnf":"/root/x.cnf"}}`, `agent.mysql mycnf "/root/x.cnf"`},
	})
}

// A redirect must not take a secret to where its own rules do not let it go.
func TestEndpointCannotRedirectSecrets(t *testing.T) {
	g := guard(t, `
remote: {checks: [{type: remote.http, url: any, headers: any}]}
secrets:
  page: {value: x, allow: [{type: remote.http, url: 'https://www.example.com/**'}]}
`, `{"type":"remote.http","details":{"url":"https://www.example.com/","headers":{"X-Key":"secret:page"}}}`)
	for text, allowed := range map[string]bool{"https://www.example.com/x": true, "https://evil.example/": false} {
		u, _ := url.Parse(text)
		if err := g.URL(u); (err == nil) != allowed {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestEndpointCannotUseCertificatesElsewhere(t *testing.T) {
	testVerdicts(t, "remote: {checks: [{type: remote.http, url: 'https://**'}, {type: agent.redis, cert_file: /etc/redis.pem}]}\n", []verdictCase{
		{`{"type":"remote.http","details":{"url":"https://evil.example/","cert_file":"/etc/virgo/client.pem"}}`, `remote.http cert_file "/etc/virgo/client.pem"`},
		{`{"type":"remote.http","details":{"url":"https://evil.example/","ca_file":"/etc/shadow"}}`, `remote.http ca_file "/etc/shadow"`},
		{`{"type":"remote.http","details":{"url":"https://evil.example/","key_file":"/etc/shadow"}}`, `remote.http key_file "/etc/shadow"`},
		{`{"type":"agent.redis","details":{"cert_file":"/etc/redis.pem"}}`, ""},
		{`{"type":"agent.redis","details":{"cert_file":"/etc/redis.pem","key_file":"/etc/redis.pem"}}`, ""},
		{`{"type":"agent.redis","details":{"cert_file":"/etc/redis.pem","key_file":"/etc/other.key"}}`, `agent.redis key_file "/etc/other.key"`},
		{`{"type":"agent.redis","details":{"cert_file":"/etc/redis.pem","host":"evil.example"}}`, `agent.redis host "evil.example"`},
	})
}

func TestEndpointCannotTalkToLocalServices(t *testing.T) {
	testVerdicts(t, "remote: {checks: [figures, {type: remote.tcp, target: '*.example.com', port: [25, 587], banner_match: any}]}\n", []verdictCase{
		{`{"type":"remote.tcp","details":{"target":"mail.example.com","port":25,"banner_match":"220","body_match":"x"}}`, ""},
		{`{"type":"remote.tcp","details":{"target":"mail.example.com","port":25,"send_body":"FLUSHALL\r\n"}}`, `remote.tcp send_body`},
		{`{"type":"remote.tcp","details":{"target":"127.0.0.1","port":6379,"send_body":"FLUSHALL\r\n"}}`, `remote.tcp target "127.0.0.1"`},
		{`{"type":"remote.tcp","target_alias":"127.0.0.1","details":{"port":25}}`, `remote.tcp target "127.0.0.1"`},
		{`{"type":"remote.tcp","target_alias":"mail.example.com","details":{"target":"127.0.0.1","port":25}}`, `remote.tcp target "127.0.0.1"`},
	})
}

func TestEndpointCannotMatchForEver(t *testing.T) {
	huge := strings.Repeat("(", 12) + "x{10}" + strings.Repeat("){5}", 12)
	for _, text := range []string{`((a{100}){30}){10}`, `(x{1000}){3}`, huge, strings.Repeat("a", maxPatternBytes+1), `\pL{1000}\pN{1000}\pS{100}`} {
		quoted, _ := json.Marshal(text)
		for _, c := range []string{
			`{"type":"agent.file","details":{"target":"/srv/x","content_match":` + string(quoted) + `}}`,
			`{"type":"remote.http","details":{"url":"http://a/","body":` + string(quoted) + `}}`,
			`{"type":"remote.http","details":{"url":"http://a/","body_matches":{"k":` + string(quoted) + `}}}`,
			`{"type":"remote.tcp","details":{"target":"a","port":1,"body_match":` + string(quoted) + `}}`,
			`{"type":"agent.process","details":{"match":` + string(quoted) + `}}`,
		} {
			if v := decide(t, parsePolicy(t, "remote: {checks: [all]}\n"), c); v.Allowed && boundRegexp(text) != errNoExpression {
				t.Errorf("%.120s is allowed", c)
			}
		}
	}
}

// guard returns the guard of a check that a policy allows, after its way to another process.
func guard(t *testing.T, policy, text string) *Guard {
	t.Helper()
	c := check(t, text)
	d, _ := definitions(t)(c.Type)
	g, err := parsePolicy(t, policy).Guard(c, d)
	if err != nil || g == nil {
		t.Fatalf("%v, %v", g, err)
	}
	b, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	var other Guard
	if err := json.Unmarshal(b, &other); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return &other
}

func TestGuardWithoutRuleAllowsNothing(t *testing.T) {
	var g Guard
	address := netip.MustParseAddrPort("192.0.2.1:80")
	if g.Path("/x") == nil || g.URL(&url.URL{}) == nil || g.Dial("tcp", "x", address) == nil || g.Unix("/x") == nil {
		t.Error("the zero value of a guard allows something")
	}
	for _, text := range []string{"{}", "null", "[]", `{"type":"a","bounds":[]}`} {
		var g Guard
		if err := json.Unmarshal([]byte(text), &g); text != "null" && !errors.Is(err, errGuard) {
			t.Errorf("%s: %v", text, err)
		}
	}
	var own *Guard
	if own.Path("/x") != nil || own.URL(&url.URL{}) != nil || own.Dial("tcp", "x", address) != nil || own.Unix("/x") != nil {
		t.Error("a check of the owner's own is limited")
	}
}
