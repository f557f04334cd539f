package hostinfo

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// lsyncd is how the Live Syncing Daemon is set up.
type lsyncd struct {
	Installed  bool         `json:"installed" doc:"its program is there; the rest is empty where it is not"`
	Bin        string       `json:"bin" doc:"path of its program"`
	Version    string       `json:"version" doc:"its version: 2.2.3"`
	Status     bool         `json:"status" doc:"it runs now"`
	ConfigFile []string     `json:"config_file" doc:"configuration files: those that it runs with, else those in the usual places"`
	Syncs      []lsyncdSync `json:"syncs" doc:"what it keeps in step"`
}

// A lsyncdSync is a sync{} of a configuration, as far as it is written out: what its program works out is
// left empty.
type lsyncdSync struct {
	Mode      string `json:"mode" doc:"default.rsync, default.rsyncssh, default.direct"`
	Source    string `json:"source" doc:"folder that is watched"`
	Target    string `json:"target" doc:"where it goes: a folder, host::module or host:folder"`
	Host      string `json:"host" doc:"host of default.rsyncssh"`
	TargetDir string `json:"targetdir" doc:"folder on that host"`
	File      string `json:"file" doc:"where it is written"`
}

func lsyncdType() Type {
	return Type{
		Name:    "lsyncd",
		Summary: "what the Live Syncing Daemon keeps in step",
		Systems: []string{"linux"},
		Shape:   lsyncd{},
		Read:    readLsyncd,
	}
}

func readLsyncd(ctx context.Context, h *Host) (any, error) {
	l := lsyncd{ConfigFile: []string{}, Syncs: []lsyncdSync{}}
	if l.Bin = h.binary("lsyncd"); l.Bin == "" {
		return l, nil
	}
	l.Installed = true
	var f faults
	out, err := h.output(ctx, "lsyncd", "-version")
	f.add(err)
	if _, version, ok := strings.Cut(string(out), "Version: "); ok {
		l.Version = strings.TrimSpace(version)
	}
	for _, pid := range h.daemons("lsyncd") {
		l.Status = true
		arguments, err := h.read(fmt.Sprintf("/proc/%d/cmdline", pid))
		f.add(err)
		for _, a := range strings.Split(string(arguments), "\x00") {
			if isLsyncdFile(a) && h.ownFile(pid, a) && !slices.Contains(l.ConfigFile, a) {
				l.ConfigFile = append(l.ConfigFile, a)
			}
		}
	}
	if len(l.ConfigFile) == 0 {
		for _, file := range []string{"/etc/lsyncd/lsyncd.conf.lua", "/etc/lsyncd.conf", "/etc/lsyncd/lsyncd.conf"} {
			if h.exists(file) {
				l.ConfigFile = append(l.ConfigFile, file)
			}
		}
	}
	for _, file := range l.ConfigFile[:min(len(l.ConfigFile), 100)] {
		b, err := h.readUntil(ctx, file)
		f.add(err)
		for _, s := range parseLsyncd(b) {
			s.File = file
			l.Syncs = append(l.Syncs, s)
		}
	}
	return l, f.err()
}

// ownFile says whether a process may have a file read for it: root's any, another's one of the same user. Anybody may
// start a program that names a file which only root may read.
func (h *Host) ownFile(pid int, name string) bool {
	process, err := os.Stat(h.path(fmt.Sprintf("/proc/%d", pid)))
	if err != nil {
		return false
	}
	user, _, ok := fileOwner(process)
	if !ok || user == 0 {
		return ok
	}
	file, err := os.Stat(h.path(name))
	if err != nil {
		return false
	}
	owner, _, ok := fileOwner(file)
	return ok && owner == user
}

// isLsyncdFile says whether an argument names a configuration file, as opposed to a folder to sync.
func isLsyncdFile(a string) bool {
	return strings.HasPrefix(a, "/") && (strings.HasSuffix(a, ".lua") || strings.HasSuffix(a, ".conf"))
}

// parseLsyncd finds sync{ … } in a program in Lua, and in it settings that are texts.
func parseLsyncd(b []byte) []lsyncdSync {
	var all []lsyncdSync
	text := dropLuaComments(string(b))
	start := regexp.MustCompile(`\bsync\s*\{`)
	setting := regexp.MustCompile(`\b(source|target|host|targetdir)\s*=\s*(?:"([^"\n]{0,1000})"|'([^'\n]{0,1000})')`)
	mode := regexp.MustCompile(`^\s*([A-Za-z_][A-Za-z0-9_.]{0,64})\s*[,;}]`)
	for len(all) < maxFound {
		at := start.FindStringIndex(text)
		if at == nil {
			break
		}
		inner, rest := luaTable(text[at[1]:])
		text = rest
		var s lsyncdSync
		if m := mode.FindStringSubmatch(inner + "}"); m != nil {
			s.Mode = m[1]
		}
		for _, m := range setting.FindAllStringSubmatch(inner, 100) {
			value := plainText(m[2] + m[3])
			switch m[1] {
			case "source":
				s.Source = value
			case "target":
				s.Target = value
			case "host":
				s.Host = value
			case "targetdir":
				s.TargetDir = value
			}
		}
		if s != (lsyncdSync{}) {
			all = append(all, s)
		}
	}
	return all
}
