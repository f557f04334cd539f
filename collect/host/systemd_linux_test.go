package host

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/collect/collecttest"
	"virgo/collect/program"
)

// fakeSystemd is the check with the output of systemctl of that version; it verifies the arguments.
func fakeSystemd(t *testing.T, version string) systemd {
	return systemd{
		booted:    func() bool { return true },
		monotonic: func() time.Duration { return 2000 * time.Second },
		run: func(_ context.Context, args ...string) ([]byte, error) {
			switch {
			case args[0] == "show" && len(args) == 4 && strings.HasPrefix(args[1], "--property=LoadState,") && args[2] == "--":
				return os.ReadFile(filepath.Join("testdata", "systemd", version, "show-"+args[3]))
			case args[0] == "list-units":
				return os.ReadFile(filepath.Join("testdata", "systemd", version, "list-units"))
			}
			t.Errorf("systemctl %q", args)
			return nil, errors.ErrUnsupported
		},
	}
}

func TestSystemdOfTwoVersions(t *testing.T) {
	for _, c := range []struct{ version, unit, status, want string }{
		{"252", "sleepy", "", "active_state active\nsub_state running\nrestarts 1\nuptime 721.5474"},
		{"252", "fails.service", "fails.service is failed (failed, exit-code)", "active_state failed\nsub_state failed\nrestarts 0\nuptime "},
		{"252", "default.target", "", "active_state active\nsub_state active\nrestarts \nuptime 724.7302"},
		{"252", "-.mount", "", "sub_state mounted\nrestarts \nuptime 724.7558"},
		{"252", "slow.service", "slow.service is activating (start)", "active_state activating\nsub_state start\nrestarts 0\nuptime "},
		{"252", "bad.service", "bad.service is inactive (dead, bad-setting)", "active_state inactive\nuptime "},
		{"252", "tick.timer", "", "active_state active\nsub_state waiting\nrestarts \nuptime 1838.0017"},
		{"219", "sshd.service", "", "active_state active\nsub_state running\nrestarts \nuptime 1987.1968"},
		{"219", "iptables.service", "iptables.service is inactive (dead, masked)", "active_state inactive\nuptime "},
	} {
		r := mustRun(t, fakeSystemd(t, c.version), request(c.unit, nil))
		expect(t, r, "", c.want)
		if r.Status != c.status {
			t.Errorf("%s: %q", c.unit, r.Status)
		}
	}
	for _, template := range []string{"getty@", "getty@.service"} {
		r, _, err := runCheck(t, fakeSystemd(t, "252"), request(template, nil))
		if err != nil || !r.Unavailable || !strings.Contains(r.Status, "is a template") {
			t.Errorf("%s: %+v, %v", template, r, err)
		}
	}
	for _, version := range []string{"219", "252"} {
		r, _, err := runCheck(t, fakeSystemd(t, version), request("nosuch", nil))
		if err != nil || !r.Unavailable || r.Status != "No such unit: nosuch" {
			t.Errorf("%s: %+v, %v", version, r, err)
		}
	}
}

func TestSystemdTargets(t *testing.T) {
	for version, want := range map[string]string{
		"252": "-.mount fails.service sleepy.service dbus.socket dirmngr.socket gpg-agent-browser.socket pk-debconf-helper.socket getty@tty1.service slow.service",
		"219": "boot.mount kdump.service sshd.service getty@tty1.service systemd-tmpfiles-clean.timer",
	} {
		units, err := fakeSystemd(t, version).Targets(t.Context())
		if err != nil || strings.Join(units, " ") != want {
			t.Errorf("%s: %q, %v", version, units, err)
		}
	}
}

// The real systemctl, on hosts with and without systemd.
func TestSystemdOfThisHost(t *testing.T) {
	collecttest.Program(t, "systemctl", "systemd")
	c := typeNamed(t, Options{}, "agent.systemd").Checker
	r, err := c.Check(t.Context(), request("-.mount", nil))
	if systemdRuns() {
		if err != nil || value(r, "", "active_state") != "active" || value(r, "", "sub_state") != "mounted" || number(t, r, "", "uptime") <= 0 {
			t.Errorf("%+v, %v", r, err)
		}
		return
	}
	if err == nil || err.Error() != "systemd does not run this host" {
		t.Errorf("%+v, %v", r, err)
	}
	if units, err := c.(collect.Targeter).Targets(t.Context()); err == nil || err.Error() != "systemd does not run this host" {
		t.Errorf("%q, %v", units, err)
	}
}

func TestSystemdThatFails(t *testing.T) {
	s := fakeSystemd(t, "252")
	for _, c := range []struct {
		out  string
		err  error
		want string
	}{
		{"", &program.ExitError{Name: "systemctl", Code: 1, Stderr: "Failed to connect to bus: Host is down"}, "systemctl ended with code 1: Failed to connect to bus: Host is down"},
		{"", program.ErrMissing, "is not installed"},
		{"garbage\n=\nActiveState\n", nil, "systemctl does not report the state of x"},
	} {
		s.run = func(context.Context, ...string) ([]byte, error) { return []byte(c.out), c.err }
		if r, _, err := runCheck(t, s, request("x", nil)); err == nil || err.Error() != c.want {
			t.Errorf("%+v, %v", r, err)
		}
	}
}

func TestUnitNames(t *testing.T) {
	for name, want := range map[string]bool{
		"ssh": true, "ssh.service": true, "getty@tty1.service": true, `dev-disk-by\x2dlabel.device`: true, "-.mount": true, "-.slice": true, "a:b_c.d": true,
		"": false, "-": false, "--all": false, "-H": false, "a b": false, "a*": false, "a\n": false, "../x": false, "ü": false, strings.Repeat("a", 256): false,
	} {
		if isUnitName(name) != want {
			t.Errorf("%q", name)
		}
	}
}

func FuzzUnit(f *testing.F) {
	seeds, err := filepath.Glob("testdata/systemd/*/*")
	if err != nil || len(seeds) == 0 {
		f.Fatal(seeds, err)
	}
	for _, file := range seeds {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Fuzz(func(t *testing.T, out string) {
		if u := parseUnit(out); u.load != "" && !strings.Contains(out, "LoadState="+u.load) {
			t.Fatalf("%+v", u)
		}
		for _, name := range parseUnits(out) {
			if !isUnitName(name) || !strings.Contains(out, name) {
				t.Fatalf("%q", name)
			}
		}
	})
}
