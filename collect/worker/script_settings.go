package worker

import (
	"encoding/json"

	"virgo/schedule/scriptbundle"
)

// ScriptInfos is the host information of the script process that lists the files of all scripts, a list of ScriptInfo,
// without evaluating one. The host information of the name of a type is that script's ScriptInfo, evaluated as far as
// its declaration: a script that ends the process at that takes no other one with it.
const ScriptInfos = "scripts"

// A ScriptInfo is what the script process knows of a script.
type ScriptInfo struct {
	File string `json:"file"`
	Type string `json:"type"`
	// Own means that it is of the owner's folder, and not of the bundle. One of both is listed as the owner's.
	Own bool `json:"own,omitempty"`
	// Script is what it declares; nil: it was not evaluated, or Error says why it cannot be loaded.
	Script *scriptbundle.Script `json:"script,omitempty"`
	Error  string               `json:"error,omitempty"`
}

// ScriptSettings are what the script process needs besides: where its scripts are and what they may do.
type ScriptSettings struct {
	// Descriptor means that the bundle is open as descriptor 3: the folder that it is in is closed to the user that
	// scripts run as. Where descriptors cannot be passed, Path is the bundle's. Neither: there is no bundle.
	Descriptor bool   `json:"descriptor,omitempty"`
	Path       string `json:"path,omitempty"`
	// Version and SHA256 are those of the bundle that was installed.
	Version string `json:"version,omitempty"`
	SHA256  string `json:"sha256,omitempty"`
	// Dir is the owner's own folder of scripts; empty: there is none.
	Dir string `json:"dir,omitempty"`
	// Grants are policy.Grants: what the owner lets scripts use.
	Grants json.RawMessage `json:"grants,omitempty"`
	// Deny are paths that no script may open, whatever is granted: state, settings, token, keys.
	Deny []string `json:"deny,omitempty"`
	// Limits are script.Limits; nil: the usual ones.
	Limits json.RawMessage `json:"limits,omitempty"`
}
