package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// readmeLines returns the commands of the README's way from nothing to an own check in the endpoint's store.
func readmeLines(ts *testscript.TestScript) []string {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	ts.Check(err)
	_, section, found := strings.Cut(string(text), "## Checks in Lua\n")
	_, block, hasBlock := strings.Cut(section, "```sh\n")
	block, _, closed := strings.Cut(block, "```")
	if !found || !hasBlock || !closed {
		ts.Fatalf("README.md has no commands under Checks in Lua")
	}
	var lines []string
	for line := range strings.Lines(block) {
		command, _, _ := strings.Cut(line, " #")
		lines = append(lines, strings.TrimSpace(command))
	}
	return lines
}

// The README shows the script that its commands write.
func TestREADMEShowsTheNewScript(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(fileScript, "\nreturn ") + 1 // behind the comment that names the file
	script := fileScript[at:]
	if !strings.Contains(string(text), "```lua\n"+script+"```\n") {
		t.Error("README.md shows another script than virgo script new writes")
	}
}

// readme runs one of the README's commands: readme N. What differs is what a person copies from the output of the
// first one, the pin and the token, and the port, which the test does not choose.
func (e *realEndpoint) readme(ts *testscript.TestScript, neg bool, args []string) {
	lines := readmeLines(ts)
	if neg || len(args) != 1 || len(lines) != 5 {
		ts.Fatalf("usage: readme N, of the README's five lines; it has %d", len(lines))
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	words := strings.Fields(strings.NewReplacer(
		"127.0.0.1:50041", ts.Getenv("ENDPOINT"), "sha256:HEX", ts.Getenv("PIN"),
	).Replace(lines[n-1]))
	ts.Logf("README: %s", lines[n-1])
	switch {
	case words[0] == "virgo-endpoint" && words[1] == "serve" && words[len(words)-1] == "&":
		e.serve(ts, false, []string{words[3]})
	case words[0] == "virgo-endpoint":
		e.run(ts, false, words[1:])
		shown := regexp.MustCompile(`--pin (sha256:\S+)[\s\S]*\n *(virgo_\S+)\n`).FindStringSubmatch(ts.ReadFile("stdout"))
		if shown == nil {
			ts.Fatalf("init does not show the pin and the token")
		}
		ts.Setenv("PIN", shown[1])
		ts.Check(os.WriteFile(ts.MkAbs("token"), []byte(shown[2]), 0o600))
	case words[1] == "setup": // a terminal would ask for the token
		ts.Check(ts.Exec(words[0], append(words[1:], "--token-file", "token")...))
	default:
		ts.Check(ts.Exec(words[0], words[1:]...))
	}
}
