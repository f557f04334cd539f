package hostinfo

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"virgo/collect/collecttest"
)

// readSoftware gives a type's metrics of this host.
func readSoftware[T any](t *testing.T, s Type) T {
	t.Helper()
	metrics, err := s.Read(t.Context(), &Host{})
	if err != nil {
		t.Fatal(err)
	}
	return metrics.(T)
}

// lines gives the words of each line that a program of the system's prints.
func lines(t *testing.T, debianPackage, name string, args ...string) [][]string {
	t.Helper()
	out, err := exec.Command(collecttest.Program(t, name, debianPackage), args...).Output()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var all [][]string
	for line := range strings.Lines(string(out)) {
		all = append(all, strings.Fields(line))
	}
	return all
}

func TestPackagesAgreeWithDpkg(t *testing.T) {
	var want []string
	for _, w := range lines(t, "dpkg", "dpkg-query", "-W", "-f", `${Package} ${Version} ${Architecture} ${db:Status-Status}\n`) {
		if w[3] != "config-files" && w[3] != "not-installed" {
			want = append(want, strings.Join(w, " "))
		}
	}
	var got []string
	for _, p := range readSoftware[[]softwarePackage](t, packagesType()) {
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

func TestServicesAgreeWithSystemctl(t *testing.T) {
	units := readSoftware[services](t, servicesType()).Units
	state := map[string]string{}
	files := 0
	for _, u := range units {
		state[u.Name] = u.State
		if _, instance := templateOf(u.Name); instance == "" && u.State != "generated" && u.State != "transient" {
			files++
		}
	}
	seen := 0
	for _, w := range lines(t, "systemd", "systemctl", "list-unit-files", "--no-legend", "--no-pager", "--root=/") {
		// Units that systemd makes at run time, and scripts of /etc/init.d, are no files of its folders.
		if !isServiceUnit(w[0]) || w[1] == "generated" || w[1] == "transient" {
			continue
		}
		seen++
		if got := state[w[0]]; got != w[1] {
			t.Errorf("%s is %q, systemctl says %q", w[0], got, w[1])
		}
	}
	if seen == 0 || seen != files {
		t.Errorf("%d units, systemctl has %d", files, seen)
	}
}

func TestRoutesAgreeWithIP(t *testing.T) {
	var want, got []string
	for _, w := range lines(t, "iproute2", "ip", "-4", "route", "show", "table", "main") {
		want = append(want, w[0])
	}
	for _, r := range readSoftware[[]ip4Route](t, ip4routesType()) {
		bits, _ := net.IPMask(net.ParseIP(r.Genmask).To4()).Size()
		to := fmt.Sprintf("%s/%d", r.Destination, bits)
		got = append(got, cmp.Or(map[string]string{"0.0.0.0/0": "default"}[to], strings.TrimSuffix(to, "/32")))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%v, ip says %v", got, want)
	}
}

func TestRemoteServicesSeeThisProcess(t *testing.T) {
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	u, err := net.ListenPacket("udp6", "[::1]:0")
	if err != nil {
		collecttest.Lacks(t, "this host has no IPv6: "+err.Error())
	}
	defer u.Close()
	want := map[string]string{l.Addr().String(): "tcp LISTEN", u.LocalAddr().String(): "udp6 UNCONN"}
	for _, s := range readSoftware[[]remoteService](t, remoteServicesType()) {
		if w, ok := want[s.LocalAddr]; ok && w == s.Protocol+" "+s.State {
			delete(want, s.LocalAddr)
			if s.PID != os.Getpid() || s.Process == "" || s.User != uint64(os.Getuid()) {
				t.Errorf("%+v", s)
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("not seen: %v", want)
	}
}

// The real programs, where they are installed, say what their parsers look for.
func TestRealProgramsAreUnderstood(t *testing.T) {
	collecttest.Program(t, "apache2", "apache2")
	if a := readSoftware[apache2](t, apache2Type()); !strings.HasPrefix(a.Version, "Apache/2") || a.MPM == "" || a.User == "" || len(a.Vhosts)+len(a.Docroot) == 0 {
		t.Errorf("apache2: %+v", a)
	}
	collecttest.Program(t, "nginx", "nginx-light")
	if n := readSoftware[nginxConfig](t, nginxConfigType()); n.Version == "" || len(n.ConfigureArguments) == 0 || n.User == "" || len(n.Includes) == 0 {
		t.Errorf("nginx_config: %+v", n)
	}
}

func TestPacketFilterOfThisHost(t *testing.T) {
	collecttest.Program(t, "iptables-save", "iptables")
	if os.Getuid() != 0 {
		collecttest.Lacks(t, "only root sees the packet filter")
	}
	if _, err := iptablesType().Read(context.Background(), &Host{}); err != nil {
		t.Error(err)
	}
}
