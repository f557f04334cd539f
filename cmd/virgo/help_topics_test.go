package main

import (
	"slices"
	"testing"

	"virgo/cmd/internal/config"
	"virgo/collect/plugin"
)

// Each format and each setting has its line in the help, and no line is of another.
func TestTopicsAreComplete(t *testing.T) {
	var keys []string
	for _, k := range config.Keys() {
		keys = append(keys, k.Name)
	}
	for _, tt := range []struct {
		what      string
		names     []string
		summaries map[string]string
	}{{"format", plugin.Formats(), formatSummaries()}, {"setting", keys, settingSummaries()}} {
		for _, name := range tt.names {
			if tt.summaries[name] == "" {
				t.Errorf("%s %q has no line", tt.what, name)
			}
		}
		for name := range tt.summaries {
			if !slices.Contains(tt.names, name) {
				t.Errorf("there is no %s %q", tt.what, name)
			}
		}
	}
}
