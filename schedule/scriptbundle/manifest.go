package scriptbundle

import (
	"virgo/schedule"
	"virgo/schedule/capability"
	"virgo/schedule/semver"
)

// Limits of a bundle.
const (
	MaxBundleBytes   = 8 << 20
	MaxManifestBytes = 512 << 10
	MaxEntries       = 1000
	MaxScriptBytes   = 256 << 10
	MaxScripts       = 256
	MaxDetails       = 64  // of a script
	MaxSummaryBytes  = 200 // of a script
	MaxNameBytes     = 100 // of an entry
)

// ManifestName is the name of the first entry.
const ManifestName = "manifest.json"

// Format is the only one there is.
const Format = 1

// TypePrefix begins the type of every check in Lua: script.NAME is in NAME.lua.
const TypePrefix = "script."

// A Manifest is the first entry of a bundle, manifest.json.
type Manifest struct {
	Format  int      // 1
	Name    string   // of the bundle: standard
	Version string   // semantic version
	Agent   string   // least version of the agent; empty: any
	Scripts []Script // by File
	Files   []File   // every other entry, by Name
}

// A Script is what a check in Lua declares.
type Script struct {
	File       string // in the bundle or folder: containers.lua
	Type       string // TypePrefix and the file's name without .lua
	Summary    string
	Details    []schedule.Detail // by Name
	Needs      capability.Set
	KeyMetrics []string
	Systems    []string // of runtime.GOOS; empty: every system
}

// A File is one entry of a bundle.
type File struct {
	Name   string
	Bytes  int64
	SHA256 string // hexadecimal
}

// Script returns the script of a type of checks.
func (m Manifest) Script(typ string) (Script, bool) {
	for _, s := range m.Scripts {
		if s.Type == typ {
			return s, true
		}
	}
	return Script{}, false
}

// Definition returns which details the checks of a type have.
func (m Manifest) Definition(typ string) (schedule.Definition, bool) {
	s, ok := m.Script(typ)
	return schedule.Definition{Type: s.Type, Details: s.Details}, ok
}

// FileName returns what a bundle's file is called: standard-1.4.0.zip.
func (m Manifest) FileName() string { return m.Name + "-" + m.Version + ".zip" }

// An AgentError is returned for a bundle that needs a later version of the agent.
type AgentError struct{ Needs, Has string }

func (e *AgentError) Error() string {
	return "the bundle needs virgo " + e.Needs + ", and this is " + e.Has
}

// CheckAgent returns an *AgentError if the agent of a release is too old. A development build
// counts as the release that it leads to, and a release that is no version is taken for new enough:
// it is somebody's own.
func (m Manifest) CheckAgent(release string) error {
	has, err := semver.Parse(release)
	if err != nil || m.Agent == "" {
		return nil
	}
	needs, err := semver.Parse(m.Agent)
	if err != nil {
		return err
	}
	if has.Core().Compare(needs) < 0 {
		return &AgentError{Needs: m.Agent, Has: release}
	}
	return nil
}
