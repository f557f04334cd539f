package scriptbundle

import (
	"virgo/schedule"
	"virgo/schedule/capability"
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
	Details    []schedule.Detail
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
