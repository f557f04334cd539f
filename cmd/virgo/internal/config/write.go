package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"
)

// Encode gives virgo.yaml, with the token or its reference in it. Settings at their default are left out.
func (c Config) Encode() ([]byte, error) {
	var b bytes.Buffer
	var failed error
	line := func(key string, value any) {
		text, err := yaml.Marshal(map[string]any{key: value})
		failed = errors.Join(failed, err)
		b.Write(text)
	}
	list := func(key string, values []string) {
		switch len(values) {
		case 0:
		case 1:
			line(key, values[0])
		default:
			line(key, values)
		}
	}
	text := func(key, value string) {
		if value != "" {
			line(key, value)
		}
	}
	b.WriteString("# Written by virgo setup. It may hold a token: keep it its owner's alone (chmod 600).\n")
	if len(c.Endpoints) > 1 {
		line("endpoints", c.Endpoints)
	} else {
		list("endpoint", c.Endpoints)
	}
	text("token", c.Credential.ref)
	text("agent_id", c.AgentID)
	text("agent_name", c.AgentName)
	list("pin", c.Pins)
	text("ca_file", c.CAFile)
	text("server_name", c.ServerName)
	d := defaults()
	if c.SpoolMaxBytes != d.SpoolMaxBytes || c.SpoolMaxAge != d.SpoolMaxAge {
		line("spool", map[string]string{"max_bytes": formatSize(c.SpoolMaxBytes), "max_age": formatSpan(c.SpoolMaxAge)})
	}
	if c.Deadline != d.Deadline {
		line("deadline", formatSpan(c.Deadline))
	}
	if c.Concurrency != d.Concurrency {
		line("concurrency", c.Concurrency)
	}
	if c.ScheduleMaxAge != d.ScheduleMaxAge {
		line("schedule_max_age", formatSpan(c.ScheduleMaxAge))
	}
	return b.Bytes(), failed
}

// Write puts the file in place whole or not at all, readable by its owner alone.
func (c Config) Write(path string) error {
	text, err := c.Encode()
	if err != nil {
		return fmt.Errorf("encoding the configuration: %w", err)
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return &OwnersError{Err: fmt.Errorf("writing the configuration: %w", err)}
	}
	f, err := os.CreateTemp(dir, ".virgo-*.yaml") // mode 0600
	if err != nil {
		return &OwnersError{Err: fmt.Errorf("writing the configuration: %w", err)}
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	return nil
}
