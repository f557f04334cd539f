package worker

import "encoding/json"

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
