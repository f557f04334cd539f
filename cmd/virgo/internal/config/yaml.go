package config

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// file is virgo.yaml. Every value is text or a list, so that 50 and "50s" are both taken and each key's
// own rule gives the error.
type file struct {
	Endpoint   words  `yaml:"endpoint"`
	Endpoints  words  `yaml:"endpoints"`
	Token      string `yaml:"token"`
	AgentID    string `yaml:"agent_id"`
	AgentName  string `yaml:"agent_name"`
	Pin        words  `yaml:"pin"`
	CAFile     string `yaml:"ca_file"`
	ServerName string `yaml:"server_name"`
	Spool      struct {
		MaxBytes string `yaml:"max_bytes"`
		MaxAge   string `yaml:"max_age"`
	} `yaml:"spool"`
	Deadline       string `yaml:"deadline"`
	Concurrency    int    `yaml:"concurrency"`
	ScheduleMaxAge string `yaml:"schedule_max_age"`
}

// words is one text or a list of them.
type words []string

// UnmarshalYAML takes both forms.
func (w *words) UnmarshalYAML(unmarshal func(any) error) error {
	var list []string
	if unmarshal(&list) == nil {
		*w = list
		return nil
	}
	var one string
	if err := unmarshal(&one); err != nil {
		return err
	}
	*w = words{one}
	return nil
}

// parseYAML reads virgo.yaml over the settings that are there.
func (c *Config) parseYAML(name string, b []byte) error {
	if len(strings.TrimSpace(string(b))) == 0 {
		return nil
	}
	var f file
	if err := yaml.UnmarshalWithOptions(b, &f, yaml.Strict()); err != nil {
		return yamlError(name, err)
	}
	set := func(to *string, v string) {
		if v != "" {
			*to = v
		}
	}
	if len(f.Endpoint) > 0 && len(f.Endpoints) > 0 {
		return owners("%s: endpoint and endpoints are both given", name)
	}
	if all := append(f.Endpoint, f.Endpoints...); len(all) > 0 {
		c.Endpoints = all
	}
	if f.Token != "" {
		c.Credential = Secret{f.Token}
	}
	set(&c.AgentID, f.AgentID)
	set(&c.AgentName, f.AgentName)
	set(&c.CAFile, f.CAFile)
	set(&c.ServerName, f.ServerName)
	if len(f.Pin) > 0 {
		c.Pins = f.Pin
	}
	if f.Concurrency != 0 {
		c.Concurrency = f.Concurrency
	}
	return c.measures(name+": ", f.Spool.MaxBytes, f.Spool.MaxAge, f.Deadline, f.ScheduleMaxAge)
}

// measures reads the settings that have a unit; empty ones are left alone.
func (c *Config) measures(where, maxBytes, maxAge, deadline, scheduleMaxAge string) error {
	if maxBytes != "" {
		n, err := parseSize(maxBytes)
		if err != nil {
			return owners("%sspool.max_bytes: %w", where, err)
		}
		c.SpoolMaxBytes = n
	}
	for _, m := range []struct {
		key, value string
		to         *time.Duration
	}{
		{"spool.max_age", maxAge, &c.SpoolMaxAge},
		{"deadline", deadline, &c.Deadline},
		{"schedule_max_age", scheduleMaxAge, &c.ScheduleMaxAge},
	} {
		if m.value == "" {
			continue
		}
		d, err := parseSpan(m.value)
		if err != nil {
			return owners("%s%s: %w", where, m.key, err)
		}
		*m.to = d
	}
	return nil
}

// yamlError gives one line: file, line, what is wrong, and the near key where one is unknown. The
// library's own text quotes the lines around the fault, and one of them may be the token.
func yamlError(name string, err error) error {
	var y yaml.Error
	if !errors.As(err, &y) {
		return owners("%s: %s", name, "not readable as YAML")
	}
	where := name
	if t := y.GetToken(); t != nil && t.Position != nil {
		where = fmt.Sprintf("%s:%d", name, t.Position.Line)
	}
	message := y.GetMessage()
	if key, ok := unknownKey(message); ok {
		e := &OwnersError{Err: fmt.Errorf("%s: unknown key %q", where, key)}
		if near := nearest(key); near != "" {
			e.Next = fmt.Sprintf("did you mean %q?", near)
		}
		return e
	}
	return owners("%s: %s", where, withoutValue(message))
}

// unknownKey finds the key in the library's words for a field that strict reading does not know.
func unknownKey(message string) (string, bool) {
	rest, ok := strings.CutPrefix(message, `unknown field "`)
	if !ok {
		return "", false
	}
	key, _, ok := strings.Cut(rest, `"`)
	return key, ok
}

// withoutValue keeps what a value was out of the error: it may be the token.
func withoutValue(message string) string {
	message, _, _ = strings.Cut(message, "\n")
	if i := strings.IndexAny(message, "\"'`"); i >= 0 {
		message = strings.TrimRight(message[:i], " :")
	}
	return message
}
