//go:build unix

package config

import (
	"os"
	"os/user"
	"path/filepath"
)

// DefaultPaths returns the paths for root, or for another user those of the XDG Base Directory
// Specification.
func DefaultPaths(env func(string) string) Paths {
	return unixPaths(os.Geteuid() == 0, env)
}

func unixPaths(root bool, env func(string) string) Paths {
	if root {
		return Paths{State: "/var/lib/virgo", Plugins: "/usr/lib/virgo/plugins", Scripts: "/usr/lib/virgo/scripts"}.WithConfig("/etc/virgo/virgo.yaml")
	}
	base := func(name string, fallback ...string) string {
		dir := env(name)
		if !filepath.IsAbs(dir) { // the specification says to ignore relative paths
			dir = filepath.Join(append([]string{home(env)}, fallback...)...)
		}
		return filepath.Join(dir, "virgo")
	}
	return Paths{
		State:   base("XDG_STATE_HOME", ".local", "state"),
		Plugins: filepath.Join(base("XDG_DATA_HOME", ".local", "share"), "plugins"),
		Scripts: filepath.Join(base("XDG_DATA_HOME", ".local", "share"), "scripts"),
	}.WithConfig(filepath.Join(base("XDG_CONFIG_HOME", ".config"), "virgo.yaml"))
}

// home returns $HOME, or the home folder in the system's user database. A service may run without
// the variable, and its state must not depend on its working directory.
func home(env func(string) string) string {
	if dir := env("HOME"); filepath.IsAbs(dir) {
		return dir
	}
	if u, err := user.Current(); err == nil && filepath.IsAbs(u.HomeDir) {
		return u.HomeDir
	}
	return "/"
}
