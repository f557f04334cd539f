package config

import "path/filepath"

// DefaultPaths returns the paths in %ProgramData%\virgo.
func DefaultPaths(env func(string) string) Paths {
	base := env("ProgramData")
	if !filepath.IsAbs(base) {
		base = `C:\ProgramData`
	}
	base = filepath.Join(base, "virgo")
	return Paths{
		State:   filepath.Join(base, "state"),
		Plugins: filepath.Join(base, "plugins"),
		Scripts: filepath.Join(base, "scripts"),
	}.WithConfig(filepath.Join(base, "virgo.yaml"))
}
