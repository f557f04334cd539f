package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"virgo/cmd/internal/agent"
	"virgo/collect/script"
	"virgo/collect/script/api"
	"virgo/collect/script/breach"
	"virgo/collect/script/limits"
	"virgo/schedule/scriptbundle"
)

// declareArgument is the hidden command of a process that evaluates scripts as far as their declarations, under the
// limits of the script process: no process of a person or of the agent evaluates Lua.
const declareArgument = "internal-declare"

func isDeclare(args []string) bool { return len(args) == 1 && args[0] == declareArgument }

// maxDeclareBytes bounds what both processes say: files are sent as base64.
const maxDeclareBytes = 2 * scriptbundle.MaxBundleBytes

// A declareRequest has the files of a bundle by name.
type declareRequest struct {
	Files map[string][]byte `json:"files"`
}

// A declareAnswer has what one script declares, or why it declares nothing.
type declareAnswer struct {
	File   string              `json:"file"`
	Script scriptbundle.Script `json:"script"`
	Error  string              `json:"error,omitempty"`
}

// declareChild is the hidden command [declareArgument]. It is limited before it reads the first byte.
func declareChild(std agent.Stdio) int {
	l := script.DefaultLimits()
	_, err := limits.Apply(breach.Limits{MemoryBytes: l.MemoryBytes, CPU: breach.CPU}, func() {
		fmt.Fprintln(std.Err, breach.Text(l.MemoryBytes))
		os.Exit(agent.ExitUnexpected)
	})
	if err == nil {
		err = declareAll(std, l)
	}
	if err != nil {
		agent.PrintError(std.Err, err)
		return agent.ExitUnexpected
	}
	return agent.ExitOK
}

func declareAll(std agent.Stdio, l script.Limits) error {
	var req declareRequest
	if err := json.NewDecoder(io.LimitReader(std.In, maxDeclareBytes)).Decode(&req); err != nil {
		return fmt.Errorf("reading the scripts: %w", err)
	}
	opt := script.Options{
		Limits: l, Modules: api.Modules(),
		Hung: func(e *script.Error) {
			fmt.Fprintln(std.Err, e)
			os.Exit(agent.ExitUnexpected)
		},
	}
	out := json.NewEncoder(std.Out)
	source := script.MapSource(req.Files)
	for _, name := range source.Files() {
		if !scriptbundle.IsScript(name) {
			continue
		}
		a := declareAnswer{File: name}
		var err error
		if a.Script, err = script.DeclareFile(opt, source, name); err != nil {
			a.Script, a.Error = scriptbundle.Script{}, err.Error()
			var own *script.Error
			if errors.As(err, &own) && own.File == "" {
				a.Error = name + ": " + a.Error
			}
		}
		if err := out.Encode(a); err != nil {
			return fmt.Errorf("writing what scripts declare: %w", err)
		}
	}
	return nil
}
