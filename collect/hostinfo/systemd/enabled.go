package systemd

import (
	"path"
	"strings"

	"virgo/collect/hostinfo/source"
)

// IsEnabled reports whether a link of the owner's starts a unit, and no other link masks it.
func IsEnabled(h *source.Host, name string, problems *source.Problems) bool {
	return h.Link("/etc/systemd/system/"+name) != "/dev/null" && readEnabled(h, problems)[name] != ""
}

// readEnabled returns the units that links of the owner's start, with their state, and the template
// of each instance among them.
func readEnabled(h *source.Host, problems *source.Problems) map[string]string {
	enabled := map[string]string{}
	mark := func(name, state string) {
		if enabled[name] == "" {
			enabled[name] = state
		}
	}
	for _, place := range []struct{ folder, state string }{
		{"/etc/systemd/system", "enabled"}, {"/run/systemd/system", "enabled-runtime"},
	} {
		names, err := h.Names(place.folder)
		problems.Add(err)
		for _, name := range names {
			// A link of another name is an alias, which enables its target.
			target := path.Base(h.Link(place.folder + "/" + name))
			if target != "." && target != name && target != "null" {
				mark(target, place.state)
			}
			if !strings.HasSuffix(name, ".wants") && !strings.HasSuffix(name, ".requires") {
				continue
			}
			wanted, err := h.Names(place.folder + "/" + name)
			problems.Add(err)
			for _, unit := range wanted {
				mark(unit, place.state)
				if template, _ := splitInstance(unit); template != "" {
					mark(template, place.state)
				}
			}
		}
	}
	return enabled
}
