package systemd

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
)

// A Unit is a unit file (systemd.unit(5)), or an instance of a template that is enabled or runs.
type Unit struct {
	Name        string `json:"name" doc:"name of the unit: nginx.service"`
	State       string `json:"state" doc:"as systemctl list-unit-files has it: enabled, enabled-runtime, disabled, static, masked, alias, indirect, generated, transient"`
	Running     bool   `json:"running" doc:"it has processes now"`
	Description string `json:"description" doc:"its Description"`
	File        string `json:"file" doc:"the file that defines it"`
}

// unitFolders are where unit files are, the folder that wins first.
func unitFolders() []string {
	return []string{
		"/run/systemd/transient", "/run/systemd/generator.early", "/etc/systemd/system", "/run/systemd/system",
		"/run/systemd/generator", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system",
		"/run/systemd/generator.late",
	}
}

// Units reads the services, timers, sockets and paths, by name.
func Units(ctx context.Context, h *source.Host, problems *source.Problems) []Unit {
	enabled, running := readEnabled(h, problems), readRunning(h)
	units := map[string]Unit{}
	for _, folder := range unitFolders() {
		names, err := h.Names(folder)
		problems.Add(err)
		for _, name := range names {
			if _, seen := units[name]; seen || ctx.Err() != nil || !isService(name) {
				continue
			}
			u := Unit{Name: name, File: folder + "/" + name, Running: running[name]}
			u.State, u.Description = readUnit(h, u, enabled)
			units[name] = u
		}
	}
	// Instances have no file of their own: getty@tty1.service.
	for name := range allKeys(enabled, running) {
		template, instance := splitInstance(name)
		from, known := units[template]
		if _, seen := units[name]; seen || !known || instance == "" {
			continue
		}
		u := Unit{Name: name, File: from.File, Running: running[name]}
		u.State, u.Description = readUnit(h, u, enabled)
		u.Description = strings.NewReplacer("%i", instance, "%I", instance).Replace(u.Description)
		units[name] = u
	}
	return slices.SortedFunc(maps.Values(units), func(a, b Unit) int { return strings.Compare(a.Name, b.Name) })
}

// allKeys are the units that are enabled or run.
func allKeys(enabled map[string]string, running map[string]bool) map[string]bool {
	all := maps.Clone(running)
	for name := range enabled {
		all[name] = true
	}
	return all
}

// splitInstance splits the name of an instance: getty@tty1.service is tty1 of getty@.service. Other
// names have no template.
func splitInstance(name string) (template, instance string) {
	before, after, found := strings.Cut(name, "@")
	suffix := path.Ext(name)
	if !found || len(after) < len(suffix) {
		return "", ""
	}
	return before + "@" + suffix, strings.TrimSuffix(after, suffix)
}

// isService reports whether a unit is of a kind that an owner starts and stops.
func isService(name string) bool {
	return slices.Contains([]string{".service", ".timer", ".socket", ".path"}, path.Ext(name))
}

// readUnit returns the state of a unit and the description in its file.
func readUnit(h *source.Host, u Unit, enabled map[string]string) (state, description string) {
	if target := h.Link(u.File); target != "" {
		switch path.Base(target) {
		case "null":
			return "masked", ""
		case path.Base(u.File):
		default:
			if !path.IsAbs(target) {
				target = path.Join(path.Dir(u.File), target)
			}
			if _, err := h.Read(target); errors.Is(err, fs.ErrNotExist) {
				return "bad", "" // what is left when the package of a unit has been removed
			}
			return "alias", ""
		}
	}
	b, err := h.Read(u.File)
	if err != nil {
		return "", ""
	}
	if len(b) == 0 {
		return "masked", "" // as systemd takes an empty file
	}
	description, whileNotEnabled := parseUnitFile(b)
	switch {
	case strings.HasPrefix(u.File, "/run/systemd/generator"):
		return "generated", description
	case strings.HasPrefix(u.File, "/run/systemd/transient/"):
		return "transient", description
	case enabled[u.Name] != "":
		return enabled[u.Name], description
	}
	return whileNotEnabled, description
}

// parseUnitFile returns the description in a unit file, and the state of the unit while no link
// enables it.
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
		switch section + strings.TrimSpace(key) {
		case "[Unit]Description":
			description = redact.Excerpt(value)
		case "[Install]WantedBy", "[Install]RequiredBy", "[Install]UpheldBy", "[Install]Alias":
			state = "disabled"
		case "[Install]Also":
			if state == "static" {
				state = "indirect"
			}
		}
	}
	return description, state
}
