package system

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"virgo/collect/hostinfo/source"
	"virgo/collect/hostinfo/sourcetest"
)

func TestSystemOfThisHost(t *testing.T) {
	s := sourcetest.Read[[]systemInfo](t, &source.Host{}, systemType())
	out, err := exec.Command("uname", "-s", "-r", "-m").Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%s %s %s\n", s[0].Name, s[0].Version, s[0].Arch); len(s) != 1 || got != string(out) {
		t.Errorf("%q, uname says %q", got, out)
	}
	if s[0].Vendor == "" || s[0].VendorName == "" || s[0].BootTime == 0 {
		t.Errorf("%+v", s)
	}
}

func TestReadHypervisor(t *testing.T) {
	const id = "sys/class/dmi/id/"
	for want, c := range map[string]struct{ vendor, product string }{
		"qemu":      {"QEMU", "Standard PC (Q35 + ICH9, 2009)"},
		"kvm":       {"Red Hat", "KVM"},
		"amazon":    {"Amazon EC2", "t3.micro"},
		"microsoft": {"Microsoft Corporation", "Virtual Machine"},
		"vmware":    {"VMware, Inc.", "VMware Virtual Platform"},
	} {
		h := sourcetest.Tree(t, map[string]string{id + "sys_vendor": c.vendor + "\n",
			id + "product_name": c.product + "\n"}, nil)
		if got := readHypervisor(h); got != want {
			t.Errorf("%+v: %q", c, got)
		}
	}
	for _, c := range []struct{ vendor, product string }{
		{"Amazon EC2", "c5.metal"}, {"Dell Inc.", "PowerEdge R640"}, {"Microsoft Corporation", "Surface"}, {"", ""},
	} {
		h := sourcetest.Tree(t, map[string]string{id + "sys_vendor": c.vendor, id + "product_name": c.product}, nil)
		if got := readHypervisor(h); got != "" {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func TestParseOSRelease(t *testing.T) {
	for family, want := range map[string][4]string{
		"debian": {"debian", "12", "Debian GNU/Linux 12 (bookworm)", ""},
		"redhat": {"rhel", "9.4", "Red Hat Enterprise Linux 9.4 (Plow)", "fedora"},
	} {
		b, err := os.ReadFile("../testdata/machine/" + family + "/etc/os-release")
		if err != nil {
			t.Fatal(err)
		}
		r := parseOSRelease(b)
		if got := [4]string{r["ID"], r["VERSION_ID"], r["PRETTY_NAME"], r["ID_LIKE"]}; got != want {
			t.Errorf("%s: %q", family, got)
		}
	}
	r := parseOSRelease([]byte("A='b c'\nB=\"x \\\"y\\\" \\$z\"\n#C=1\nD"))
	if r["A"] != "b c" || r["B"] != `x "y" $z` || len(r) != 2 {
		t.Errorf("%q", r)
	}
}

func FuzzOSRelease(f *testing.F) {
	sourcetest.Seeds(f, "machine/*/etc/os-release")
	f.Fuzz(func(t *testing.T, b []byte) { sourcetest.CheckJSON(t, b, parseOSRelease(b)) })
}

func TestTimeZoneFromTheLink(t *testing.T) {
	h := &source.Host{Root: t.TempDir()}
	if err := os.Mkdir(filepath.Join(h.Root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if z := timeZone(h); z != "" {
		t.Error(z)
	}
	if err := os.Symlink("../usr/share/zoneinfo/Europe/Berlin", filepath.Join(h.Root, "etc/localtime")); err != nil {
		t.Fatal(err)
	}
	if z := timeZone(h); z != "Europe/Berlin" {
		t.Error(z)
	}
}
