package hostinfo

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"
)

// An autoUpdate is one way by which the host updates itself.
type autoUpdate struct {
	Method    string `json:"update_method" doc:"unattended_upgrades (apt), yum_cron, dnf_automatic"`
	Status    string `json:"status" doc:"enabled where it runs by itself and installs what it finds, else disabled"`
	Installed bool   `json:"installed" doc:"its program is installed"`
	Scheduled bool   `json:"scheduled" doc:"it runs by itself, by a timer, a service or cron"`
	Downloads bool   `json:"downloads" doc:"it is told to fetch updates"`
	Applies   bool   `json:"applies" doc:"it is told to install updates"`
	Kind      string `json:"kind" doc:"what it takes: of yum and dnf default, security or minimal, as written; default too where they do not know what is written; empty for apt, which goes by lists of origins"`
	Reboots   bool   `json:"reboots" doc:"it restarts the host where an update needs that"`
	LastRun   int64  `json:"last_run" doc:"when it ran last, ms since the epoch; 0 where that is not known"`
}

func autoupdatesType() Type {
	return Type{
		Name:    "autoupdates",
		Summary: "whether the host updates itself",
		Systems: []string{"linux"},
		Shape:   []autoUpdate{},
		Read:    readAutoUpdates,
	}
}

func readAutoUpdates(_ context.Context, h *Host) (any, error) {
	var f faults
	all := []autoUpdate{}
	if h.exists("/etc/apt/apt.conf.d") {
		all = append(all, h.unattendedUpgrades(&f))
	}
	if h.exists("/etc/yum/yum-cron.conf") || h.binary("yum") != "" && h.binary("dnf", "dnf5") == "" {
		all = append(all, h.yumCron(&f))
	}
	if h.exists("/etc/dnf") {
		all = append(all, h.dnfAutomatic(&f))
	}
	for i, u := range all {
		all[i].Status = "disabled"
		if u.Installed && u.Scheduled && u.Applies {
			all[i].Status = "enabled"
		}
	}
	return all, f.err()
}

// unattendedUpgrades reads what /usr/lib/apt/apt.systemd.daily goes by.
func (h *Host) unattendedUpgrades(f *faults) autoUpdate {
	settings := map[string]string{}
	for _, file := range append(h.glob("/etc/apt/apt.conf.d/*"), "/etc/apt/apt.conf") {
		// apt leaves out what has an ending other than .conf.
		if name := file[strings.LastIndexByte(file, '/')+1:]; strings.Contains(name, ".") && !strings.HasSuffix(name, ".conf") {
			continue
		}
		b, err := h.read(file)
		f.add(err)
		maps.Copy(settings, parseAptConfig(b))
	}
	on := func(name, otherwise string) bool {
		value := strings.ToLower(settings[strings.ToLower(name)])
		if value == "" {
			value = otherwise
		}
		return !slices.Contains([]string{"", "0", "false", "no", "off", "without", "disable"}, value)
	}
	u := autoUpdate{
		Method:    "unattended_upgrades",
		Installed: h.binary("unattended-upgrade") != "",
		Scheduled: on("APT::Periodic::Enable", "1") &&
			(h.unitEnabled("apt-daily-upgrade.timer", f) || h.exists("/etc/cron.daily/apt-compat") && !h.exists("/run/systemd/system")),
		Downloads: on("APT::Periodic::Download-Upgradeable-Packages", "0") || on("APT::Periodic::Unattended-Upgrade", "0"),
		Applies:   on("APT::Periodic::Unattended-Upgrade", "0"),
		Reboots:   on("Unattended-Upgrade::Automatic-Reboot", "0"),
	}
	if info, err := os.Stat(h.path("/var/lib/apt/periodic/unattended-upgrades-stamp")); err == nil {
		u.LastRun = info.ModTime().UnixMilli()
	}
	return u
}

// yumCron reads what yum-cron(8) goes by: a file for its daily run and one for the hourly; what is told is the run
// that does more, the daily where they do the same.
func (h *Host) yumCron(f *faults) autoUpdate {
	u := autoUpdate{
		Method:    "yum_cron",
		Installed: h.exists("/etc/yum/yum-cron.conf"),
		Scheduled: h.unitEnabled("yum-cron.service", f) || len(h.glob("/etc/rc[.]d/rc3.d/S*yum-cron")) > 0,
	}
	hourly := u
	h.yumCronRun(&u, "/etc/yum/yum-cron.conf", f)
	h.yumCronRun(&hourly, "/etc/yum/yum-cron-hourly.conf", f)
	if hourly.Applies && !u.Applies || hourly.Downloads && !u.Downloads {
		return hourly
	}
	return u
}

func (h *Host) yumCronRun(u *autoUpdate, file string, f *faults) {
	h.yumStyle(u, file, f)
	u.Applies = u.Applies && u.Downloads // it ends before it would install where it is not told to fetch
	// Severities may stand behind those of security.
	kind, _, _ := strings.Cut(u.Kind, "-severity:")
	if u.Installed && !slices.Contains([]string{"security", "default-security", "minimal", "minimal-security"}, kind) {
		u.Kind = "default"
	}
}

// dnf5Defaults has what dnf5 goes by where the owner's file says nothing (dnf5-automatic(8)).
const dnf5Defaults = "/usr/share/dnf5/dnf5-plugins/automatic.conf"

// dnfAutomatic reads what dnf-automatic(8) goes by; some of its timers say themselves what is done, whatever
// the file says.
func (h *Host) dnfAutomatic(f *faults) autoUpdate {
	u := autoUpdate{
		Method:    "dnf_automatic",
		Installed: h.binary("dnf-automatic") != "" || h.exists(dnf5Defaults),
	}
	h.yumStyle(&u, dnf5Defaults, f)
	h.yumStyle(&u, "/etc/dnf/automatic.conf", f)
	switch {
	case h.unitEnabled("dnf-automatic-install.timer", f):
		u.Scheduled, u.Downloads, u.Applies = true, true, true
	case h.unitEnabled("dnf-automatic-download.timer", f):
		u.Scheduled, u.Downloads, u.Applies = true, true, false
	case h.unitEnabled("dnf-automatic-notifyonly.timer", f):
		u.Scheduled, u.Downloads, u.Applies = true, false, false
	default:
		u.Scheduled = h.unitEnabled("dnf-automatic.timer", f) || h.unitEnabled("dnf5-automatic.timer", f)
		u.Downloads = u.Downloads || u.Applies // to install it fetches, whatever it is told of fetching
	}
	if u.Installed && u.Kind != "security" {
		u.Kind = "default"
	}
	return u
}

// yumStyle reads the [commands] of yum-cron.conf and of automatic.conf; the rest of them has passwords for
// mail.
func (h *Host) yumStyle(u *autoUpdate, file string, f *faults) {
	b, err := h.read(file)
	f.add(err)
	for _, line := range parseINI(b, true) {
		if line.section != "commands" {
			continue
		}
		yes := slices.Contains([]string{"yes", "true", "1", "on"}, strings.ToLower(line.value))
		switch line.key {
		case "download_updates":
			u.Downloads = yes
		case "apply_updates":
			u.Applies = yes
		case "upgrade_type", "update_cmd":
			u.Kind = plainText(line.value)
		case "reboot":
			u.Reboots = line.value == "when-needed" || line.value == "when-changed"
		}
	}
}

// unitEnabled says whether the owner's links start a unit, and no other link masks it.
func (h *Host) unitEnabled(name string, f *faults) bool {
	if h.link("/etc/systemd/system/"+name) == "/dev/null" {
		return false
	}
	return h.enabledUnits(f)[name] != ""
}
