package config

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
)

// isLegacy tells an existing agent's file of "monitoring_token X" lines by its first word.
func isLegacy(b []byte) bool {
	for line := range bytes.Lines(b) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		return bytes.HasPrefix(line, []byte("monitoring_"))
	}
	return false
}

// parseLegacy reads lines of a key, blanks and a value. Keys that virgo has no use for are warned of.
func (c *Config) parseLegacy(name string, b []byte) error {
	s := bufio.NewScanner(bytes.NewReader(b))
	for n := 1; s.Scan(); n++ {
		line := strings.TrimSpace(s.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		at := strings.IndexAny(line, " \t")
		if at < 0 {
			return owners("%s:%d: %.64q has no value", name, n, line)
		}
		key, value := line[:at], strings.TrimSpace(line[at:])
		switch key {
		case "monitoring_token":
			c.Credential = Secret{value}
		case "monitoring_id":
			c.AgentID = value
		case "monitoring_endpoints", "monitoring_query_endpoints":
			c.Endpoints = append(c.Endpoints, splitList(value)...)
		default:
			if !strings.HasPrefix(key, "monitoring_") {
				return owners("%s:%d: %.64q is no key of this file", name, n, key)
			}
			c.Warnings = append(c.Warnings, fmt.Sprintf("%s:%d: %s has no counterpart and is left out", name, n, key))
		}
	}
	if err := s.Err(); err != nil {
		return owners("%s: %w", name, err)
	}
	return nil
}

// ImportLegacy reads an existing agent's file. Error: *OwnersError, also where it is another kind of file.
func ImportLegacy(path string) (Config, error) {
	c := defaults()
	b, err := readBounded(path, maxFileBytes)
	if err != nil {
		return c, &OwnersError{Err: fmt.Errorf("importing: %w", err)}
	}
	if !isLegacy(b) {
		return c, owners("importing %q: it has no monitoring_… lines", path)
	}
	return c, c.parseLegacy(path, b)
}

// With takes over what an imported file says.
func (c Config) With(imported Config) Config {
	if len(imported.Endpoints) > 0 {
		c.Endpoints = imported.Endpoints
	}
	if imported.HasToken() {
		c.Credential = imported.Credential
	}
	if imported.AgentID != "" {
		c.AgentID = imported.AgentID
	}
	return c
}
