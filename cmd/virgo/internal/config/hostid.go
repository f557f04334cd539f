package config

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
)

// maxHostBytes bounds the host name's part of an agent's id.
const maxHostBytes = 200

// DefaultAgentID is a host's name to an endpoint where none is configured: the host name and 8 hex digits
// of the hash of the machine's id, so that two hosts called "localhost" are two agents.
func DefaultAgentID() string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '.':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		default:
			return '-'
		}
	}, hostName())
	// Never hidden and never an option, where the id becomes a file's name.
	name = strings.Trim(name, "-.")
	if len(name) > maxHostBytes {
		name = name[:maxHostBytes]
	}
	if name == "" {
		name = "host"
	}
	sum := sha256.Sum256([]byte("virgo agent id\x00" + machineID()))
	return name + "-" + hex.EncodeToString(sum[:4])
}

// Splay is this host's own share of most: fixed by its id, whole seconds, at least 0 and less than most.
func Splay(agentID string, most time.Duration) time.Duration {
	if most < time.Second {
		return 0
	}
	seconds := uint64(most / time.Second)
	sum := sha256.Sum256([]byte("virgo splay\x00" + agentID))
	return time.Duration(binary.BigEndian.Uint64(sum[:8])%seconds) * time.Second
}
