package apps

import (
	"context"
	"path"
	"slices"
	"strings"

	"virgo/collect/hostinfo/conf"
	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
)

// Bounds of files that name others.
const (
	// maxJailFiles are read, without those that other files name.
	maxJailFiles = 2000
	// maxJailIncludes is how deep files may name each other.
	maxJailIncludes = 3
	// maxIncludedJails are read of the files that one line names.
	maxIncludedJails = 10
)

// A jailConfig has settings by section and name. Names are in lower case, as Python's configparser
// compares them.
type jailConfig map[string]map[string]string

// readJailConfig reads the files of jail.conf(5) in their order: the last setting wins.
func readJailConfig(ctx context.Context, h *source.Host, folder string, problems *source.Problems) jailConfig {
	c := jailConfig{}
	files := []string{folder + "/jail.conf"}
	files = append(files, h.Glob(folder+"/jail.d/*.conf")...)
	files = append(files, folder+"/jail.local")
	files = append(files, h.Glob(folder+"/jail.d/*.local")...)
	for _, file := range files[:min(len(files), maxJailFiles)] {
		readJailFile(ctx, h, c, file, 0, problems)
	}
	return c
}

// readJailFile adds a file and those that it names in [INCLUDES], before and after itself.
func readJailFile(
	ctx context.Context, h *source.Host, c jailConfig, file string, depth int, problems *source.Problems,
) {
	b, err := h.ReadContext(ctx, file)
	problems.Add(err)
	lines := conf.ParseINI(b, true)
	include := func(key string) {
		for _, l := range lines {
			if l.Section != "INCLUDES" || l.Key != key || depth == maxJailIncludes {
				continue
			}
			names := strings.Fields(l.Value)
			for _, name := range names[:min(len(names), maxIncludedJails)] {
				if path.Base(name) == name {
					readJailFile(ctx, h, c, path.Dir(file)+"/"+name, depth+1, problems)
				}
			}
		}
	}
	include("before")
	for _, l := range lines {
		if l.Section == "INCLUDES" {
			continue
		}
		c.set(l)
	}
	include("after")
}

func (c jailConfig) set(s conf.Setting) {
	if c[s.Section] == nil {
		c[s.Section] = map[string]string{}
	}
	c[s.Section][strings.ToLower(s.Key)] = s.Value
}

// enabledJails returns the jails that the configuration enables, by name.
func enabledJails(c jailConfig) []fail2banJail {
	var all []fail2banJail
	for name := range c {
		if name == "DEFAULT" || name == "" {
			continue
		}
		get := func(key string) string { return redact.Value(key, c.value(name, key)) }
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

// value is a setting of a jail, else the default, with other settings inserted for %(name)s.
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
	// Each pass inserts one level; a setting that names itself would never end.
	const maxPasses = 10
	for range maxPasses {
		var out strings.Builder
		rest, changed := text, false
		for out.Len() < redact.MaxExcerpt {
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
			if redact.IsSecret("x_"+name, v) { // also of a key, whatever its length
				v = redact.Mark
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
