package config

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// A setting is one key of the file, and the environment variable that overrides it.
type setting struct {
	// key is the key in the file; the key of a nested setting is joined to the one above it with a
	// dot.
	key string
	// list means that the setting has several values: a list in the file, separated by commas in
	// the variable.
	list bool
	// set parses and stores values, of which there is at least one unless emptyIsNone. Its error
	// does not name the key.
	set func(c *Config, values []string) error
	// check validates the stored value. Its error does not name the key.
	check func(c *Config) error
}

// settings are all settings. In the file, endpoints is another name for endpoint.
var settings = [...]setting{
	{"endpoint", true, setEndpoints, checkConfiguredEndpoints},
	{"endpoints", true, setEndpoints, checkConfiguredEndpoints},
	{
		"token", false,
		func(c *Config, v []string) error { c.Credential = secret(v[0]); return checkToken(v[0]) }, // untrimmed
		func(c *Config) error { return checkToken(c.Credential.reference()) },
	},
	text("agent_id", func(c *Config) *string { return &c.AgentID }, checkAgentID),
	text("agent_name", func(c *Config) *string { return &c.AgentName }, checkName),
	text("ca_file", func(c *Config) *string { return &c.CAFile }, checkPath),
	list("pin", func(c *Config) *[]string { return &c.Pins }, checkPins),
	list("backup_pin", func(c *Config) *[]string { return &c.BackupPins }, checkPins),
	text("server_name", func(c *Config) *string { return &c.ServerName }, checkName),
	text("client_cert", func(c *Config) *string { return &c.ClientCert }, checkPath),
	text("client_key", func(c *Config) *string { return &c.ClientKey }, checkPath),
	{
		"proxy", false,
		func(c *Config, v []string) error { c.SetProxy(v[0]); return nil },
		func(c *Config) error { return checkProxy(c.Proxy) },
	},
	list("no_proxy", func(c *Config) *[]string { return &c.NoProxy }, checkNoProxy),
	{
		"spool.max_bytes", false,
		func(c *Config, v []string) (err error) { c.SpoolMaxBytes, err = parseSize(v[0]); return err },
		func(c *Config) error { return checkSpoolBytes(c.SpoolMaxBytes) },
	},
	duration("spool.max_age", func(c *Config) *time.Duration { return &c.SpoolMaxAge }, maxAgeBounds),
	duration("deadline", func(c *Config) *time.Duration { return &c.Deadline }, deadlineBounds),
	duration("flush_deadline", func(c *Config) *time.Duration { return &c.FlushDeadline }, deadlineBounds),
	{
		"concurrency", false,
		func(c *Config, v []string) (err error) {
			if c.Concurrency, err = strconv.Atoi(v[0]); err != nil {
				return errors.New("not a whole number")
			}
			return nil
		},
		func(c *Config) error { return checkConcurrency(c.Concurrency) },
	},
	list("environment", func(c *Config) *[]string { return &c.Environment }, checkVariables),
	text("worker_user", func(c *Config) *string { return &c.WorkerUser }, checkUser),
	{"allow_remote", true, setRequests, func(c *Config) error { return checkRequests(c.AllowRemote) }},
	list("host_info_deny", func(c *Config) *[]string { return &c.HostInfoDeny }, checkHostInfoTypes),
	text("host_info_arguments", func(c *Config) *string { return &c.HostInfoArguments }, checkHostInfoArguments),
	list("alarm.command", func(c *Config) *[]string { return &c.AlarmCommand }, checkAlarmCommand),
	{
		"alarm.webhook", false,
		func(c *Config, v []string) error { c.AlarmWebhook = secret(v[0]); return nil },
		func(c *Config) error { return checkAlarmWebhook(c.AlarmWebhook) },
	},
	duration("schedule_max_age", func(c *Config) *time.Duration { return &c.ScheduleMaxAge }, scheduleAgeBounds),
	text("bundles", func(c *Config) *string { return &c.Bundles.Mode }, checkBundles),
	{
		"bundle_signers", true,
		func(c *Config, v []string) error { c.Bundles.Signers = v; return nil },
		func(c *Config) error { return checkSigners(c.Bundles.Signers) },
	},
	text("upgrade", func(c *Config) *string { return &c.Upgrade }, checkUpgrade),
	{
		"upgrade_signers", true,
		func(c *Config, v []string) error { c.UpgradeSigners = v; return nil },
		func(c *Config) error { return checkSigners(c.UpgradeSigners) },
	},
	text("bundle_name", func(c *Config) *string { return &c.Bundles.Name }, checkLabel),
	text("bundle_channel", func(c *Config) *string { return &c.Bundles.Channel }, checkLabel),
}

// apply stores the values and checks them.
func (s *setting) apply(c *Config, values []string) error {
	if err := s.set(c, values); err != nil {
		return err
	}
	return s.check(c)
}

// emptyIsNone reports whether an empty list in the file means none, and not the default.
func (s *setting) emptyIsNone() bool { return s.key == "allow_remote" }

// variable returns the name of the setting's environment variable; empty if only the file can set it.
func (s *setting) variable() string {
	if s.key == "bundle_signers" || s.key == "upgrade_signers" { // whoever can set a variable for one run must not decide on code of all others
		return ""
	}
	return "VIRGO_" + strings.ToUpper(strings.ReplaceAll(s.key, ".", "_"))
}

func setEndpoints(c *Config, values []string) error {
	c.Endpoints = values
	return nil
}

func checkConfiguredEndpoints(c *Config) error { return checkEndpoints(c.Endpoints) }

// setRequests stores allow_remote, in which "none" alone is an empty list.
func setRequests(c *Config, values []string) error {
	if len(values) == 1 && values[0] == noRequests {
		values = nil
	}
	c.AllowRemote = append([]string{}, values...) // nil would be the default
	return nil
}

func text(key string, field func(*Config) *string, check func(string) error) setting {
	return setting{
		key, false,
		func(c *Config, v []string) error { *field(c) = v[0]; return nil },
		func(c *Config) error { return check(*field(c)) },
	}
}

func list(key string, field func(*Config) *[]string, check func([]string) error) setting {
	return setting{
		key, true,
		func(c *Config, v []string) error { *field(c) = v; return nil },
		func(c *Config) error { return check(*field(c)) },
	}
}

func duration(key string, field func(*Config) *time.Duration, bounds bounds) setting {
	return setting{
		key, false,
		func(c *Config, v []string) (err error) { *field(c), err = parseDuration(v[0]); return err },
		func(c *Config) error { return bounds.check(*field(c)) },
	}
}

// environment applies the environment variables; an empty one counts as not set. A wrong one is a
// mistake and changes nothing.
func (c *Config) environment() {
	given := ""
	for i := range settings {
		s := &settings[i]
		name := s.variable()
		if name == "" {
			continue
		}
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
		if s.key == "endpoints" && given == "endpoint" {
			c.Endpoints = nil
			c.addMistake(s.key, errorf("VIRGO_ENDPOINT and VIRGO_ENDPOINTS are both set"))
			continue
		}
		given = s.key
		c.apply(s, name, values)
	}
}

// apply stores the values of a setting, or a mistake at where.
func (c *Config) apply(s *setting, where string, values []string) {
	before := *c
	if err := s.apply(c, values); err != nil {
		*c = before
		c.addMistake(s.key, inside(where, err))
	}
}

// splitList splits at commas, spaces and tabs.
func splitList(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
}
