package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// Load reads the settings for a run: the environment over the file at path over the defaults. A file that is
// not there counts as empty unless it was named. env is os.Getenv. Errors: *OwnersError, whose hint is the
// next step.
func Load(path string, named bool, env func(string) string) (Config, error) {
	c, err := loadFile(path, named, env)
	if err != nil {
		return c, err
	}
	if err := c.environment(env); err != nil {
		return c, err
	}
	if c.Credential.isPlain() && !c.tokenFromEnv && c.Source != "" {
		if err := ownersAlone(c.Source); err != nil {
			return c, err
		}
	}
	if c.AgentName == "" {
		c.AgentName = hostName()
	}
	if c.AgentID == "" {
		c.AgentID = DefaultAgentID()
	}
	return c, c.Validate()
}

// LoadFile reads a file alone, for `virgo setup`: what is not in it is the default. A missing file is empty.
func LoadFile(path string, env func(string) string) (Config, error) {
	c, err := loadFile(path, false, env)
	if err == nil && c.AgentID == "" {
		c.AgentID = DefaultAgentID()
	}
	return c, err
}

func loadFile(path string, named bool, env func(string) string) (Config, error) {
	c := defaults()
	c.env = env
	b, err := readBounded(path, maxFileBytes)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !named:
		return c, nil
	case errors.Is(err, fs.ErrNotExist):
		return c, &OwnersError{fmt.Errorf("reading the configuration: %w", err), "virgo setup --config " + path + " writes one"}
	case err != nil:
		return c, &OwnersError{Err: fmt.Errorf("reading the configuration: %w", err)}
	}
	c.Source = path
	if isLegacy(b) {
		return c, c.parseLegacy(path, b)
	}
	return c, c.parseYAML(path, b)
}

// environment reads VIRGO_ and the key in capitals; an empty variable counts as not set.
func (c *Config) environment(env func(string) string) error {
	for _, t := range []struct {
		name string
		to   *string
	}{
		{"VIRGO_AGENT_ID", &c.AgentID},
		{"VIRGO_AGENT_NAME", &c.AgentName},
		{"VIRGO_CA_FILE", &c.CAFile},
		{"VIRGO_SERVER_NAME", &c.ServerName},
	} {
		if v := env(t.name); v != "" {
			*t.to = v
		}
	}
	if v := env("VIRGO_ENDPOINT"); v != "" {
		c.Endpoints = splitList(v)
	}
	if v := env("VIRGO_PIN"); v != "" {
		c.Pins = splitList(v)
	}
	if v := env("VIRGO_TOKEN"); v != "" {
		c.Credential, c.tokenFromEnv = Secret{v}, true
	}
	if v := env("VIRGO_CONCURRENCY"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			return owners("VIRGO_CONCURRENCY: %q is no number", v)
		}
		c.Concurrency = n
	}
	return c.measures("VIRGO_…: ", env("VIRGO_SPOOL_MAX_BYTES"), env("VIRGO_SPOOL_MAX_AGE"), env("VIRGO_DEADLINE"), env("VIRGO_SCHEDULE_MAX_AGE"))
}

// splitList splits at commas and blanks.
func splitList(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
}

// IsOwners says whether err is one that the owner of the configuration can mend.
func IsOwners(err error) bool {
	var o *OwnersError
	return errors.As(err, &o)
}

func hostName() string {
	h, err := os.Hostname()
	if err != nil {
		return ""
	}
	return h
}
