package config

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// maxHostBytes bounds the host name in a default agent id.
const maxHostBytes = 200

// DefaultAgentID returns the agent id of a host that has none configured: the host name and 8 hex
// digits of a hash of the machine id, so that two hosts called "localhost" have different ids.
func DefaultAgentID() string { return agentID(hostName(), machineID()) }

// UserAgentID is DefaultAgentID for the agent of a user that is not root: the host's own agent, and those
// of other users, have other ids.
func UserAgentID(uid int) string {
	return agentID(hostName(), fmt.Sprintf("%s\x00user %d", machineID(), uid))
}

// SetStoredID replaces a computed id by the one that was stored when this host got its key. One that is
// not valid is ignored.
func (c *Config) SetStoredID(id string) {
	if c.ComputedID && id != "" && checkAgentID(id) == nil {
		c.AgentID, c.ComputedID = id, false
	}
}

func agentID(host, machine string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '.':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		default:
			return '-'
		}
	}, host)
	// An id may become a file name: it must not begin like a hidden file or an option.
	name = strings.Trim(name, "-.")
	if len(name) > maxHostBytes {
		name = name[:maxHostBytes]
	}
	if name == "" {
		name = "host"
	}
	sum := sha256.Sum256([]byte("virgo agent id\x00" + machine))
	return name + "-" + hex.EncodeToString(sum[:4])
}

// Splay returns a delay that is fixed for each agent id: whole seconds, from 0 up to but not
// including limit.
func Splay(agentID string, limit time.Duration) time.Duration {
	if limit < time.Second {
		return 0
	}
	seconds := uint64(limit / time.Second)
	sum := sha256.Sum256([]byte("virgo splay\x00" + agentID))
	return time.Duration(binary.BigEndian.Uint64(sum[:8])%seconds) * time.Second
}
