package config

import "path/filepath"

// Paths says where things lie.
type Paths struct {
	Config  string // virgo.yaml
	Checks  string // the folder of the local checks, checks.d beside it
	State   string // the folder of the spool
	Plugins string
}

// WithConfig is for a configuration file of one's own: the local checks lie beside it.
func (p Paths) WithConfig(path string) Paths {
	p.Config = path
	p.Checks = filepath.Join(filepath.Dir(path), "checks.d")
	return p
}
