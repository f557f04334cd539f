package host

import (
	"strings"
	"testing"

	"virgo/collect"
)

// What a system does not have is said in its summary, and each name is that of a type.
func TestMissingTypes(t *testing.T) {
	named := map[string]collect.Type{}
	for _, typ := range Types(Options{}) {
		named[typ.Name] = typ
	}
	marked := 0
	for _, typ := range named {
		if strings.HasPrefix(typ.Summary, "not available on this system: ") {
			marked++
		}
	}
	if marked != len(missingTypes()) {
		t.Errorf("%d types are marked, of %q", marked, missingTypes())
	}
	types := markMissing([]collect.Type{{Name: "a", Summary: "x"}, {Name: "b", Summary: "y"}}, []string{"b"}, map[string]string{"a": "z"})
	if types[0].Summary != "x (not on this system: z)" || types[1].Summary != "not available on this system: y" {
		t.Errorf("%+v", types)
	}
}
