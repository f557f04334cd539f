package hostinfo

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/collect/hostinfo/sourcetest"
	"virgo/collect/program"
)

var updateSoftware = flag.Bool("update-software", false, "rewrite the expected answers in testdata/software; review the diff")

// A softwareFamily is a captured system: its files in testdata/software/NAME, what its programs
// print in NAME.out, and the answers that must come of them in NAME.want.
type softwareFamily struct {
	name string
	// links by name → target, which is not followed.
	links map[string]string
	// programs that are installed, by path.
	programs []string
	// prints is the file of NAME.out for a command line.
	prints map[string]string
}

func softwareFamilies() []softwareFamily {
	return []softwareFamily{
		{
			name: "debian",
			links: map[string]string{
				"lib": "usr/lib",
				"etc/systemd/system/multi-user.target.wants/nginx.service":       "/lib/systemd/system/nginx.service",
				"etc/systemd/system/getty.target.wants/getty@tty1.service":       "/lib/systemd/system/getty@.service",
				"etc/systemd/system/timers.target.wants/apt-daily-upgrade.timer": "/lib/systemd/system/apt-daily-upgrade.timer",
				"etc/systemd/system/apache2.service":                             "/dev/null",
				"etc/systemd/system/web.service":                                 "/lib/systemd/system/nginx.service",
				"etc/rc3.d/S01nginx":                                             "../init.d/nginx",
				"etc/rc3.d/K01apache2":                                           "../init.d/apache2",
				"proc/312/fd/21":                                                 "socket:[189256]",
				"proc/401/fd/3":                                                  "/dev/null",
				"proc/402/fd/9":                                                  "socket:[189253]",
				"proc/401/fd/9":                                                  "socket:[189253]",
			},
			programs: []string{
				"usr/sbin/apache2", "usr/sbin/nginx", "usr/bin/php", "usr/sbin/postconf", "usr/bin/fail2ban-client",
				"usr/bin/lsyncd", "usr/bin/unattended-upgrade",
			},
			prints: map[string]string{
				"apache2 -v": "apache2", "sh -c exec nginx -V 2>&1": "nginx", "php -v": "php-v", "php -m": "php-m",
				"fail2ban-client status": "fail2ban-client-status", "fail2ban-client status sshd": "fail2ban-client-status-sshd",
				"lsyncd -version": "lsyncd", "iptables-save -c": "iptables-save", "ip6tables-save -c": "ip6tables-save",
				"postconf alias_database config_directory inet_interfaces inet_protocols mail_version mailbox_size_limit" +
					" message_size_limit mydestination mydomain myhostname mynetworks myorigin queue_directory relayhost" +
					" smtp_tls_security_level smtpd_relay_restrictions smtpd_tls_cert_file smtpd_tls_security_level": "postconf",
			},
		},
		{
			name: "redhat",
			links: map[string]string{
				"etc/systemd/system/multi-user.target.wants/httpd.service":           "/usr/lib/systemd/system/httpd.service",
				"etc/systemd/system/timers.target.wants/dnf-automatic-install.timer": "/usr/lib/systemd/system/dnf-automatic-install.timer",
			},
			programs: []string{"usr/sbin/httpd", "usr/sbin/nginx", "usr/bin/php",
				"usr/bin/dnf-automatic", "usr/bin/lsyncd"},
			prints: map[string]string{
				"httpd -v": "httpd", "sh -c exec nginx -V 2>&1": "nginx", "php -v": "php-v", "php -m": "php-m",
				`rpm -qa --queryformat %{NAME}\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\t%{ARCH}\n`: "rpm-qa",
				`rpm -qa --queryformat %{NAME}\n`: "rpm-names",
				`rpm -q --queryformat =virgo= %{NAME}\n[%{CHANGELOGTEXT}\n] -- bash bind-utils gpg-pubkey httpd httpd-core kernel-core libstdc++ nginx openssl-libs python3.11-a-very-long-name-of-a-package-indeed tzdata web-server-old`: "rpm-changelog",
				"iptables-save -c": "iptables-save", "lsyncd -version": "lsyncd",
			},
		},
	}
}

// host copies the captured files to a temporary folder, adds the links, and compresses changelogs
// as Debian does.
func (s softwareFamily) host(t testing.TB) *Host {
	t.Helper()
	root := t.TempDir()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.CopyFS(root, os.DirFS(filepath.Join("testdata", "software", s.name))))
	for name, target := range s.links {
		must(os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755))
		must(os.Symlink(target, filepath.Join(root, name)))
	}
	for _, name := range s.programs {
		must(os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755))
		must(os.WriteFile(filepath.Join(root, name), nil, 0o755))
	}
	must(filepath.WalkDir(root, func(name string, _ fs.DirEntry, err error) error {
		if strings.HasPrefix(filepath.Base(name), "changelog") {
			b, err := os.ReadFile(name)
			must(err)
			var packed bytes.Buffer
			z := gzip.NewWriter(&packed)
			z.Write(b)
			must(z.Close())
			must(os.WriteFile(name+".gz", packed.Bytes(), 0o644))
		}
		return err
	}))
	return &Host{
		Root: root,
		Now:  func() time.Time { return time.UnixMilli(1_756_800_000_000) },
		Output: func(_ context.Context, name string, args ...string) ([]byte, error) {
			command := strings.Join(append([]string{name}, args...), " ")
			file, ok := s.prints[command]
			if !ok {
				return nil, fmt.Errorf("%s %w", name, program.ErrMissing)
			}
			return os.ReadFile(filepath.Join("testdata", "software", s.name+".out", file))
		},
	}
}

// Each type's whole answer of two captured systems is the one in NAME.want.
func TestSoftwareTypesOfCapturedSystems(t *testing.T) {
	for _, family := range softwareFamilies() {
		h := family.host(t)
		for _, s := range softwareTypes() {
			t.Run(family.name+"/"+s.Name, func(t *testing.T) {
				var got bytes.Buffer
				encoder := json.NewEncoder(&got)
				encoder.SetEscapeHTML(false)
				encoder.SetIndent("", "  ")
				if err := encoder.Encode(answer(t.Context(), h, s)); err != nil {
					t.Fatal(err)
				}
				file := filepath.Join("testdata", "software", family.name+".want", s.Name+".json")
				if *updateSoftware {
					os.MkdirAll(filepath.Dir(file), 0o755)
					os.WriteFile(file, got.Bytes(), 0o644)
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got.Bytes(), want) {
					t.Errorf("got\n%s\nwant\n%s", got.Bytes(), want)
				}
			})
		}
	}
}

// Missing programs are named; software that is not installed is not an error.
func TestMissingSoftware(t *testing.T) {
	empty := sourcetest.Tree(t, nil, nil)
	rpm := sourcetest.Tree(t, map[string]string{"var/lib/rpm/Packages": ""}, nil)
	for _, c := range []struct {
		host  *Host
		name  string
		error string
	}{
		{empty, "packages", "no package manager's database was found (dpkg, rpm, apk, pacman, pkg, brew)"},
		{empty, "cve", "no changelogs of packages were found (/usr/share/doc, rpm)"},
		{empty, "iptables", "iptables-save is not installed"},
		{empty, "ip6tables", "ip6tables-save is not installed"},
		{rpm, "packages", "rpm is not installed"},
		{rpm, "cve", "rpm is not installed"},
		{empty, "apache2", ""}, {empty, "nginx_config", ""}, {empty, "php", ""},
		{empty, "postfix", ""}, {empty, "fail2ban", ""},
		{empty, "lsyncd", ""}, {empty, "wordpress", ""}, {empty, "magento", ""}, {empty, "cron", ""},
		{empty, "services", ""},
		{empty, "autoupdates", ""}, {empty, "remote_services", ""}, {empty, "ip4routes", ""}, {empty, "ip6routes", ""},
	} {
		a, err := Get(t.Context(), c.host, c.name)
		got := ""
		if a.Error != nil {
			got = *a.Error
		}
		if err != nil || got != c.error || a.Metrics == nil {
			t.Errorf("%s: %q, %v, %v", c.name, got, a.Metrics, err)
		}
		// A struct has installed false; a list is empty.
		if installed := reflect.ValueOf(a.Metrics); installed.Kind() == reflect.Struct {
			if f := installed.FieldByName("Installed"); f.IsValid() && f.Bool() {
				t.Errorf("%s is installed", c.name)
			}
		}
	}
}

// Once the time is up, types that read many things stop and report it.
func TestSoftwareTypesStopWhenTimeIsUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h := softwareFamilies()[0].host(t)
	for _, s := range softwareTypes() {
		if !slices.Contains([]string{"apache2", "cron", "cve", "fail2ban", "magento", "nginx_config",
			"postfix", "remote_services", "services", "wordpress"}, s.Name) {
			continue
		}
		if _, err := s.Read(ctx, h); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
}

// softwareTypes are those whose answers come from the captured systems of testdata/software.
func softwareTypes() []Type {
	names := strings.Fields("apache2 autoupdates cron cve fail2ban ip4routes ip6routes ip6tables iptables lsyncd magento " +
		"nginx_config packages php postfix remote_services services wordpress")
	return slices.DeleteFunc(Types(), func(t Type) bool { return !slices.Contains(names, t.Name) })
}
