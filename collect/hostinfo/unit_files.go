package hostinfo

import (
	"context"
	"path"
	"slices"
	"strings"
)

// A systemdUnit is a unit file of systemd's (systemd.unit(5)), or an instance of a template that is enabled or runs.
type systemdUnit struct {
	Name        string `json:"name" doc:"name of the unit: nginx.service"`
	State       string `json:"state" doc:"as systemctl list-unit-files has it: enabled, enabled-runtime, disabled, static, masked, alias, indirect, generated, transient"`
	Running     bool   `json:"running" doc:"it has processes now"`
	Description string `json:"description" doc:"its Description"`
	File        string `json:"file" doc:"where it is written"`
}

// unitFolders are where unit files lie, the first one that has a unit wins.
func unitFolders() []string {
	return []string{
		"/run/systemd/transient", "/run/systemd/generator.early", "/etc/systemd/system", "/run/systemd/system", "/run/systemd/generator",
		"/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system", "/run/systemd/generator.late",
	}
}

// unitFiles reads the units of the kinds that an owner starts and stops, by name. Links are looked at and not
// followed: their names tell what is enabled.
func (h *Host) unitFiles(ctx context.Context, f *faults) []systemdUnit {
	enabled, running := h.enabledUnits(f), h.runningUnits()
	units := map[string]systemdUnit{}
	for _, folder := range unitFolders() {
		names, err := h.names(folder)
		f.add(err)
		for _, name := range names {
			if _, seen := units[name]; seen || ctx.Err() != nil || !isServiceUnit(name) {
				continue
			}
			u := systemdUnit{Name: name, File: folder + "/" + name}
			u.State, u.Description = h.unitState(u, enabled)
			u.Running = running[name]
			units[name] = u
		}
	}
	// Instances have no file of their own: getty@tty1.service.
	for _, names := range []map[string]bool{enabledInstances(enabled), running} {
		for name := range names {
			template, instance := templateOf(name)
			from, known := units[template]
			if _, seen := units[name]; seen || !known || instance == "" {
				continue
			}
			u := systemdUnit{Name: name, File: from.File, Running: running[name]}
			u.State, u.Description = h.unitState(u, enabled)
			u.Description = strings.NewReplacer("%i", instance, "%I", instance).Replace(u.Description)
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

// templateOf splits the name of an instance: getty@tty1.service is tty1 of getty@.service. Other names have none.
func templateOf(name string) (template, instance string) {
	before, after, found := strings.Cut(name, "@")
	suffix := path.Ext(name)
	if !found || len(after) < len(suffix) {
		return "", ""
	}
	return before + "@" + suffix, strings.TrimSuffix(after, suffix)
}

// enabledInstances are the instances among the units that links start.
func enabledInstances(enabled map[string]string) map[string]bool {
	instances := map[string]bool{}
	for name := range enabled {
		if _, instance := templateOf(name); instance != "" && isServiceUnit(name) {
			instances[name] = true
		}
	}
	return instances
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

// unitState tells the state of a unit and what its file says of itself.
func (h *Host) unitState(u systemdUnit, enabled map[string]string) (state, description string) {
	if target := h.link(u.File); target != "" {
		switch path.Base(target) {
		case "null":
			return "masked", ""
		case path.Base(u.File):
		default:
			return "alias", ""
		}
	}
	b, err := h.read(u.File)
	if err != nil {
		return "", ""
	}
	if len(b) == 0 {
		return "masked", "" // systemd takes an empty file for a masked unit
	}
	description, install := parseUnitFile(b)
	switch {
	case strings.HasPrefix(u.File, "/run/systemd/generator"):
		return "generated", description
	case strings.HasPrefix(u.File, "/run/systemd/transient/"):
		return "transient", description
	case enabled[u.Name] != "":
		return enabled[u.Name], description
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
