package hostinfo

import (
	"fmt"
	"strings"
	"testing"
)

// The tree is cut from what a booted Debian 12 has.
func TestUnitsOfABootedSystem(t *testing.T) {
	const cgroup = "sys/fs/cgroup/"
	const populated, empty = "populated 1\nfrozen 0\n", "populated 0\nfrozen 0\n"
	h := files(t, map[string]string{
		"usr/lib/systemd/system/systemd-udevd.service": "[Unit]\nDescription=Rule-based Manager\n",
		"usr/lib/systemd/system/getty@.service":        "[Unit]\nDescription=Getty on %I\n[Install]\nWantedBy=getty.target\n",
		"usr/lib/systemd/system/openvpn@.service":      "[Unit]\nDescription=VPN %i\n[Install]\nWantedBy=multi-user.target\n",
		"usr/lib/systemd/system/user@.service":         "[Unit]\nDescription=User Manager\n",
		"usr/lib/systemd/system/web.service":           "[Unit]\nDescription=In a slice\n",
		"usr/lib/systemd/system/old.service":           "[Unit]\nDescription=Version 1\n",
		"usr/lib/systemd/system/cpu.service":           "[Unit]\nDescription=Named like a file of the kernel's\n",
		"usr/lib/systemd/system/done.service":          "[Unit]\nDescription=Left nothing\n",
		"run/systemd/generator.late/exim4.service":     "[Unit]\nDescription=LSB: exim\n",
		"run/systemd/transient/run-u1.service":         "[Unit]\nDescription=By hand\n",

		"etc/systemd/system/multi-user.target.wants/openvpn@office.service": "",

		// A unit that was given its group to divide has its processes below it.
		cgroup + "system.slice/systemd-udevd.service/cgroup.events":                              populated,
		cgroup + "system.slice/systemd-udevd.service/cgroup.procs":                               "",
		cgroup + "system.slice/systemd-udevd.service/udev/cgroup.procs":                          "120\n",
		cgroup + "system.slice/system-getty.slice/getty@tty1.service/cgroup.events":              populated,
		cgroup + "system.slice/exim4.service/cgroup.events":                                      populated,
		cgroup + "system.slice/run-u1.service/cgroup.events":                                     populated,
		cgroup + "system.slice/_cpu.service/cgroup.events":                                       populated,
		cgroup + "system.slice/done.service/cgroup.events":                                       empty,
		cgroup + "apps.slice/apps-web.slice/web.service/cgroup.events":                           populated,
		cgroup + "user.slice/user-1001.slice/user@1001.service/cgroup.events":                    populated,
		cgroup + "user.slice/user-1001.slice/user@1001.service/app.slice/x.service/cgroup.procs": "99\n",
		cgroup + "systemd/system.slice/old.service/cgroup.procs":                                 "",
		cgroup + "systemd/system.slice/old.service/part/cgroup.procs":                            "7\n",
	})
	answer, err := readServices(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, u := range answer.(services).Units {
		fmt.Fprintf(&got, "%s %s %t %s\n", u.Name, u.State, u.Running, u.Description)
	}
	want := `cpu.service static true Named like a file of the kernel's
done.service static false Left nothing
exim4.service generated true LSB: exim
getty@.service disabled false Getty on %I
getty@tty1.service disabled true Getty on tty1
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
