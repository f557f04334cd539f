package releases

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"slices"
)

// Bounds of what channels.json may have.
const (
	maxChannels = 64
	maxBundles  = 64   // of a channel
	maxReleases = 1000 // of a bundle in a channel
	maxTags     = 64   // of a roll-out
)

// Names that stand for those that an agent or a command leaves out.
const (
	DefaultChannel = "stable"
	DefaultName    = "standard"
)

// Off is the version that is answered where there is none.
const Off = "0.0.0-0"

// A Release is one version of a bundle in a channel.
type Release struct {
	Version string `json:"version"`
	File    string `json:"file"`
	Bytes   int64  `json:"bytes"`
	SHA256  string `json:"sha256"`
	// Signatures are the SHA-256 of its signatures by the endings of their names.
	Signatures map[string]string `json:"signatures"`
	// SignedBy is the id of the key.
	SignedBy    string `json:"signed_by"`
	PublishedMS int64  `json:"published_ms"`
	// Withdrawn is set by Back: it is not served any more, and not published again.
	Withdrawn bool `json:"withdrawn,omitempty"`
}

// A Rollout says who gets which version of a bundle.
type Rollout struct {
	// Target is the version that the chosen agents get, Before the one of the others; "": none.
	Target string `json:"target"`
	Before string `json:"before,omitempty"`
	// Percent of the agents get the target, and of those with Tags only where there are some.
	// Paused: nobody does.
	Percent int      `json:"percent"`
	Tags    []string `json:"tags,omitempty"`
	Paused  bool     `json:"paused,omitempty"`
	// Releases are all versions that were published here, the oldest first.
	Releases []Release `json:"releases"`
}

// release returns the release of a version; nil if there is none.
func (r *Rollout) release(version string) *Release {
	for i := range r.Releases {
		if r.Releases[i].Version == version {
			return &r.Releases[i]
		}
	}
	return nil
}

// complete reports whether every agent gets the target.
func (r *Rollout) complete() bool {
	return r.Target != "" && r.Percent == 100 && len(r.Tags) == 0 && !r.Paused
}

// For returns the release that an agent is to have; nil: none. tags returns the agent's tags, and
// is called only where they matter.
func (r *Rollout) For(bundle, agentID string, tags func() []string) *Release {
	if r.Target != "" && !r.Paused && share(bundle, agentID, r.Percent) && (len(r.Tags) == 0 || anyOf(r.Tags, tags())) {
		return r.release(r.Target)
	}
	if r.Before == "" {
		return nil
	}
	return r.release(r.Before)
}

func anyOf(wanted, tags []string) bool {
	return slices.ContainsFunc(wanted, func(tag string) bool { return slices.Contains(tags, tag) })
}

// share reports whether an agent is among the first percent of all. The hash never changes, so a
// higher percentage only adds agents.
func share(bundle, agentID string, percent int) bool {
	if percent >= 100 {
		return true
	}
	if percent <= 0 {
		return false
	}
	sum := sha256.Sum256([]byte("virgo-rollout\n" + bundle + "\n" + agentID))
	limit, _ := bits.Div64(uint64(percent), 0, 100) // percent / 100 * 2^64
	return binary.BigEndian.Uint64(sum[:]) < limit
}
