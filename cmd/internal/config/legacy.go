package config

import (
	"bytes"
	"fmt"
	"strings"
)

// legacyPrefix begins every key in the file of the original Virgo agent.
const legacyPrefix = "monitoring_"

// isLegacy reports whether a file has "monitoring_token X" lines, by its first word.
func isLegacy(b []byte) bool {
	for line := range bytes.Lines(b) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		return bytes.HasPrefix(line, []byte(legacyPrefix))
	}
	return false
}

// parseLegacy parses lines of a key, spaces and a value. Keys that virgo does not have cause a
// warning. Errors quote only keys: any other word of the file may be the token.
func (c *Config) parseLegacy(name string, b []byte) error {
	n := 0
	for raw := range bytes.Lines(b) {
		n++
		line := strings.TrimSpace(string(raw))
		if line == "" || line[0] == '#' {
			continue
		}
		key, value := line, ""
		if at := strings.IndexAny(line, " \t"); at >= 0 {
			key, value = line[:at], strings.TrimSpace(line[at:])
		}
		where := fmt.Sprintf("%s:%d", name, n)
		if !legacyKey(key) {
			return &Error{errorf("%s: not a key, a space and a value", where), "for example monitoring_id web-1"}
		}
		if value == "" {
			return errorf("%s: %s has no value", where, key)
		}
		var err error
		switch key {
		case "monitoring_token":
			c.Credential, err = secret(value), checkToken(value)
		case "monitoring_id":
			c.AgentID, err = value, checkAgentID(value)
		case "monitoring_endpoints", "monitoring_query_endpoints":
			c.Endpoints = append(c.Endpoints, splitList(value)...)
			err = checkEndpoints(c.Endpoints)
		default:
			c.Warnings = append(c.Warnings, where+": "+key+" has no counterpart in virgo and is ignored")
		}
		if err != nil {
			return inside(where+": "+key, err)
		}
	}
	return nil
}

// maxLegacyKey bounds the length of a key.
const maxLegacyKey = 64

func legacyKey(s string) bool {
	rest, ok := strings.CutPrefix(s, legacyPrefix)
	return ok && len(s) <= maxLegacyKey && strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// ImportLegacy reads the file of the original Virgo agent for `virgo setup`, which writes the
// settings to a file of its own. Settings that are not in the file have their default; AgentID is
// then empty. Error: *Error, also for a file of another kind.
func ImportLegacy(path string) (Config, error) {
	c := defaults(nil)
	b, mode, err := readBounded(path, maxFileBytes)
	if err != nil {
		return c, unsafeOr(err, "importing: %w")
	}
	if !isLegacy(b) {
		return c, errorf("importing %q: it has no %s… lines", path, legacyPrefix)
	}
	if err := c.parseLegacy(path, b); err != nil {
		return c, err
	}
	if c.Credential.isPlain() {
		if err := checkPrivate(path, mode); err != nil {
			c.Warnings = append(c.Warnings, err.Error())
		}
	}
	return c, nil
}
