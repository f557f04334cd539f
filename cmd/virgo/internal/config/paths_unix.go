//go:build unix

package config

import (
	"os"
	"path/filepath"
)

// DefaultPaths are root's, or a user's after the XDG Base Directory Specification.
func DefaultPaths(env func(string) string) Paths {
	if os.Geteuid() == 0 {
		return Paths{State: "/var/lib/virgo", Plugins: "/usr/lib/virgo/plugins"}.WithConfig("/etc/virgo/virgo.yaml")
	}
	base := func(name string, fallback ...string) string {
		dir := env(name)
		if !filepath.IsAbs(dir) { // the specification: a relative path is to be ignored
			dir = filepath.Join(append([]string{env("HOME")}, fallback...)...)
		}
		return filepath.Join(dir, "virgo")
	}
	return Paths{
		State:   base("XDG_STATE_HOME", ".local", "state"),
		Plugins: filepath.Join(base("XDG_DATA_HOME", ".local", "share"), "plugins"),
	}.WithConfig(filepath.Join(base("XDG_CONFIG_HOME", ".config"), "virgo.yaml"))
}
