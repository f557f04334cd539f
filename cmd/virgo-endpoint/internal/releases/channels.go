package releases

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"

	"virgo/schedule/semver"
	"virgo/schedule/signature"
)

const (
	channelsName     = "channels.json"
	channelsFormat   = 1
	maxChannelsBytes = 16 << 20 // a backup takes no larger file
	maxNameBytes     = 64
)

// Channels are what channels.json says.
type Channels struct {
	Format   int                `json:"format"`
	Channels map[string]Channel `json:"channels"`
}

// A Channel has the roll-outs of its bundles by their names.
type Channel struct {
	Bundles map[string]*Rollout `json:"bundles"`
}

// Rollout returns the roll-out of a bundle; nil if there is none.
func (c *Channels) Rollout(channel, name string) *Rollout {
	return c.Channels[channel].Bundles[name]
}

// set returns a copy in which a roll-out is another one.
func (c *Channels) set(channel, name string, r *Rollout) *Channels {
	next := &Channels{channelsFormat, maps.Clone(c.Channels)}
	if next.Channels == nil {
		next.Channels = map[string]Channel{}
	}
	bundles := maps.Clone(next.Channels[channel].Bundles)
	if bundles == nil {
		bundles = map[string]*Rollout{}
	}
	bundles[name] = r
	next.Channels[channel] = Channel{bundles}
	return next
}

// parseChannels reads channels.json. It accepts nothing that would make a server serve what nobody
// published.
func parseChannels(data []byte) (*Channels, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var c Channels
	if err := dec.Decode(&c); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text behind its end")
	}
	if c.Format != channelsFormat {
		return nil, fmt.Errorf("its format is %d, this program reads %d", c.Format, channelsFormat)
	}
	return &c, c.check()
}

func (c *Channels) check() error {
	if len(c.Channels) > maxChannels {
		return fmt.Errorf("it has %d channels; at most %d are allowed", len(c.Channels), maxChannels)
	}
	for channel, of := range c.Channels {
		if err := CheckName(channel); err != nil {
			return fmt.Errorf("channel %w", err)
		}
		if len(of.Bundles) > maxBundles {
			return fmt.Errorf("channel %q has %d bundles; at most %d are allowed", channel, len(of.Bundles), maxBundles)
		}
		for name, r := range of.Bundles {
			if err := CheckName(name); err != nil {
				return fmt.Errorf("channel %q: bundle %w", channel, err)
			}
			if r == nil {
				return fmt.Errorf("channel %q: bundle %q is null", channel, name)
			}
			if err := r.check(name); err != nil {
				return fmt.Errorf("channel %q: bundle %q: %w", channel, name, err)
			}
		}
	}
	return nil
}

func (r *Rollout) check(name string) error {
	switch {
	case r.Percent < 0 || r.Percent > 100:
		return fmt.Errorf("%d percent is not from 0 to 100", r.Percent)
	case len(r.Releases) > maxReleases:
		return fmt.Errorf("it has %d versions; at most %d are allowed", len(r.Releases), maxReleases)
	case len(r.Tags) > maxTags:
		return fmt.Errorf("it has %d tags; at most %d are allowed", len(r.Tags), maxTags)
	}
	for _, version := range []string{r.Target, r.Before} {
		if one := r.release(version); version != "" && (one == nil || one.Withdrawn) {
			return fmt.Errorf("version %q is to be offered and is not there", version)
		}
	}
	for i := range r.Releases {
		one := &r.Releases[i]
		if _, err := semver.Parse(one.Version); err != nil {
			return err
		}
		if file := fileName(name, one.Version); one.File != file {
			return fmt.Errorf("version %s has the file %q, want %q", one.Version, one.File, file)
		}
		if sum, err := hex.DecodeString(one.SHA256); err != nil || len(sum) != 32 || one.Bytes <= 0 {
			return fmt.Errorf("version %s has no SHA-256 or no size", one.Version)
		}
		for ending := range one.Signatures {
			if !slices.Contains(endings(), ending) {
				return fmt.Errorf("version %s has a signature %q", one.Version, ending)
			}
		}
	}
	return nil
}

// endings are those of the names of signatures.
func endings() []string { return []string{signature.MinisignExtension, signature.RSAExtension} }

// FileName is the name of a bundle's file.
func FileName(name, version string) string { return "bundle-" + name + "-" + version + ".zip" }

// CheckName returns an error for what cannot be the name of a channel or a bundle.
func CheckName(name string) error {
	ok := name != "" && len(name) <= maxNameBytes && name[0] != '.' && name[0] != '-' && path.Base(name) == name
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			ok = false
		}
	}
	if !ok {
		return fmt.Errorf("%.*q: a name has 1 to %d letters, digits, -, _ and dots, and does not begin with - or a dot",
			maxNameBytes, name, maxNameBytes)
	}
	return nil
}
