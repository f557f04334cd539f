package hostinfo

import (
	"context"
	"path"
	"slices"
	"strings"
)

// Bounds of files that name others to be read too.
const (
	// maxJailIncludes is how deep they do.
	maxJailIncludes = 3
	// maxIncludedJails are read of those that one line names.
	maxIncludedJails = 10
)

// A jailConfig has the settings by section and name; names are in lower case, as Python's configparser
// compares them.
type jailConfig map[string]map[string]string

// jailConfig reads the files of jail.conf(5) in their order: what comes later wins.
func (h *Host) jailConfig(ctx context.Context, folder string, f *faults) jailConfig {
	c := jailConfig{}
	files := []string{folder + "/jail.conf"}
	files = append(files, h.glob(folder+"/jail.d/*.conf")...)
	files = append(files, folder+"/jail.local")
	files = append(files, h.glob(folder+"/jail.d/*.local")...)
	for _, file := range files[:min(len(files), maxConfigFiles)] {
		h.addJails(ctx, c, file, 0, f)
	}
	return c
}

// addJails adds a file with those that it names in [INCLUDES]: before it and after it.
func (h *Host) addJails(ctx context.Context, c jailConfig, file string, depth int, f *faults) {
	b, err := h.readUntil(ctx, file)
	f.add(err)
	lines := parseINI(b, true)
	include := func(key string) {
		for _, l := range lines {
			if l.section != "INCLUDES" || l.key != key || depth == maxJailIncludes {
				continue
			}
			names := strings.Fields(l.value)
			for _, name := range names[:min(len(names), maxIncludedJails)] {
				if path.Base(name) == name {
					h.addJails(ctx, c, path.Dir(file)+"/"+name, depth+1, f)
				}
			}
		}
	}
	include("before")
	for _, l := range lines {
		if l.section == "INCLUDES" {
			continue
		}
		if c[l.section] == nil {
			c[l.section] = map[string]string{}
		}
		c[l.section][strings.ToLower(l.key)] = l.value
	}
	include("after")
}

// enabledJails gives the jails that are to run, by name.
func enabledJails(c jailConfig) []fail2banJail {
	var all []fail2banJail
	for name := range c {
		if name == "DEFAULT" || name == "" {
			continue
		}
		get := func(key string) string { return plainText(c.value(name, key)) }
		switch strings.ToLower(get("enabled")) {
		case "true", "1", "yes", "on":
			all = append(all, fail2banJail{
				Name: name, Enabled: true, Port: get("port"), LogPath: get("logpath"),
				MaxRetry: get("maxretry"), FindTime: get("findtime"), BanTime: get("bantime"),
			})
		}
	}
	slices.SortFunc(all, func(a, b fail2banJail) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// value is a setting of a jail's, else the default, with other settings put in for %(name)s.
func (c jailConfig) value(jail, key string) string {
	lookup := func(key string) (string, bool) {
		key = strings.ToLower(key)
		if key == "__name__" {
			return jail, true
		}
		if v, ok := c[jail][key]; ok {
			return v, true
		}
		v, ok := c["DEFAULT"][key]
		return v, ok
	}
	text, _ := lookup(key)
	// Each turn puts in one level; a setting that names itself would never end.
	for range 10 {
		var out strings.Builder
		rest, changed := text, false
		for out.Len() < maxText {
			before, after, ok := strings.Cut(rest, "%(")
			out.WriteString(before)
			if rest = after; !ok {
				break
			}
			name, tail, closed := strings.Cut(after, ")s")
			v, known := lookup(name)
			if !closed || !known {
				out.WriteString("%(")
				continue
			}
			if secretSetting(name, v) {
				v = Redacted
			}
			out.WriteString(v)
			rest, changed = tail, true
		}
		if text = out.String(); !changed {
			break
		}
	}
	return strings.Join(strings.Fields(text), " ")
}
