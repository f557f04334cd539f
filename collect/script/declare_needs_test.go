package script

import (
	"strings"
	"testing"
)

// What a script needs has a form that the guard can compare with what an endpoint chose.
func TestNeedsOfADeclaration(t *testing.T) {
	for needs, want := range map[string]string{
		`files = { "${path}/**" }`:                ``,
		`files = { "/var/${label}" }`:             `files "/var/${label}": the detail "label" cannot stand there`,
		`files = { "/etc/**" }`:                   `the detail "path" chooses a path, and no pattern in needs has ${path}`,
		`files = { "${path}" }, tcp = { "host" }`: `tcp "host" is not HOST:PORT`,
	} {
		text := `return check { summary = "s", run = function() end, needs = { ` + needs + ` },
			details = { path = { kind = "path", doc = "d" }, label = { kind = "text", doc = "d" } } }`
		_, err := Declare("a.lua", []byte(text), DefaultLimits())
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", needs, err, want)
		}
	}
}
