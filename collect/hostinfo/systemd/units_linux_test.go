package systemd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"virgo/collect/hostinfo/source"
	"virgo/collect/hostinfo/sourcetest"
)

func TestUnitsAgreeWithSystemctl(t *testing.T) {
	var problems source.Problems
	units := Units(t.Context(), &source.Host{}, &problems)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	state := map[string]string{}
	files := 0
	for _, u := range units {
		state[u.Name] = u.State
		if _, instance := splitInstance(u.Name); instance == "" && u.State != "generated" && u.State != "transient" {
			files++
		}
	}
	seen := 0
	for _, w := range sourcetest.Lines(t, "systemd", "systemctl", "list-unit-files", "--no-legend",
		"--no-pager", "--root=/") {
		// Units of run time and of /etc/init.d have no file in the unit folders.
		if !isService(w[0]) || w[1] == "generated" || w[1] == "transient" {
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

// A link to a unit whose package was removed is no alias of anything.
func TestLinksToUnits(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "etc/systemd/system")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.service"), []byte("[Unit]\nDescription=A\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	h := &source.Host{Root: root}
	for target, want := range map[string]string{
		"/etc/systemd/system/a.service": "alias", "a.service": "alias", "../system/a.service": "alias",
		"/etc/systemd/system/gone.service": "bad", "gone.service": "bad", "/dev/null": "masked",
	} {
		link := filepath.Join(dir, "b.service")
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
		if state, _ := readUnit(h, Unit{Name: "b.service", File: "/etc/systemd/system/b.service"}, nil); state != want {
			t.Errorf("a link to %s is %q, want %q", target, state, want)
		}
		if err := os.Remove(link); err != nil {
			t.Fatal(err)
		}
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

// The tree is taken from a booted Debian 12.
func TestUnitsOfABootedSystem(t *testing.T) {
	const cgroup = "sys/fs/cgroup/"
	const populated, empty = "populated 1\nfrozen 0\n", "populated 0\nfrozen 0\n"
	h := sourcetest.Tree(t, map[string]string{
		"usr/lib/systemd/system/systemd-udevd.service": "[Unit]\nDescription=Rule-based Manager\n",
		"usr/lib/systemd/system/getty@.service":        "[Unit]\nDescription=Getty on %I\n[Install]\nWantedBy=getty.target\n",
		"etc/systemd/system/getty@tty9.service":        "[Unit]\nDescription=Its own file\n",
		"usr/lib/systemd/system/openvpn@.service":      "[Unit]\nDescription=VPN %i\n[Install]\nWantedBy=multi-user.target\n",
		"usr/lib/systemd/system/user@.service":         "[Unit]\nDescription=User Manager\n",
		"usr/lib/systemd/system/web.service":           "[Unit]\nDescription=In a slice\n",
		"usr/lib/systemd/system/old.service":           "[Unit]\nDescription=Version 1\n",
		"usr/lib/systemd/system/cpu.service":           "[Unit]\nDescription=Named like a file of the kernel's\n",
		"usr/lib/systemd/system/done.service":          "[Unit]\nDescription=Left nothing\n",
		"run/systemd/generator.late/exim4.service":     "[Unit]\nDescription=LSB: exim\n",
		"run/systemd/transient/run-u1.service":         "[Unit]\nDescription=By hand\n",

		"etc/systemd/system/multi-user.target.wants/openvpn@office.service": "",

		// A unit with a delegated group has its processes below it.
		cgroup + "system.slice/systemd-udevd.service/cgroup.events":                              populated,
		cgroup + "system.slice/systemd-udevd.service/cgroup.procs":                               "",
		cgroup + "system.slice/systemd-udevd.service/udev/cgroup.procs":                          "120\n",
		cgroup + "system.slice/system-getty.slice/getty@tty1.service/cgroup.events":              populated,
		cgroup + "system.slice/system-getty.slice/getty@tty9.service/cgroup.events":              populated,
		cgroup + "system.slice/exim4.service/cgroup.events":                                      populated,
		cgroup + "system.slice/run-u1.service/cgroup.events":                                     populated,
		cgroup + "system.slice/_cpu.service/cgroup.events":                                       populated,
		cgroup + "system.slice/done.service/cgroup.events":                                       empty,
		cgroup + "apps.slice/apps-web.slice/web.service/cgroup.events":                           populated,
		cgroup + "user.slice/user-1001.slice/user@1001.service/cgroup.events":                    populated,
		cgroup + "user.slice/user-1001.slice/user@1001.service/app.slice/x.service/cgroup.procs": "99\n",
		cgroup + "systemd/system.slice/old.service/cgroup.procs":                                 "",
		cgroup + "systemd/system.slice/old.service/part/cgroup.procs":                            "7\n",
	}, nil)
	var problems source.Problems
	units := Units(t.Context(), h, &problems)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, u := range units {
		fmt.Fprintf(&got, "%s %s %t %s\n", u.Name, u.State, u.Running, u.Description)
	}
	want := `cpu.service static true Named like a file of the kernel's
done.service static false Left nothing
exim4.service generated true LSB: exim
getty@.service disabled false Getty on %I
getty@tty1.service disabled true Getty on tty1
getty@tty9.service static true Its own file
old.service static true Version 1
openvpn@.service enabled false VPN %i
openvpn@office.service enabled false VPN office
run-u1.service transient true By hand
systemd-udevd.service static true Rule-based Manager
user@.service static false User Manager
user@1001.service static true User Manager
web.service static true In a slice
`
	if got.String() != want {
		t.Errorf("got:\n%swant:\n%s", &got, want)
	}
}

func FuzzUnitFile(f *testing.F) {
	sourcetest.Seeds(f, "software/*/usr/lib/systemd/system/*")
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, state := parseUnitFile(b); state != "static" && state != "disabled" && state != "indirect" {
			t.Error(state)
		}
	})
}

func TestIsEnabled(t *testing.T) {
	h := sourcetest.Tree(t, map[string]string{
		"etc/systemd/system/timers.target.wants/on.timer":     "",
		"etc/systemd/system/timers.target.wants/masked.timer": "",
	}, nil)
	if err := os.Symlink("/dev/null", h.Path("/etc/systemd/system/masked.timer")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"on.timer": true, "masked.timer": false, "off.timer": false} {
		var problems source.Problems
		if got := IsEnabled(h, name, &problems); got != want || problems.Err() != nil {
			t.Errorf("%s: %v, %v", name, got, problems.Err())
		}
	}
}
