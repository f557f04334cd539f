package config

import (
	"bytes"
	"fmt"
	"strings"
)

// legacyPrefix begins every key of an existing agent's file.
const legacyPrefix = "monitoring_"

// isLegacy tells an existing agent's file of "monitoring_token X" lines by its first word.
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

// parseLegacy reads lines of a key, blanks and a value. Keys that virgo has no use for are warned of. An
// error quotes nothing but keys: any other word of the file may be the token.
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
			return &OwnersError{owners("%s: not a line of a key, a blank and a value", where), "for example monitoring_id web-1"}
		}
		if value == "" {
			return owners("%s: %s has no value", where, key)
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
			c.Warnings = append(c.Warnings, where+": "+key+" has no counterpart and is left out")
		}
		if err != nil {
			return within(where+": "+key, err)
		}
	}
	return nil
}

// maxLegacyKey bounds what is taken for a key.
const maxLegacyKey = 64

func legacyKey(s string) bool {
	rest, ok := strings.CutPrefix(s, legacyPrefix)
	return ok && len(s) <= maxLegacyKey && strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// ImportLegacy reads an existing agent's file for `virgo setup`, which writes what it says to a file of
// its own. What it does not say is the default, AgentID empty. Error: *OwnersError, also where it is
// another kind of file.
func ImportLegacy(path string) (Config, error) {
	c := defaults(nil)
	b, mode, err := readBounded(path, maxFileBytes)
	if err != nil {
		return c, &OwnersError{Err: fmt.Errorf("importing: %w", err)}
	}
	if !isLegacy(b) {
		return c, owners("importing %q: it has no %s… lines", path, legacyPrefix)
	}
	if err := c.parseLegacy(path, b); err != nil {
		return c, err
	}
	if c.Credential.isPlain() {
		if loose := ownersAlone(path, mode); loose != nil {
			c.Warnings = append(c.Warnings, loose.Error())
		}
	}
	return c, nil
}
