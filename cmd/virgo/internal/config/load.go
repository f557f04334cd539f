package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// maxFileBytes bounds a configuration file, of either kind.
const maxFileBytes = 32 << 10

// Load reads the settings for a run: the environment over the file at path over the defaults. A file that is
// not there counts as empty unless it was named. env is os.Getenv. Errors: *OwnersError, whose hint is the
// next step; a file that holds a token or a proxy's password and that others than its owner can use is one, whatever the
// environment says.
func Load(path string, named bool, env func(string) string) (Config, error) {
	c, mode, err := loadFile(path, named, env)
	if err != nil {
		return c, err
	}
	if c.Credential.isPlain() || c.Proxy.hasLogin() {
		if err := ownersAlone(c.Source, mode); err != nil {
			return c, err
		}
	}
	if err := c.environment(); err != nil {
		return c, err
	}
	if c.AgentName == "" {
		c.AgentName = hostName()
	}
	if c.AgentID == "" {
		c.AgentID = DefaultAgentID()
	}
	if err := c.Validate(); err != nil {
		return c, err
	}
	c.UseCommonProxy()
	return c, nil
}

// LoadFile reads a file alone, for `virgo setup`: what is not in it is the default. A missing file is empty.
func LoadFile(path string, env func(string) string) (Config, error) {
	c, _, err := loadFile(path, false, env)
	if err == nil && c.AgentID == "" {
		c.AgentID = DefaultAgentID()
	}
	return c, err
}

func loadFile(path string, named bool, env func(string) string) (Config, fs.FileMode, error) {
	c := defaults(env)
	b, mode, err := readBounded(path, maxFileBytes)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !named:
		return c, 0, nil
	case errors.Is(err, fs.ErrNotExist):
		return c, 0, &OwnersError{fmt.Errorf("reading the configuration: %w", err), "virgo setup --config " + shellWord(path) + " writes one"}
	case err != nil:
		return c, 0, &OwnersError{Err: fmt.Errorf("reading the configuration: %w", err)}
	}
	c.Source = path
	if isLegacy(b) {
		err = c.parseLegacy(path, b)
	} else {
		err = c.parseYAML(path, b)
	}
	c.anchor(filepath.Dir(path))
	return c, mode, err
}

// anchor makes paths that a file names relative to the file's own folder: a timetable starts a run in
// another folder than its owner does.
func (c *Config) anchor(dir string) {
	for _, path := range [...]*string{&c.CAFile, &c.ClientCert, &c.ClientKey} {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(dir, *path)
		}
	}
	if kind, rest := c.Credential.split(); kind == fromFile && rest != "" && !filepath.IsAbs(rest) {
		c.Credential = secret(fromFile + ":" + filepath.Join(dir, rest))
	}
}

func hostName() string {
	h, err := os.Hostname()
	if err != nil {
		return ""
	}
	return h
}
