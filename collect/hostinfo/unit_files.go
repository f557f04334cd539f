package hostinfo

import (
	"context"
	"path"
	"slices"
	"strings"
)

// A systemdUnit is a unit file of systemd's (systemd.unit(5)).
type systemdUnit struct {
	Name        string `json:"name" doc:"name of the unit: nginx.service"`
	State       string `json:"state" doc:"as systemctl list-unit-files has it: enabled, enabled-runtime, disabled, static, masked, alias, indirect"`
	Running     bool   `json:"running" doc:"it has processes now"`
	Description string `json:"description" doc:"its Description"`
	File        string `json:"file" doc:"where it is written"`
}

// unitFolders are where unit files lie, the first one that has a unit wins.
func unitFolders() []string {
	return []string{
		"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system",
		"/usr/lib/systemd/system", "/lib/systemd/system",
	}
}

// unitFiles reads the units of the kinds that an owner starts and stops, by name. Links are looked at and not
// followed: their names tell what is enabled.
func (h *Host) unitFiles(ctx context.Context, f *faults) []systemdUnit {
	enabled := h.enabledUnits(f)
	units := map[string]systemdUnit{}
	for _, folder := range unitFolders() {
		names, err := h.names(folder)
		f.add(err)
		for _, name := range names {
			if _, seen := units[name]; seen || ctx.Err() != nil || !isServiceUnit(name) {
				continue
			}
			u := systemdUnit{Name: name, File: folder + "/" + name}
			u.State, u.Description = h.unitState(u.File, enabled)
			u.Running = h.unitRuns(name)
			units[name] = u
		}
	}
	var all []systemdUnit
	for _, u := range units {
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b systemdUnit) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func isServiceUnit(name string) bool {
	return slices.Contains([]string{".service", ".timer", ".socket", ".path"}, path.Ext(name))
}

// enabledUnits gives the units that links of the owner's start, with the state that this is, and of an
// instance also its template.
func (h *Host) enabledUnits(f *faults) map[string]string {
	enabled := map[string]string{}
	mark := func(name, state string) {
		if enabled[name] == "" {
			enabled[name] = state
		}
	}
	for _, place := range []struct{ folder, state string }{
		{"/etc/systemd/system", "enabled"}, {"/run/systemd/system", "enabled-runtime"},
	} {
		names, err := h.names(place.folder)
		f.add(err)
		for _, name := range names {
			// A link of another name is an alias, which enables what it leads to.
			if target := h.link(place.folder + "/" + name); target != "" {
				if base := path.Base(target); base != name && base != "null" {
					mark(base, place.state)
				}
			}
			if !strings.HasSuffix(name, ".wants") && !strings.HasSuffix(name, ".requires") {
				continue
			}
			wanted, err := h.names(place.folder + "/" + name)
			f.add(err)
			for _, unit := range wanted {
				mark(unit, place.state)
				if at := strings.IndexByte(unit, '@'); at > 0 {
					mark(unit[:at+1]+path.Ext(unit), place.state)
				}
			}
		}
	}
	return enabled
}

// unitState tells the state of one unit file and what it says of itself.
func (h *Host) unitState(file string, enabled map[string]string) (state, description string) {
	name := path.Base(file)
	if target := h.link(file); target != "" {
		switch path.Base(target) {
		case "null":
			return "masked", ""
		case name:
		default:
			return "alias", ""
		}
	}
	b, err := h.read(file)
	if err != nil {
		return "", ""
	}
	if len(b) == 0 {
		return "masked", "" // systemd takes an empty file for a masked unit
	}
	description, install := parseUnitFile(b)
	if enabled[name] != "" {
		return enabled[name], description
	}
	return install, description
}

// parseUnitFile gives what a unit file says of itself, and the state that it has while nothing enables it.
func parseUnitFile(b []byte) (description, state string) {
	state = "static"
	section := ""
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section = line
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		value = strings.TrimSpace(value)
		if !ok || value == "" {
			continue
		}
		switch key = strings.TrimSpace(key); {
		case section == "[Unit]" && key == "Description":
			description = plainText(value)
		case section == "[Install]" && (key == "WantedBy" || key == "RequiredBy" || key == "UpheldBy" || key == "Alias"):
			state = "disabled"
		case section == "[Install]" && key == "Also" && state == "static":
			state = "indirect"
		}
	}
	return description, state
}

// unitRuns says whether the control group of a unit of the system's has processes (cgroup v2, and v1 as
// systemd mounts it).
func (h *Host) unitRuns(name string) bool {
	for _, top := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/systemd"} {
		if b, err := h.read(top + "/system.slice/" + name + "/cgroup.procs"); err == nil && len(b) > 0 {
			return true
		}
	}
	return false
}
