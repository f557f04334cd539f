package config

import (
	"errors"
	"strconv"
	"strings"
)

// A setting is one key of the file and the variable that beats it.
type setting struct {
	// key as the file writes it; one below another key is written with a point.
	key string
	// list says that it takes several values: a list in the file, commas in the variable.
	list bool
	// set takes checked values, at least one unless emptyIsNone. Its error says what is wrong, not where.
	set func(c *Config, values []string) error
}

// settings are all that a file or the environment can say. endpoints is endpoint's other name in a file.
var settings = [...]setting{
	{"endpoint", true, setEndpoints},
	{"endpoints", true, setEndpoints},
	{"token", false, func(c *Config, v []string) error { c.Credential = secret(v[0]); return checkToken(v[0]) }},
	{"agent_id", false, text(func(c *Config) *string { return &c.AgentID }, checkAgentID)},
	{"agent_name", false, text(func(c *Config) *string { return &c.AgentName }, checkName)},
	{"ca_file", false, text(func(c *Config) *string { return &c.CAFile }, checkPath)},
	{"pin", true, func(c *Config, v []string) error { c.Pins = v; return checkPins(v) }},
	{"backup_pin", true, func(c *Config, v []string) error { c.BackupPins = v; return checkPins(v) }},
	{"server_name", false, text(func(c *Config) *string { return &c.ServerName }, checkName)},
	{"client_cert", false, text(func(c *Config) *string { return &c.ClientCert }, checkPath)},
	{"client_key", false, text(func(c *Config) *string { return &c.ClientKey }, checkPath)},
	{"proxy", false, func(c *Config, v []string) error { c.Proxy = proxyAt(v[0], ""); return checkProxy(c.Proxy) }},
	{"no_proxy", true, func(c *Config, v []string) error { c.NoProxy = v; return checkNoProxy(v) }},
	{"spool.max_bytes", false, func(c *Config, v []string) (err error) {
		if c.SpoolMaxBytes, err = parseSize(v[0]); err != nil {
			return err
		}
		return checkSpoolBytes(c.SpoolMaxBytes)
	}},
	{"spool.max_age", false, span(func(c *Config) *timeSpan { return &c.SpoolMaxAge }, maxAgeBounds)},
	{"deadline", false, span(func(c *Config) *timeSpan { return &c.Deadline }, deadlineBounds)},
	{"concurrency", false, func(c *Config, v []string) error {
		n, err := strconv.Atoi(v[0])
		if err != nil {
			return errors.New("not a whole number")
		}
		c.Concurrency = n
		return checkConcurrency(n)
	}},
	{"allow_remote", true, func(c *Config, v []string) (err error) { c.AllowRemote, err = checkAllowed(v); return err }},
	{"host_info_deny", true, func(c *Config, v []string) error { c.HostInfoDeny = v; return checkDenied(v) }},
	{"schedule_max_age", false, span(func(c *Config) *timeSpan { return &c.ScheduleMaxAge }, scheduleAgeBounds)},
}

// emptyIsNone says that an empty list in the file is no absence, to be filled by the default: whoever lists no questions
// allows none.
func (s *setting) emptyIsNone() bool { return s.key == "allow_remote" }

// variable is the setting's name in the environment.
func (s *setting) variable() string {
	return "VIRGO_" + strings.ToUpper(strings.ReplaceAll(s.key, ".", "_"))
}

func setEndpoints(c *Config, values []string) error {
	c.Endpoints = values
	return checkEndpoints(values)
}

func text(field func(*Config) *string, check func(string) error) func(*Config, []string) error {
	return func(c *Config, v []string) error {
		*field(c) = v[0]
		return check(v[0])
	}
}

func span(field func(*Config) *timeSpan, bounds bounds) func(*Config, []string) error {
	return func(c *Config, v []string) error {
		d, err := parseSpan(v[0])
		if err != nil {
			return err
		}
		*field(c) = d
		return bounds.check(d)
	}
}

// environment reads the variables; an empty one counts as not set.
func (c *Config) environment() error {
	for i := range settings {
		s := &settings[i]
		if s.key == "endpoints" {
			continue
		}
		name := s.variable()
		value := strings.TrimSpace(c.getenv(name))
		if value == "" {
			continue
		}
		values := []string{value}
		if s.list {
			if values = splitList(value); len(values) == 0 {
				continue
			}
		}
		if err := s.set(c, values); err != nil {
			return within(name, err)
		}
	}
	return nil
}

// splitList splits at commas and blanks.
func splitList(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
}
