package full

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"virgo/schedule/yaml"
)

// Each mistake is told in words, with its place, and with nothing of the file.
func TestMistakesInWords(t *testing.T) {
	for text, want := range map[string]string{
		"- id: a\n\ttype: agent.cpu\n":           "2:1: a tab stands in the indentation",
		"- id: a\r\n  details:\r\n  \tx: y\r\n":  "3:3: a tab stands in the indentation",
		"-\tid: a\n  type: b\n":                  "1:2: a tab stands in the indentation",
		"- id: a\n  type:agent.cpu\n":            "2:7: a space is missing after the colon",
		"- id:SECRET\n  type: agent.cpu\n":       "1:5: a space is missing after the colon",
		"- id: a\n   type: agent.cpu\n":          "2:4: the indentation does not fit the lines above",
		"- id: a\n type: agent.cpu\n":            "2:2: the indentation does not fit the lines above",
		"- id: a\ntype: b\n":                     "2:1: the indentation does not fit the lines above",
		"a:\n  b:\n    c: x\n   d: 2\n":          "4:4: the indentation does not fit the lines above",
		"- id: \"SECRET\n  type: agent.cpu\n":    "1:7: a quote is opened here and never closed",
		"- id: 'SECRET\n  type: agent.cpu\n":     "1:7: a quote is opened here and never closed",
		"- id: a\n  details: {a: SECRET\n":       "2:12: a { is opened here and never closed",
		"- id: a\n  args: [a, SECRET\n- id: c\n": "2:9: a [ is opened here and never closed",
		"- id: a\n  args: [-w, @10:20]\n":        "2:14: a value that begins with @ needs quotes",
		"- id: `SECRET`\n":                       "1:7: a value that begins with ` needs quotes",
		"- id: %SECRET\n":                        "1:7: directives (%) are not supported",
		"- id: &SECRET\n":                        "1:7: anchors, aliases and merge keys",
		"- id: *SECRET\n":                        "1:7: anchors, aliases and merge keys",
		"- id: !SECRET\n":                        "1:7: tags (!) are not supported",
		"- label: SECRET: b\n  id: x\n":          "1:3: the value has a colon in it and needs quotes",
		"- id: a\n  SECRET\n":                    "2:3: a line without a colon stands where a key belongs",
		"- id: a\n  id: b\n":                     "2:3: duplicate key \"id\", first in line 1",
		"- id: a\n  details: ]\n":                "2:12: a bracket is closed that was never opened",
		"- id: \"SEC\\qRET\"\n":                  "1:12: a backslash within double quotes",
		"- id: a\n  b: \"SECRET\" y\n":           "2:15: text follows a closing quote",
		"key: - SECRET\n":                        "1:6: a list begins in the line of its key",
	} {
		_, err := Parse("f", []byte(text))
		var e *yaml.Error
		if !errors.As(err, &e) {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Text); !strings.HasPrefix(got, want) {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
		if e.Help == "" || strings.Contains(e.Text+e.Help, "SECRET") {
			t.Errorf("%q: %s; %s", text, e.Text, e.Help)
		}
	}
}
