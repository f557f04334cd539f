package hostinfo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"virgo/collect/program"
)

// treeHost is a host of a few files; what its programs print is told by their command line.
func treeHost(t *testing.T, files, prints map[string]string) *Host {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return &Host{Root: root, Output: func(_ context.Context, name string, args ...string) ([]byte, error) {
		out, ok := prints[strings.Join(append([]string{name}, args...), " ")]
		if !ok {
			return nil, fmt.Errorf("%s %w", name, program.ErrMissing)
		}
		return []byte(out), nil
	}}
}

// The package managers of neither Debian nor Red Hat.
func TestPackagesOfOtherSystems(t *testing.T) {
	h := treeHost(t, map[string]string{
		"lib/apk/db/installed":                    "C:Q1p78y=\nP:musl\nV:1.2.5-r0\nA:x86_64\nF:lib\n\nP:zlib\nV:1.3.1-r1\nA:x86_64\n",
		"var/lib/pacman/local/xz-utils-5.6.2-1/x": "",
		"var/lib/pacman/local/ALPM_DB_VERSION":    "9",
		"opt/homebrew/Cellar/jq/1.7.1/x":          "",
		"var/db/pkg/local.sqlite":                 "",
	}, map[string]string{`pkg query %n\t%v\t%q`: "curl\\t8.9.1\\tFreeBSD:14:amd64\n"})
	got, err := readPackages(t.Context(), h)
	want := []softwarePackage{
		{"curl", "8.9.1", "FreeBSD:14:amd64", "installed", "pkg"},
		{"jq", "1.7.1", "", "installed", "brew"},
		{"musl", "1.2.5-r0", "x86_64", "installed", "apk"},
		{"xz-utils", "5.6.2-1", "", "installed", "pacman"},
		{"zlib", "1.3.1-r1", "x86_64", "installed", "apk"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}

// What is missing is named, and differs from what is not set up.
func TestSoftwareThatIsMissing(t *testing.T) {
	empty := treeHost(t, nil, nil)
	rpm := treeHost(t, map[string]string{"var/lib/rpm/Packages": ""}, nil)
	for _, c := range []struct {
		host  *Host
		name  string
		error string
	}{
		{empty, "packages", "no package manager's database is here (looked for dpkg, rpm, apk, pacman, pkg, brew)"},
		{empty, "cve", "no changelogs of packages are here (looked in /usr/share/doc and for rpm)"},
		{empty, "iptables", "iptables-save is not installed"},
		{empty, "ip6tables", "ip6tables-save is not installed"},
		{rpm, "packages", "rpm is not installed"},
		{rpm, "cve", "rpm is not installed"},
		{empty, "apache2", ""}, {empty, "nginx_config", ""}, {empty, "php", ""}, {empty, "postfix", ""}, {empty, "fail2ban", ""},
		{empty, "lsyncd", ""}, {empty, "wordpress", ""}, {empty, "magento", ""}, {empty, "cron", ""}, {empty, "services", ""},
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
		// A struct says it is not installed; a list is empty.
		if installed := reflect.ValueOf(a.Metrics); installed.Kind() == reflect.Struct {
			if f := installed.FieldByName("Installed"); f.IsValid() && f.Bool() {
				t.Errorf("%s is installed", c.name)
			}
		}
	}
}

// What is too long to be read at once is read for each package, then for each of its versions; what is too long
// even so is read from its beginning, which is the newest, and said.
func TestChangelogsOfRPMThatAreTooLong(t *testing.T) {
	var asked []string
	h := treeHost(t, map[string]string{"var/lib/rpm/Packages": ""}, nil)
	h.Output = func(_ context.Context, _ string, args ...string) ([]byte, error) {
		names := strings.Join(args[min(len(args), 4):], " ")
		asked = append(asked, names)
		tooMuch := fmt.Errorf("rpm %w", program.ErrTooMuch)
		switch {
		case args[0] == "-qa":
			return []byte("kernel\nkernel\nbash\nzlib\n"), nil
		case strings.Contains(names, " "):
			return nil, tooMuch
		case !strings.HasPrefix(args[2], rpmMark):
			return []byte("kernel-6-1.x86_64\nkernel-5-1.x86_64\n"), nil
		case names == "kernel" || names == "kernel-6-1.x86_64":
			return []byte(rpmMark + "kernel\n- mends CVE-2024-0006\n- mends CVE-2024-1234"), tooMuch
		case names == "kernel-5-1.x86_64":
			return []byte(rpmMark + "kernel\n- mends CVE-2023-0005\n"), nil
		}
		return []byte(rpmMark + names + "\n- mends CVE-2024-0001\n"), nil
	}
	got, err := readCVE(t.Context(), h)
	want := []fixedCVE{{"CVE-2023-0005", []string{"kernel"}}, {"CVE-2024-0001", []string{"bash", "zlib"}}, {"CVE-2024-0006", []string{"kernel"}}}
	if !reflect.DeepEqual(got, want) || !errors.Is(err, program.ErrTooMuch) || !strings.Contains(err.Error(), "kernel-6-1.x86_64") {
		t.Errorf("%+v, %v", got, err)
	}
	if want := []string{"", "bash kernel zlib", "bash", "kernel", "kernel", "kernel-5-1.x86_64", "kernel-6-1.x86_64", "zlib"}; !slices.Equal(asked, want) {
		t.Errorf("asked for %q", asked)
	}
}

// rpm leaves out a package whose record is damaged, says so as captured, and ends with 0.
func TestWhatRPMComplainsOf(t *testing.T) {
	for said, want := range map[string]string{
		"": "",
		"warning: Found bdb_ro Packages database while attempting sqlite backend: using bdb_ro backend.\n":                              "",
		"warning: a\nerror: rpmdbNextIterator: skipping h#       9 tag[23]: BAD, tag 1044 type 6 offset -1 count -1 len 10\nerror: b\n": "rpm: rpmdbNextIterator: skipping h# 9 tag[23]: BAD, tag 1044 type 6 offset -1 count -1 len 10",
	} {
		got := ""
		if err := rpmComplaint([]byte(said)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q", said, got)
		}
	}
}

// What yum-cron and dnf-automatic do with settings that do not go together; dnf-automatic was watched doing it.
func TestSettingsOfAutomaticUpdates(t *testing.T) {
	const fetchNot, fetchOnly = "[commands]\ndownload_updates = no\napply_updates = yes\n", "[commands]\ndownload_updates = yes\napply_updates = no\n"
	dnf := func(conf string) map[string]string {
		return map[string]string{"usr/bin/dnf-automatic": "", "etc/dnf/automatic.conf": conf}
	}
	for _, c := range []struct {
		files map[string]string
		want  autoUpdate
	}{
		{dnf(fetchNot + "upgrade_type = nonsense\n"), autoUpdate{Downloads: true, Applies: true, Kind: "default"}},
		{dnf(fetchOnly + "upgrade_type = security\n"), autoUpdate{Downloads: true, Kind: "security"}},
		{dnf("[commands]\n"), autoUpdate{Kind: "default"}},
		{map[string]string{"etc/yum/yum-cron.conf": fetchNot}, autoUpdate{Kind: "default"}},
		{map[string]string{"etc/yum/yum-cron.conf": fetchOnly + "update_cmd = minimal-security-severity:Critical\n"},
			autoUpdate{Downloads: true, Kind: "minimal-security-severity:Critical"}},
		{map[string]string{"etc/yum/yum-cron.conf": fetchOnly, "etc/yum/yum-cron-hourly.conf": "[commands]\nupdate_cmd = security\ndownload_updates = yes\napply_updates = yes\n"},
			autoUpdate{Downloads: true, Applies: true, Kind: "security"}},
	} {
		h := treeHost(t, c.files, nil)
		for name := range c.files {
			if strings.HasPrefix(name, "usr/bin/") {
				os.Chmod(h.path("/"+name), 0o755)
			}
		}
		got, err := readAutoUpdates(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		c.want.Installed, c.want.Status = true, "disabled"
		for _, u := range got.([]autoUpdate) {
			if c.want.Method = u.Method; u != c.want {
				t.Errorf("%v: %+v", c.files, u)
			}
		}
		if len(got.([]autoUpdate)) != 1 {
			t.Errorf("%v: %+v", c.files, got)
		}
	}
}

// The search goes as deep as it says and into no folder of a program's own.
func TestSitesAreSearchedToADepth(t *testing.T) {
	files := map[string]string{"etc/nginx/nginx.conf": "http { server { root /; } server { server_name deep; root /data/deep; } }"}
	for _, folder := range []string{"data/deep/1/2/3/4/5/6", "data/deep/1/2/3/4/5/6/7", "var/www/a", "var/www/a/wp-content/b", "var/www/a/blog", "var/www/.git"} {
		files[folder+"/wp-includes/version.php"] = "<?php\n$wp_version = '6.8';"
		files[folder+"/wp-load.php"] = ""
	}
	h := treeHost(t, files, nil)
	got, err := readWordpress(t.Context(), h)
	var found []string
	for _, s := range got.(wordpress).Found {
		found = append(found, s.Site+" "+s.Path+" "+s.Version)
	}
	want := []string{"deep /data/deep/1/2/3/4/5/6 6.8", " /var/www/a 6.8", " /var/www/a/blog 6.8"}
	if err != nil || !reflect.DeepEqual(found, want) {
		t.Errorf("%q, %v", found, err)
	}
}

// A configuration that includes itself is read as often as is allowed, and says so.
func TestConfigurationThatIncludesItself(t *testing.T) {
	h := treeHost(t, map[string]string{
		"usr/sbin/apache2":         "",
		"etc/apache2/apache2.conf": "Include apache2.conf\nInclude apache2.conf\nListen 80\n",
		"usr/sbin/nginx":           "",
		"etc/nginx/nginx.conf":     "include nginx.conf; include nginx.conf; http { server { listen 80; } }",
	}, map[string]string{"apache2 -v": "", "sh -c exec nginx -V 2>&1": ""})
	for _, name := range []string{"apache2", "nginx_config"} {
		a, err := Get(t.Context(), h, name)
		if err != nil || a.Error == nil || !strings.Contains(*a.Error, "10 deep") {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
}

// A time that runs out after the start is an error of those who look at many things, and nothing more is
// looked at.
func TestSoftwareWithoutTime(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h := softwareFamilies()[0].host(t)
	for _, s := range softwareTypes() {
		if !slices.Contains([]string{"apache2", "cron", "cve", "fail2ban", "magento", "nginx_config", "postfix", "remote_services", "services", "wordpress"}, s.Name) {
			continue
		}
		if _, err := s.Read(ctx, h); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
}
