package service

import (
	"strings"
	"testing"

	"virgo/collect"
)

// TestTypes: the types can be registered, and are described.
func TestTypes(t *testing.T) {
	types := Types()
	if _, err := collect.NewRegistry(types...); err != nil {
		t.Fatal(err)
	}
	for _, typ := range types {
		if !strings.HasPrefix(typ.Name, "agent.") || typ.Summary == "" || strings.HasSuffix(typ.Summary, ".") {
			t.Errorf("%s: %q", typ.Name, typ.Summary)
		}
		seen := make(map[string]bool)
		for _, d := range typ.Details {
			if seen[d.Name] || d.Summary == "" {
				t.Errorf("%s: detail %+v", typ.Name, d)
			}
			seen[d.Name] = true
		}
	}
}
