package hostinfo

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestParseCrontab(t *testing.T) {
	got := parseCrontab([]byte(strings.Join([]string{
		"\tMAILTO = bob", `"PATH"=/bin`, "  # a comment", "",
		"@hourly", "1 2 3 4", "1 2 3 4 5", // nothing to run
		"1\t2  3 4 5   run  it", "@daily\trun", `1 2 3 4 5 date +\%s%input`, "1 2 3 4 5 %only input",
		"mysql -u root -ps3cr3t db", "1 2 3 4 -ps3cr3t x", "@ps3cr3t x", "1,2 */3 1-5/2 jan-Mar,12 -1~5 fields",
		"X=1", "@reboot last",
	}, "\r\n")), "alice")
	want := []string{"run  it", "run", `date +\%s`, "fields", "last"}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i, j := range got {
		if j.Command != want[i] || j.User != "alice" {
			t.Errorf("%+v", j)
		}
	}
	if !slices.Equal(got[0].Environment, []string{"MAILTO", "PATH"}) || !slices.Equal(got[4].Environment, []string{"MAILTO", "PATH", "X"}) {
		t.Errorf("%v, %v", got[0].Environment, got[4].Environment)
	}
}

// A line of the system's whose user was forgotten names the command in the user's place.
func TestCrontabWithoutUser(t *testing.T) {
	got := parseCrontab([]byte("0 5 * * * mysqldump -ps3cr3t shop\n"), "")
	if len(got) != 1 || strings.Contains(got[0].Command, "s3cr3t") {
		t.Errorf("%+v", got)
	}
}

func TestCronReads(t *testing.T) {
	for name, want := range map[string][2]bool{ // of Red Hat, of Debian
		"0hourly": {true, true}, "php_x-1": {true, true}, "job.cron": {true, false}, ".hidden": {false, false},
		"job~": {false, false}, "job.rpmsave": {false, false}, "#job#": {false, false},
	} {
		if got := [2]bool{cronReads(name, false), cronReads(name, true)}; got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestParseAptConfig(t *testing.T) {
	got := parseAptConfig([]byte(`
// APT::Periodic::Enable "0";
/* APT::Periodic::Enable "0"; */
# APT::Periodic::Enable "0";
APT::Periodic { Update-Package-Lists "1"; Unattended-Upgrade "7"; };
Unattended-Upgrade::Origins-Pattern { "origin=Debian"; "x"; };
Acquire { http { Pipeline-Depth "0"; }; };
APT::Periodic::Enable "1";
}}} Broken "2";
Unended "3`))
	want := map[string]string{
		"apt::periodic::update-package-lists": "1", "apt::periodic::unattended-upgrade": "7", "apt::periodic::enable": "1",
		"acquire::http::pipeline-depth": "0", "broken": "2",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

func TestParseINI(t *testing.T) {
	text := []byte("top = 1\n[ one ]\na = b ; comment\nquoted = \"x ; y\"\n# no\n; no\nlist = a\n  b = c\n\td\n[two\nurl: http://x/?a=b\nnothing\n")
	want := []iniLine{{"", "top", "1"}, {"one", "a", "b"}, {"one", "quoted", `"x ; y"`}, {"one", "list", "a\nb = c\nd"}, {"two", "url", "http://x/?a=b"}}
	if got := parseINI(text, true); !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
	// PHP knows no continued lines.
	if got := parseINI([]byte("[PHP]\na = 1\n  b = 2\n"), false); !reflect.DeepEqual(got, []iniLine{{"PHP", "a", "1"}, {"PHP", "b", "2"}}) {
		t.Errorf("%q", got)
	}
}

func TestParseUnitFile(t *testing.T) {
	for text, want := range map[string][2]string{
		"[Unit]\nDescription=A\n":                                {"A", "static"},
		"[Install]\nWantedBy=multi-user.target\n":                {"", "disabled"},
		"[Install]\nWantedBy=\nAlso=b.service\n":                 {"", "indirect"},
		"[Install]\nAlso=b.service\nAlias=c.service\n":           {"", "disabled"},
		"[Service]\nWantedBy=x\n[Unit]\nDescription = B = C \n#": {"B = C", "static"},
	} {
		if description, state := parseUnitFile([]byte(text)); [2]string{description, state} != want {
			t.Errorf("%q: %q, %q", text, description, state)
		}
	}
}

func TestFindCVEs(t *testing.T) {
	got := findCVEs([]byte("CVE-2024-3094, (CVE-2023-1234567) cve-2020-1111 CVE-2020-123 CVE-2020-12345678 CVE-20-1234 CVE-2021-4444CVE-2021-5555 CVE-"))
	if want := []string{"CVE-2024-3094", "CVE-2023-1234567", "CVE-2021-4444", "CVE-2021-5555"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

func TestParsePHPVersion(t *testing.T) {
	for text, want := range map[string]phpVersion{
		"PHP Warning:  in Unknown on line 0\nPHP 5.6.4-4ubuntu6.2 (cli)\n": {"PHP", "5.6.4-4ubuntu6.2"},
		"HipHop VM 3.0.1 (rel)\nCompiler: tags/HHVM-3.0.1\n":               {"HipHop", "3.0.1"},
		"PHP\n": {},
		"":      {},
	} {
		if got := parsePHPVersion([]byte(text)); got != want {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

// A setting of fail2ban's that is made of itself, or grows with each turn, comes to an end.
func TestJailValueEnds(t *testing.T) {
	c := jailConfig{"DEFAULT": {"a": "%(a)s%(a)s%(a)s", "b": "%(c)s", "c": "%(B)s", "d": "%(missing)s-%(__name__)s%("}, "sshd": {}}
	for key, most := range map[string]int{"a": 2 * maxText, "b": 20} {
		if got := c.value("sshd", key); len(got) > most {
			t.Errorf("%s: %d bytes", key, len(got))
		}
	}
	if got := c.value("sshd", "d"); got != "%(missing)s-sshd%(" {
		t.Errorf("%q", got)
	}
}

func TestParseMage(t *testing.T) {
	text := "'major' => '1', 'minor' => '10', 'revision' => '0', 'patch' => '', 'stability' => 'beta', 'number' => '1'\n" +
		"const EDITION_ENTERPRISE = 'Enterprise'; static private $_currentEdition = self::EDITION_ENTERPRISE;"
	if got := parseMage([]byte(text)); got.Version != "1.10.0-beta1" || got.Edition != "Enterprise" {
		t.Errorf("%+v", got)
	}
	if got := parseMage(nil); got.Version != "" || got.Edition != "Unknown" {
		t.Errorf("%+v", got)
	}
}

func TestParseLsyncd(t *testing.T) {
	got := parseLsyncd([]byte(`
-- sync { default.rsync, source = "/commented", target = "/x" }
for _, server in ipairs(servers) do
	sync { default.rsyncssh, source = '/a}b', host = server, targetdir = "/t" }
end
sync {`))
	if want := []lsyncdSync{{Mode: "default.rsyncssh", Source: "/a}b", TargetDir: "/t"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}
