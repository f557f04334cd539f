package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"virgo/schedule/ownership"
	"virgo/schedule/shorttext"
	"virgo/schedule/yaml"
)

// maxFileBytes bounds a configuration file of either kind.
const maxFileBytes = 32 << 10

// Load returns the settings of a run: the environment overrides the file at path, which overrides
// the defaults. A missing file counts as empty unless the user named it. env is os.Getenv, parse
// parses the file.
//
// Whatever is wrong becomes a Mistake of the Config, so that the host is checked all the same. That a
// file with a token or a proxy's password is accessible to others is one, even if the environment
// overrides these. The only error is one of parse that wraps yaml.ErrNotPlain.
func Load(path string, named bool, env func(string) string, parse yaml.Parser) (Config, error) {
	c, mode, err := loadFile(path, named, env, parse)
	if err != nil {
		return c, err
	}
	if c.Credential.isPlain() || c.Proxy.hasLogin() || c.hasPlainSecret() {
		if err := checkPrivate(c.Source, mode); err != nil {
			c.addMistake("token", err)
		}
	}
	c.environment()
	if c.AgentName == "" {
		c.AgentName = hostName()
	}
	if c.AgentID == "" {
		c.AgentID, c.ComputedID = DefaultAgentID(), true
	}
	if err := c.Validate(); err != nil {
		c.addMistake("", err)
	}
	c.checkFiles()
	c.UseCommonProxy()
	return c, nil
}

// checkFiles makes mistakes of files with certificates and keys that others may have changed. Those
// that are missing are reported where they are used.
func (c *Config) checkFiles() {
	for _, f := range [...]struct{ key, path string }{
		{"ca_file", c.CAFile}, {"client_cert", c.ClientCert}, {"client_key", c.ClientKey},
	} {
		if f.path == "" {
			continue
		}
		var fault *ownership.Fault
		if err := ownership.Check(f.path); errors.As(err, &fault) {
			c.addMistake(f.key, unsafeOr(err, f.key+": %w"))
		}
	}
}

// unsafeOr returns err as a mistake, formatted with form; with its hint if others may have changed the
// file.
func unsafeOr(err error, form string) *Error {
	e := &Error{Err: fmt.Errorf(form, err)}
	var fault *ownership.Fault
	if errors.As(err, &fault) {
		e.Next = fault.Fix
	}
	return e
}

// LoadFile returns the settings of a file without the environment, for `virgo setup`; other
// settings have their default. A missing file counts as empty. Error: *Error, the first mistake.
func LoadFile(path string, env func(string) string, parse yaml.Parser) (Config, error) {
	c, _, err := loadFile(path, false, env, parse)
	if err == nil {
		err = c.Err()
	}
	if err == nil && c.AgentID == "" {
		c.AgentID, c.ComputedID = DefaultAgentID(), true
	}
	return c, err
}

// loadFile returns the error of parse that wraps yaml.ErrNotPlain; others are mistakes.
func loadFile(
	path string, named bool, env func(string) string, parse yaml.Parser,
) (Config, fs.FileMode, error) {
	c := defaults(env)
	b, mode, err := readBounded(path, maxFileBytes)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !named:
		return c, 0, nil
	case errors.Is(err, fs.ErrNotExist):
		c.addMistake("", &Error{
			fmt.Errorf("reading the configuration: %w", err),
			"virgo setup --config " + shorttext.QuoteShell(path) + " writes one",
		})
		return c, 0, nil
	case err != nil:
		c.addMistake("", unsafeOr(err, "reading the configuration: %w"))
		return c, 0, nil
	}
	c.Source = path
	if isLegacy(b) {
		err = c.parseLegacy(path, b)
	} else {
		err = c.parseYAML(path, b, parse)
	}
	if errors.Is(err, yaml.ErrNotPlain) {
		return c, mode, err
	}
	if err != nil {
		c.addMistake("", err)
	}
	c.resolvePaths(filepath.Dir(path))
	return c, mode, nil
}

// resolvePaths makes relative paths absolute, relative to the file's folder: the timer starts runs
// in another folder than a person does.
func (c *Config) resolvePaths(dir string) {
	for _, path := range [...]*string{&c.CAFile, &c.ClientCert, &c.ClientKey} {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(dir, *path)
		}
	}
	c.resolveSecrets(dir)
	c.resolveSigners(dir)
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
