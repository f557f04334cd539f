package main

import (
	"encoding/json"
	"fmt"
	"time"
)

// schemaVersion of every --json document; it grows when a field's meaning changes, not when a field is
// added.
const schemaVersion = 1

// A document is the head of what --json prints.
type document struct {
	SchemaVersion int `json:"schema_version"`
}

func (a *app) printJSON(doc any) error {
	data, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("printing JSON: %w", err)
	}
	return a.print(append(data, '\n'))
}

func (a *app) print(data []byte) error {
	if _, err := a.out.Write(data); err != nil {
		return fmt.Errorf("writing the output: %w", err)
	}
	return nil
}

// ms is a time in a document: milliseconds since the Unix epoch, null for never.
func ms(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	n := t.UnixMilli()
	return &n
}
