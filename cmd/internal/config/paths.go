package config

import "path/filepath"

// Paths are the default locations of files and folders.
type Paths struct {
	Config  string // the file virgo.yaml
	Checks  string // the folder of local checks, checks.d beside Config
	State   string // the folder of the spool
	Plugins string // the folder of plugins
	Scripts string // the folder of the owner's own checks in Lua
}

// WithConfig returns p with another configuration file; Checks becomes checks.d beside that file.
func (p Paths) WithConfig(path string) Paths {
	p.Config = path
	p.Checks = filepath.Join(filepath.Dir(path), "checks.d")
	return p
}
