package config

import (
	"slices"
	"strings"
	"testing"

	"virgo/schedule/yaml/full"
)

func TestPluginVariables(t *testing.T) {
	env := environment("OWN", "from the agent", "TOKEN_HERE", "SECRET")
	for text, want := range map[string][]string{
		"environment: A=1\n":                                      {"A=1"},
		"environment: [A=1, B=x=y, OWN, MISSING]":                 {"A=1", "B=x=y", "OWN=from the agent"},
		"environment:\n  A: 1\n  B: two words\n  C:\n  D: true\n": {"A=1", "B=two words", "C=", "D=true"},
		"environment: {}":                                         nil,
		"token: env:TOKEN_HERE\nenvironment: [TOKEN_HERE]\n":      nil, // the token stays here
		"environment: [_X=1, a1=2]":                               {"_X=1", "a1=2"},
	} {
		c, err := strictly(write(t, "virgo.yaml", text, 0o600), true, env, full.Parse)
		if got := c.PluginVariables(); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"environment: [1A=x]":                                           `"1A" is not the name of a variable`,
		"environment: ['A B=x']":                                        `"A B" is not the name of a variable`,
		"environment: {A: [1]}":                                         `expected text for "A", found a list`,
		"environment: [VIRGO_TOKEN]":                                    `"VIRGO_TOKEN" is a variable of virgo's own`,
		"environment: [RAX_CHECK_ID=x]":                                 `"RAX_CHECK_ID" is a variable of virgo's own`,
		`environment: {A: "x\0y"}`:                                      "a NUL byte is not allowed",
		"environment: [" + strings.Repeat("A=1,", maxVariables+1) + "]": "more than 100 variables",
	} {
		c, err := Load(write(t, "virgo.yaml", text, 0o600), true, env, full.Parse)
		if err != nil || c.Err() == nil || !strings.Contains(c.Err().Error(), want) || len(c.Environment) > 0 {
			t.Errorf("%.60q: %v, %v; want %q", text, err, c.Err(), want)
		}
		if c.Untrusted() != nil {
			t.Errorf("%.60q: nothing is delivered: %v", text, c.Untrusted())
		}
	}
}

// What setup writes reads the same again.
func TestVariablesSurviveEncoding(t *testing.T) {
	for _, want := range [][]string{{"A=1"}, {"A=x y", "B=\"q\"", "C"}} {
		c := defaults(environment())
		c.Environment = want
		b, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := strictly(write(t, "virgo.yaml", string(b), 0o600), true, environment(), full.Parse)
		if err != nil || !slices.Equal(again.Environment, want) {
			t.Errorf("%q became %q (%v)", want, again.Environment, err)
		}
	}
}
