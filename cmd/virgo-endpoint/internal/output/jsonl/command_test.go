//go:build unix

package jsonl

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/output"
)

// command returns one that runs a script, and its folder.
func command(t *testing.T, script string, args ...string) (*Command, string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "take.sh")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	c := NewCommand(append([]string{file}, args...), func(name string) string {
		return map[string]string{"PATH": "/usr/bin:/bin", "PASSWORD": "S3CRET"}[name]
	})
	c.program.Trusted = func(string) error { return nil }
	return c, dir
}

func three() []output.Item {
	var list []output.Item
	for seq := range int64(3) {
		list = append(list, output.Item{Result: &intake.Result{Seq: seq + 1, AgentID: "web1; $(reboot)", Params: json.RawMessage(`{}`)}})
	}
	return list
}

func TestCommandGetsLines(t *testing.T) {
	c, dir := command(t, `cat >>lines; env >variables; printf '%s|' "$@" >arguments`, "--to", "a b")
	if err := c.Send(t.Context(), three()); err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	lines := strings.Split(strings.TrimSuffix(read("lines"), "\n"), "\n")
	for i, line := range lines {
		var one struct{ Seq int }
		if err := json.Unmarshal([]byte(line), &one); err != nil || one.Seq != i+1 {
			t.Errorf("%s: %v", line, err)
		}
	}
	if len(lines) != 3 || read("arguments") != "--to|a b|" || strings.Contains(read("variables"), "S3CRET") {
		t.Errorf("%q, %s, %s", lines, read("arguments"), read("variables"))
	}
}

// Only the end of the program says whether it has taken the batch.
func TestCommandsThatFail(t *testing.T) {
	for script, refused := range map[string]bool{"cat >/dev/null; echo full >&2; exit 1": false, "exit 65": true, "kill -9 $$": false} {
		c, _ := command(t, script)
		err := c.Send(t.Context(), three())
		var r *output.Refused
		if err == nil || errors.As(err, &r) != refused || strings.Contains(script, "full") && !strings.HasSuffix(err.Error(), "code 1: full") {
			t.Errorf("%s: %v", script, err)
		}
	}
	c, dir := command(t, "cat >lines")
	c.program.Trusted = NewCommand(c.program.Args, os.Getenv).program.Trusted
	if err := os.Chmod(c.program.Args[0], 0o777); err != nil {
		t.Fatal(err)
	}
	if err := c.Send(t.Context(), three()); err == nil || !strings.Contains(err.Error(), "is writable by others") {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "lines")); err == nil {
		t.Error("a program that others can change was run")
	}
}
