package packages

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"virgo/collect/hostinfo/source"
	"virgo/collect/hostinfo/sourcetest"
)

// The package managers of systems other than Debian and Red Hat.
func TestPackagesOfOtherManagers(t *testing.T) {
	h := sourcetest.Tree(t, map[string]string{
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

func FuzzPackages(f *testing.F) {
	sourcetest.Seeds(f, "software/debian/var/lib/dpkg/status", "software/redhat.out/rpm-*")
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

func TestPackagesAgreeWithDpkg(t *testing.T) {
	var want []string
	for _, w := range sourcetest.Lines(t, "dpkg", "dpkg-query", "-W", "-f",
		`${Package} ${Version} ${Architecture} ${db:Status-Status}\n`) {
		if w[3] != "config-files" && w[3] != "not-installed" {
			want = append(want, strings.Join(w, " "))
		}
	}
	var got []string
	for _, p := range sourcetest.Read[[]softwarePackage](t, &source.Host{}, packagesType()) {
		if p.Manager == "dpkg" {
			got = append(got, strings.Join([]string{p.Name, p.Version, p.Architecture, p.Status}, " "))
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%d packages, dpkg has %d", len(got), len(want))
	}
}

// Indented lines continue a field, whatever is in them.
func TestParseDpkgStatus(t *testing.T) {
	got := parseDpkgStatus([]byte("Package: a\nStatus: install ok installed\nVersion: 1:2\nDescription: x\n Version: 9\n\n"+
		"Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n\nPackage: b\nStatus: install reinstreq half-installed\n"), false)
	want := []softwarePackage{
		{Name: "a", Version: "1:2", Status: "installed", Manager: "dpkg"},
		{Name: "b", Status: "half-installed", Manager: "dpkg"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}
