package main

import (
	"encoding/json"

	"virgo/cmd/internal/agent"
)

// An app is one start of the program.
type app struct {
	*agent.Program
	JSON bool
}

// schemaVersion is in every --json document. It is incremented when a field changes its meaning or
// is removed.
const schemaVersion = 1

// document has the fields that every --json document has.
type document struct {
	SchemaVersion int `json:"schema_version"`
}

// printJSON prints one document.
func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.Out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
