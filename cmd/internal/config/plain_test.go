package config

import (
	"errors"
	"strings"
	"testing"

	"virgo/schedule/yaml"
)

// A program with the plain parser recognizes the files that it has to leave to another program.
func TestFilesThatAreNotPlain(t *testing.T) {
	for text, plain := range map[string]bool{
		"endpoint: a:1\ntoken: T\n":      true,
		"endpoint: a:1\nagent_id: a b\n": true, // wrong, and no parser changes that
		"monitoring_token T\n":           true,
		"agent_name: |\n  a\n":           false,
		"token: \"a\n":                   false,
	} {
		_, err := strictly(write(t, "virgo.yaml", text, 0o600), true, environment(), yaml.ParsePlain)
		if errors.Is(err, yaml.ErrNotPlain) == plain {
			t.Errorf("%q: error %v", text, err)
		}
		if !plain && (!IsError(err) || !strings.Contains(err.Error(), "virgo.yaml: not plain YAML")) {
			t.Errorf("%q: error %v names no file", text, err)
		}
	}
}
