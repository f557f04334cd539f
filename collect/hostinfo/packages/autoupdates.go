package packages

import (
	"context"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"virgo/collect/filetime"
	"virgo/collect/hostinfo/conf"
	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
	"virgo/collect/hostinfo/systemd"
)

// An autoUpdate is one way in which the host updates itself.
type autoUpdate struct {
	Method    string `json:"update_method" doc:"unattended_upgrades (apt), yum_cron, dnf_automatic"`
	Status    string `json:"status" doc:"enabled if it is scheduled and installs updates, else disabled"`
	Installed bool   `json:"installed" doc:"its program is installed"`
	Scheduled bool   `json:"scheduled" doc:"a timer, a service or cron runs it"`
	Downloads bool   `json:"downloads" doc:"it is configured to download updates"`
	Applies   bool   `json:"applies" doc:"it is configured to install updates"`
	Kind      string `json:"kind" doc:"which updates: of yum and dnf default, security or minimal, as written; default also for what they do not know; empty for apt, which has lists of origins"`
	Reboots   bool   `json:"reboots" doc:"it restarts the host if an update needs that"`
	LastRun   int64  `json:"last_run" doc:"when it ran last, ms since the epoch; 0 if unknown"`
}

func autoupdatesType() source.Type {
	return source.Type{
		Name:    "autoupdates",
		Summary: "whether automatic updates are enabled",
		Systems: []string{"linux"},
		Shape:   []autoUpdate{},
		Read:    readAutoUpdates,
	}
}

func readAutoUpdates(_ context.Context, h *source.Host) (any, error) {
	var problems source.Problems
	all := []autoUpdate{}
	if h.Exists("/etc/apt/apt.conf.d") {
		all = append(all, readUnattendedUpgrades(h, &problems))
	}
	if h.Exists("/etc/yum/yum-cron.conf") || h.Program("yum") != "" && h.Program("dnf", "dnf5") == "" {
		all = append(all, readYumCron(h, &problems))
	}
	if h.Exists("/etc/dnf") {
		all = append(all, readDnfAutomatic(h, &problems))
	}
	for i, u := range all {
		all[i].Status = "disabled"
		if u.Installed && u.Scheduled && u.Applies {
			all[i].Status = "enabled"
		}
	}
	return all, problems.Err()
}

// readUnattendedUpgrades reads the settings of /usr/lib/apt/apt.systemd.daily.
func readUnattendedUpgrades(h *source.Host, problems *source.Problems) autoUpdate {
	settings := map[string]string{}
	for _, file := range append(h.Glob("/etc/apt/apt.conf.d/*"), "/etc/apt/apt.conf") {
		// apt ignores files with an ending other than .conf.
		if ending := path.Ext(file); ending != "" && ending != ".conf" {
			continue
		}
		b, err := h.Read(file)
		problems.Add(err)
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
		Installed: h.Program("unattended-upgrade") != "",
		Scheduled: on("APT::Periodic::Enable", "1") &&
			(systemd.IsEnabled(h, "apt-daily-upgrade.timer", problems) ||
				h.Exists("/etc/cron.daily/apt-compat") && !h.Exists("/run/systemd/system")),
		Downloads: on("APT::Periodic::Download-Upgradeable-Packages", "0") ||
			on("APT::Periodic::Unattended-Upgrade", "0"),
		Applies: on("APT::Periodic::Unattended-Upgrade", "0"),
		Reboots: on("Unattended-Upgrade::Automatic-Reboot", "0"),
	}
	stamp := h.Path("/var/lib/apt/periodic/unattended-upgrades-stamp")
	if info, err := os.Stat(stamp); err == nil {
		u.LastRun = filetime.Modified(stamp, info).UnixMilli()
	}
	return u
}

// readYumCron reads the settings of yum-cron(8), which has a file for its daily run and one for its
// hourly run. The run that does more is reported, the daily if they do the same.
func readYumCron(h *source.Host, problems *source.Problems) autoUpdate {
	u := autoUpdate{
		Method:    "yum_cron",
		Installed: h.Exists("/etc/yum/yum-cron.conf"),
		Scheduled: systemd.IsEnabled(h, "yum-cron.service", problems) ||
			len(h.Glob("/etc/rc[.]d/rc3.d/S*yum-cron")) > 0,
	}
	hourly := u
	readYumCronRun(h, &u, "/etc/yum/yum-cron.conf", problems)
	readYumCronRun(h, &hourly, "/etc/yum/yum-cron-hourly.conf", problems)
	if hourly.Applies && !u.Applies || hourly.Downloads && !u.Downloads {
		return hourly
	}
	return u
}

func readYumCronRun(h *source.Host, u *autoUpdate, file string, problems *source.Problems) {
	readYumCommands(h, u, file, problems)
	u.Applies = u.Applies && u.Downloads // without downloading it stops before it installs
	// security may be followed by severities.
	kind, _, _ := strings.Cut(u.Kind, "-severity:")
	known := []string{"security", "default-security", "minimal", "minimal-security"}
	if u.Installed && !slices.Contains(known, kind) {
		u.Kind = "default"
	}
}

// dnf5Defaults are dnf5's settings if the owner's file has none (dnf5-automatic(8)).
const dnf5Defaults = "/usr/share/dnf5/dnf5-plugins/automatic.conf"

// readDnfAutomatic reads the settings of dnf-automatic(8). Some of its timers decide what is done,
// whatever the file says.
func readDnfAutomatic(h *source.Host, problems *source.Problems) autoUpdate {
	u := autoUpdate{
		Method:    "dnf_automatic",
		Installed: h.Program("dnf-automatic") != "" || h.Exists(dnf5Defaults),
	}
	readYumCommands(h, &u, dnf5Defaults, problems)
	readYumCommands(h, &u, "/etc/dnf/automatic.conf", problems)
	switch {
	case systemd.IsEnabled(h, "dnf-automatic-install.timer", problems):
		u.Scheduled, u.Downloads, u.Applies = true, true, true
	case systemd.IsEnabled(h, "dnf-automatic-download.timer", problems):
		u.Scheduled, u.Downloads, u.Applies = true, true, false
	case systemd.IsEnabled(h, "dnf-automatic-notifyonly.timer", problems):
		u.Scheduled, u.Downloads, u.Applies = true, false, false
	default:
		u.Scheduled = systemd.IsEnabled(h, "dnf-automatic.timer", problems) ||
			systemd.IsEnabled(h, "dnf5-automatic.timer", problems)
		u.Downloads = u.Downloads || u.Applies // it downloads what it installs, whatever that setting says
	}
	if u.Installed && u.Kind != "security" {
		u.Kind = "default"
	}
	return u
}

// readYumCommands reads the [commands] of yum-cron.conf and automatic.conf; other sections have
// passwords for mail.
func readYumCommands(h *source.Host, u *autoUpdate, file string, problems *source.Problems) {
	b, err := h.Read(file)
	problems.Add(err)
	for _, line := range conf.ParseINI(b, true) {
		if line.Section != "commands" {
			continue
		}
		yes := slices.Contains([]string{"yes", "true", "1", "on"}, strings.ToLower(line.Value))
		switch line.Key {
		case "download_updates":
			u.Downloads = yes
		case "apply_updates":
			u.Applies = yes
		case "upgrade_type", "update_cmd":
			u.Kind = redact.Excerpt(line.Value)
		case "reboot":
			u.Reboots = line.Value == "when-needed" || line.Value == "when-changed"
		}
	}
}
