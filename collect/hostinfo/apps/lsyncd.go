package apps

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"virgo/collect/hostinfo/conf"
	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
)

// maxSyncs of one configuration are reported.
const maxSyncs = 1000

// lsyncd is how the Live Syncing Daemon is set up.
type lsyncd struct {
	Installed  bool         `json:"installed" doc:"its program is installed; the rest is empty if not"`
	Bin        string       `json:"bin" doc:"path of its program"`
	Version    string       `json:"version" doc:"its version: 2.2.3"`
	Status     bool         `json:"status" doc:"it runs now"`
	ConfigFile []string     `json:"config_file" doc:"configuration files: those that it runs with, else the usual ones"`
	Syncs      []lsyncdSync `json:"syncs" doc:"what it synchronises"`
}

// An lsyncdSync is a sync{} of a configuration. Settings that are computed rather than written are
// empty.
type lsyncdSync struct {
	Mode      string `json:"mode" doc:"default.rsync, default.rsyncssh, default.direct"`
	Source    string `json:"source" doc:"folder that is watched"`
	Target    string `json:"target" doc:"where it goes: a folder, host::module or host:folder"`
	Host      string `json:"host" doc:"host of default.rsyncssh"`
	TargetDir string `json:"targetdir" doc:"folder on that host"`
	File      string `json:"file" doc:"the file that defines it"`
}

func lsyncdType() source.Type {
	return source.Type{
		Name:    "lsyncd",
		Summary: "what lsyncd (Live Syncing Daemon) synchronises",
		Systems: []string{"linux"},
		Shape:   lsyncd{},
		Read:    readLsyncd,
	}
}

func readLsyncd(ctx context.Context, h *source.Host) (any, error) {
	l := lsyncd{ConfigFile: []string{}, Syncs: []lsyncdSync{}}
	if l.Bin = h.Program("lsyncd"); l.Bin == "" {
		return l, nil
	}
	l.Installed = true
	var problems source.Problems
	out, err := h.Run(ctx, "lsyncd", "-version")
	problems.Add(err)
	if _, version, ok := strings.Cut(string(out), "Version: "); ok {
		l.Version = strings.TrimSpace(version)
	}
	for _, pid := range h.Processes("lsyncd") {
		l.Status = true
		arguments, err := h.Read(fmt.Sprintf("/proc/%d/cmdline", pid))
		problems.Add(err)
		for _, a := range strings.Split(string(arguments), "\x00") {
			if isLsyncdFile(a) && mayNameFile(h, pid, a) && !slices.Contains(l.ConfigFile, a) {
				l.ConfigFile = append(l.ConfigFile, a)
			}
		}
	}
	if len(l.ConfigFile) == 0 {
		for _, file := range []string{"/etc/lsyncd/lsyncd.conf.lua", "/etc/lsyncd.conf", "/etc/lsyncd/lsyncd.conf"} {
			if h.Exists(file) {
				l.ConfigFile = append(l.ConfigFile, file)
			}
		}
	}
	for _, file := range l.ConfigFile[:min(len(l.ConfigFile), 100)] {
		b, err := h.ReadContext(ctx, file)
		problems.Add(err)
		for _, s := range parseLsyncd(b) {
			s.File = file
			l.Syncs = append(l.Syncs, s)
		}
	}
	return l, problems.Err()
}

// mayNameFile reports whether a process may have a file read for it: root's processes any file,
// others those of their user. Anybody may start a program that names a file which only root may
// read.
func mayNameFile(h *source.Host, pid int, name string) bool {
	process, err := os.Stat(h.Path(fmt.Sprintf("/proc/%d", pid)))
	if err != nil {
		return false
	}
	user, _, ok := source.FileOwner(process)
	if !ok || user == 0 {
		return ok
	}
	file, err := os.Stat(h.Path(name))
	if err != nil {
		return false
	}
	owner, _, ok := source.FileOwner(file)
	return ok && owner == user
}

// isLsyncdFile reports whether an argument names a configuration file, as opposed to a folder to
// sync.
func isLsyncdFile(a string) bool {
	return strings.HasPrefix(a, "/") && (strings.HasSuffix(a, ".lua") || strings.HasSuffix(a, ".conf"))
}

// parseLsyncd finds each sync{ … } in a Lua program, and in it settings that are strings.
func parseLsyncd(b []byte) []lsyncdSync {
	var all []lsyncdSync
	text := conf.RemoveLuaComments(string(b))
	start := regexp.MustCompile(`\bsync\s*\{`)
	setting := regexp.MustCompile(`\b(source|target|host|targetdir)\s*=\s*(?:"([^"\n]{0,1000})"|'([^'\n]{0,1000})')`)
	mode := regexp.MustCompile(`^\s*([A-Za-z_][A-Za-z0-9_.]{0,64})\s*[,;}]`)
	for len(all) < maxSyncs {
		at := start.FindStringIndex(text)
		if at == nil {
			break
		}
		inner, rest := conf.CutLuaBlock(text[at[1]:])
		text = rest
		var s lsyncdSync
		if m := mode.FindStringSubmatch(inner + "}"); m != nil {
			s.Mode = m[1]
		}
		for _, m := range setting.FindAllStringSubmatch(inner, 100) {
			value := redact.Value("", m[2]+m[3])
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
