package server

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"strconv"

	"virgo/transport"
)

// upgradesOff is the version that is sent where there is nothing newer (PROTOCOL.md).
const upgradesOff = "0.0.0-0"

// What an agent follows that names nothing else.
const (
	defaultBundle  = "standard"
	defaultChannel = "stable"
	maxBundleName  = 64 // of both; nothing that is published has a longer one
)

// Upgrades are the bundles of checks, and the programs, that agents may fetch. All methods are called while sessions and downloads are served,
// at the same time.
type Upgrades interface {
	// Offer returns the version of a bundle that an agent is to have; ok is false if there is none.
	Offer(agentID string, b BundleName) (o Offer, ok bool)
	// IsNews reports whether an agent is to be told of an offer, after what it said of its bundle.
	IsNews(o Offer, version, state string) bool
	// ProgramsVersion returns the version of the agent's programs that a channel offers to everybody; "" if there is none.
	ProgramsVersion(channel string) string
	// Open opens a file. Whatever the names are, it opens nothing but what is published. Error: fs.ErrNotExist.
	Open(channel, file string) (Published, error)
}

// A BundleName says which bundle of which channel, or which programs: those have the name virgo-OS-ARCH.
type BundleName struct {
	Channel, Name string
}

// An Offer is a version that an agent may have, and its file in the channel.
type Offer struct {
	Version string `json:"version"`
	File    string `json:"file"`
	Bytes   int64  `json:"size"`
	SHA256  string `json:"sha256"`
}

// A Published is a file that is open.
type Published struct {
	Content interface {
		io.ReadSeeker
		io.Closer
	}
	// SHA256 is that of its content, hexadecimal.
	SHA256 string
}

// noUpgrades is an endpoint that publishes nothing.
type noUpgrades struct{}

func (noUpgrades) Offer(string, BundleName) (Offer, bool) { return Offer{}, false }
func (noUpgrades) ProgramsVersion(string) string          { return "" }
func (noUpgrades) IsNews(Offer, string, string) bool      { return false }
func (noUpgrades) Open(string, string) (Published, error) { return Published{}, fs.ErrNotExist }

// A follower is what an agent said of its bundle in its hello.
type follower struct {
	bundle         BundleName
	version, state string
	// told is the version that it was told of in this session.
	told string
}

// newFollower returns nil for an agent that is not told of bundles.
func newFollower(p *helloParams) *follower {
	if !p.Features.bundles {
		return nil
	}
	b, ok := bundleName(p.BundleChannel, p.BundleName)
	if !ok {
		return nil
	}
	return &follower{bundle: b, version: p.BundleVersion, state: p.BundleState}
}

// bundleName replaces what is absent; ok is false for names that nothing has.
func bundleName(channel, name string) (b BundleName, ok bool) {
	if channel == "" {
		channel = defaultChannel
	}
	if name == "" {
		name = defaultBundle
	}
	return BundleName{channel, name}, len(channel) <= maxBundleName && len(name) <= maxBundleName
}

// tellOfBundle queues bundle_upgrade.available where there is a version that the agent was not told of in this session.
func (c *conn) tellOfBundle(s *session) {
	if s.follows == nil {
		return
	}
	o, ok := c.srv.opt.Upgrades.Offer(s.agentID, s.follows.bundle)
	if !ok || s.follows.told == o.Version || !c.srv.opt.Upgrades.IsNews(o, s.follows.version, s.follows.state) {
		return
	}
	if s.enqueue(outgoing{method: transport.MethodBundleAvailable}) {
		s.follows.told = o.Version
	}
}

// bundleVersion answers bundle_upgrade.get_version. Agents of the existing protocol send anything as params.
func (c *conn) bundleVersion(f *transport.Frame, s *session) error {
	var p struct {
		Name    string `json:"name"`
		Channel string `json:"channel"`
	}
	if f.Params != nil && json.Unmarshal(f.Params, &p) != nil {
		return c.upgradeVersion(f, s)
	}
	return c.offer(f, s, p.Channel, p.Name)
}

// offer answers with the version that the agent is to have.
func (c *conn) offer(f *transport.Frame, s *session, channel, name string) error {
	b, ok := bundleName(channel, name)
	if !ok {
		return c.upgradeVersion(f, s)
	}
	o, ok := c.srv.opt.Upgrades.Offer(s.agentID, b)
	if !ok {
		return c.upgradeVersion(f, s)
	}
	result, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return c.reply(f, result)
}

// programsVersion answers binary_upgrade.get_version. An agent that does not say what it runs on is offered nothing.
func (c *conn) programsVersion(f *transport.Frame, s *session) error {
	var p struct {
		OS      string `json:"os"`
		Arch    string `json:"arch"`
		Channel string `json:"channel"`
	}
	if f.Params == nil || json.Unmarshal(f.Params, &p) != nil || p.OS == "" || p.Arch == "" {
		return c.upgradeVersion(f, s)
	}
	return c.offer(f, s, p.Channel, "virgo-"+p.OS+"-"+p.Arch)
}

// upgradeVersion answers that there is nothing.
func (c *conn) upgradeVersion(f *transport.Frame, _ *session) error {
	return c.reply(f, []byte(`{"version":"`+upgradesOff+`"}`))
}

// openPublished opens a file for a download. The error is fs.ErrNotExist for all that is not there.
func (s *Server) openPublished(channel, file string) (Published, error) {
	p, err := s.opt.Upgrades.Open(channel, file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log.Error("a published file cannot be served", "channel", channel, "file", file, "error", err)
	}
	return p, err
}

// etagOf is the ETag of a published file.
func etagOf(p *Published) string { return strconv.Quote("sha256-" + p.SHA256) }
