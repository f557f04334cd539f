package capability

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// A Kind is one kind of what a script may use.
type Kind string

// The kinds. The patterns of Files, Unix and Programs are paths or names, those of TCP and UDP are
// HOST:PORT, those of HTTP are URLs, those of DNS are names, those of Figures are types of checks.
const (
	Files    Kind = "files"
	Programs Kind = "programs"
	TCP      Kind = "tcp"
	UDP      Kind = "udp"
	Unix     Kind = "unix"
	HTTP     Kind = "http"
	DNS      Kind = "dns"
	Figures  Kind = "figures"
)

// Kinds returns every kind, in the order of documents.
func Kinds() []Kind { return []Kind{Files, Programs, TCP, UDP, Unix, HTTP, DNS, Figures} }

// Limits of a Set.
const (
	MaxPatterns     = 64   // in all kinds together
	MaxPatternBytes = 1024 // of one pattern
)

// A Set has the patterns of each kind. The zero value has none.
type Set map[Kind][]string

// A Need is one pattern of a Set.
type Need struct {
	Kind    Kind
	Pattern string
}

// String returns the need as messages and documents have it: unix "/run/docker.sock".
func (n Need) String() string { return string(n.Kind) + " " + strconv.Quote(n.Pattern) }

// Needs returns the patterns, by kind in the order of [Kinds], then by text.
func (s Set) Needs() []Need {
	var needs []Need
	for _, k := range Kinds() {
		for _, p := range slices.Sorted(slices.Values(s[k])) {
			needs = append(needs, Need{Kind: k, Pattern: p})
		}
	}
	return needs
}

// Validate returns an error for an unknown kind, an empty or too long pattern, or too many of them.
func (s Set) Validate() error {
	patterns := 0
	for _, k := range slices.Sorted(maps.Keys(s)) {
		if !slices.Contains(Kinds(), k) {
			return fmt.Errorf("unknown kind of need %q: want one of %q", k, Kinds())
		}
		for _, p := range s[k] {
			if p == "" {
				return fmt.Errorf("%s: empty pattern", k)
			}
			if len(p) > MaxPatternBytes {
				return fmt.Errorf("%s: pattern of %d bytes; at most %d are allowed", k, len(p), MaxPatternBytes)
			}
		}
		patterns += len(s[k])
	}
	if patterns > MaxPatterns {
		return fmt.Errorf("%d patterns; at most %d are allowed", patterns, MaxPatterns)
	}
	return nil
}

// Equal reports whether both have the same patterns, in any order.
func (s Set) Equal(o Set) bool { return slices.Equal(s.Needs(), o.Needs()) }
