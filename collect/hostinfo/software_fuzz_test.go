package hostinfo

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// seeds adds captured files of testdata/software.
func seeds(f *testing.F, patterns ...string) {
	f.Helper()
	found := 0
	for _, p := range patterns {
		names, err := filepath.Glob(filepath.Join("testdata", "software", p))
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
			found++
		}
	}
	if found == 0 {
		f.Fatal("no seeds")
	}
}

// answers: whatever the bytes are, what a parser makes of them can be sent.
func answers(t *testing.T, all ...any) {
	t.Helper()
	for _, a := range all {
		if _, err := json.Marshal(a); err != nil {
			t.Error(err)
		}
	}
}

func FuzzCrontab(f *testing.F) {
	seeds(f, "*/etc/crontab", "*/etc/anacrontab", "debian/etc/cron.d/*", "debian/var/spool/cron/crontabs/*")
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, j := range append(append(parseCrontab(b, ""), parseCrontab(b, "alice")...), parseAnacrontab(b)...) {
			if j.Command == "" || j.User == "" || j.Time == "" && (j.Minute == "" || j.DayOfWeek == "") {
				t.Errorf("%+v", j)
			}
		}
	})
}

func FuzzPackages(f *testing.F) {
	seeds(f, "debian/var/lib/dpkg/status", "redhat.out/rpm-*")
	f.Add([]byte("C:Q1p78yvTLG094tHE1+dToJGbmYzQE=\nP:musl\nV:1.2.5-r0\nA:x86_64\n\nP:busybox\nV:1.36.1-r29\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, p := range append(append(parseDpkgStatus(b, true), parseTabbed(b, "rpm")...), parseAPK(b)...) {
			if p.Name == "" || p.Status == "" || p.Manager == "" {
				t.Errorf("%+v", p)
			}
		}
		if name, version, ok := cutRelease(string(b)); ok && name+"-"+version != string(b) {
			t.Errorf("%q and %q of %q", name, version, b)
		}
	})
}

func FuzzNetworkTables(f *testing.F) {
	seeds(f, "*/proc/net/*", "*.out/iptables-save")
	f.Fuzz(func(t *testing.T, b []byte) {
		answers(t, parseIP4Routes(b, binary.LittleEndian), parseIP6Routes(b), parsePacketRules(b))
		for _, s := range parseSockets(b, "udp6", binary.LittleEndian) {
			if !s.local.IsValid() || !s.foreign.IsValid() || s.waits() && s.foreign.Port() != 0 {
				t.Errorf("%+v", s)
			}
		}
	})
}

func FuzzSettings(f *testing.F) {
	seeds(f, "*/etc/dnf/*", "*/etc/yum/*", "debian/etc/apt/apt.conf.d/*", "debian/etc/fail2ban/*.conf", "*/etc/postfix/main.cf",
		"debian/etc/php/8.2/cli/php.ini", "*/usr/lib/systemd/system/*", "debian.out/fail2ban-*", "*.out/php-*", "*.out/nginx", "debian/etc/apache2/envvars")
	f.Fuzz(func(t *testing.T, b []byte) {
		parseUnitFile(b)
		parseAptConfig(b)
		parseEnvvars(b)
		parsePostconf(b)
		c := jailConfig{}
		for _, l := range parseINI(b, true) {
			if len(l.value) > maxText {
				t.Errorf("a value of %d bytes", len(l.value))
			}
			if c[l.section] == nil {
				c[l.section] = map[string]string{}
			}
			c[l.section][l.key] = l.value
		}
		for _, j := range enabledJails(c) {
			if len(j.LogPath) > 2*maxText {
				t.Errorf("a path of %d bytes", len(j.LogPath))
			}
		}
		var n nginxConfig
		parseNginxVersion(b, &n)
		var j fail2banJail
		answers(t, n, parseJailList(b), parseJailStatus(b, &j), j, parsePHPVersion(b), parsePHPModules(b), parsePHPSettings(b, "php.ini"))
	})
}

// sameFile is a configuration all of whose files are the same, and each pattern also matches a folder.
func sameFile(b []byte) configFiles {
	return configFiles{
		read: func(string) ([]byte, error) { return b, nil },
		glob: func(pattern string) []string { return []string{pattern, "/folder"} },
		done: func() error { return nil },
	}
}

// A configuration that includes itself ends as well.
func FuzzApacheConfig(f *testing.F) {
	seeds(f, "debian/etc/apache2/*.conf", "debian/etc/apache2/sites-enabled/*", "redhat/etc/httpd/conf*/*")
	f.Add([]byte("Include *\n<VirtualHost *:80>\nInclude *\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &apacheReader{
			configFiles: sameFile(b), root: "/etc/apache2", vars: map[string]string{"A": "${A}${A}"},
			list: func(name string) ([]string, bool) { return []string{"a"}, name == "/folder" },
		}
		r.file("/etc/apache2/apache2.conf", apacheSection{})
		if r.files > maxConfigFiles+1 && r.faults.err() == nil {
			t.Errorf("%d files", r.files)
		}
		answers(t, r.setup.vhosts)
	})
}

func FuzzNginxConfig(f *testing.F) {
	seeds(f, "*/etc/nginx/*.conf", "*/etc/nginx/*/*")
	f.Add([]byte("http { include *; server { include *; listen '80' \"x\\\"; } } content_by_lua_block { -- }\n }"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &nginxReader{configFiles: sameFile(b)}
		r.file("/etc/nginx/nginx.conf")
		if len(r.blocks) != 0 || r.host != nil {
			t.Errorf("%d blocks are open", len(r.blocks))
		}
		answers(t, r.setup)
	})
}

func FuzzSites(f *testing.F) {
	seeds(f, "debian/var/www/blog/*.php", "debian/var/www/blog/wp-includes/*", "debian/var/www/blog/wp-content/plugins/*/*.php",
		"debian/var/www/html/old/app/*", "debian/srv/shop/composer.*", "debian/srv/shop/app/etc/*", "*/etc/lsyncd*/*", "redhat/etc/lsyncd.conf")
	f.Fuzz(func(t *testing.T, b []byte) {
		var s wordpressSite
		parseWordpressConfig(b, &s)
		plugin, _ := parseWordpressHeader(b, "Plugin Name")
		answers(t, s, parseWordpressVersion(b), plugin, parseMage(b), parseComposer(b), parseComposerLock(b), parseMagentoMode(b), parseLsyncd(b))
	})
}

func FuzzChangelog(f *testing.F) {
	seeds(f, "debian/usr/share/doc/*/changelog*", "redhat.out/rpm-changelog")
	f.Fuzz(func(t *testing.T, b []byte) {
		c := cveFindings{}
		c.addRPM(b)
		for _, r := range c.list() {
			if len(r.CVE) < len("CVE-1999-0001") || len(r.CVE) > len("CVE-1999-0000001") || len(r.Packages) == 0 {
				t.Errorf("%+v", r)
			}
		}
	})
}
