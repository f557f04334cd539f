package main

import (
	"bytes"
	"strings"
	"testing"

	"virgo/cmd/internal/agent"
	"virgo/schedule/policy"
	"virgo/schedule/yaml"
)

// The grants in the help are grants, in YAML that small programs read.
func TestPolicyHelpShowsGrants(t *testing.T) {
	var out bytes.Buffer
	a := &app{Program: &agent.Program{Stdio: agent.Stdio{Out: &out}, Getenv: func(string) string { return "" }}}
	if err := printPolicyHelp(a); err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(out.String(), "\nscripts:\n")
	text, _, _ := strings.Cut(after, "\n\n")
	n, err := yaml.ParsePlain("help", []byte("scripts:\n"+text+"\n"))
	if !ok || err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if g, err := policy.ParseGrants("help", n.Fields[0].Value); err != nil || len(g.Rules) != 6 {
		t.Errorf("%v, %+v", err, g)
	}
}
