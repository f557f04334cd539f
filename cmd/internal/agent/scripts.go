package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"virgo/cmd/internal/installed"
	"virgo/collect"
	"virgo/collect/script/breach"
	"virgo/collect/worker"
	"virgo/schedule/ownership"
	"virgo/schedule/scriptbundle"
)

// ScriptWorker returns the script process, which is started when it is first used.
func (p *Program) ScriptWorker() *worker.Program {
	if p.scripts == nil {
		p.scripts = &worker.Program{
			Path: p.WorkerPath, Argument: worker.ScriptArgument, Environ: p.scriptEnviron, Settings: p.scriptSettings,
			Account: p.workerUser, Describe: describeDeath, Version: BuildID(), Open: p.openBundle, Group: p.scriptGroup,
		}
	}
	return p.scripts
}

// scriptEnviron returns the environment of the script process. Two processors let one script compute while another
// one waits, or is watched; a trace of goroutines would be all that is kept of its last words.
func (p *Program) scriptEnviron() []string {
	environ := slices.DeleteFunc(p.ChildEnviron(), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		switch name {
		case "GOMAXPROCS", "GOTRACEBACK", "GOGC", "GOMEMLIMIT", "GODEBUG":
			return true
		}
		return false
	})
	return append(environ, "GOMAXPROCS=2", "GOTRACEBACK=none")
}

// scriptSettings is called when the script process is started.
func (p *Program) scriptSettings() (worker.Settings, error) {
	cfg, err := p.LoadConfig()
	if err != nil {
		return worker.Settings{}, err
	}
	grants, err := json.Marshal(cfg.Grants())
	if err != nil {
		return worker.Settings{}, fmt.Errorf("encoding what scripts may use: %w", err)
	}
	s := &worker.ScriptSettings{Grants: grants, Deny: cfg.ScriptsNever(p.Paths())}
	if dir := p.Paths().Scripts; scriptsFault(dir) == nil { // otherwise its types say so
		s.Dir = dir
	}
	return worker.Settings{Scripts: s}, nil
}

// scriptGroup returns a control group for the next script process, nil where there is none.
func (p *Program) scriptGroup() worker.Group {
	if g := p.groups.Make(); g != nil {
		return g
	}
	return nil
}

// describeDeath says why a script failed whose process died although it ran alone.
func describeDeath(d worker.Death) (kind, text string) {
	if d.OutOfMemory {
		return breach.KindMemory, breach.GroupText()
	}
	if d.Loading {
		return installed.KindBundle, "the script process died while it loaded the scripts: " + d.How
	}
	kind, text = breach.Describe(d.How, d.Used, breach.Limits{MemoryBytes: breach.MemoryBytes, CPU: breach.CPU})
	if kind == "" {
		return "died", "the script process died while it ran this check: " + d.How
	}
	return kind, text
}

// scriptsFault returns why no script of a folder is run: others can change what is in it.
func scriptsFault(dir string) error {
	if err := ownership.Check(dir); err != nil {
		return fmt.Errorf("scripts of this folder are not run: %w", err)
	}
	return nil
}

// maxOwnScripts bounds the files in the owner's folder of scripts.
const maxOwnScripts = 1000

// scriptTypes returns the types of all scripts.
func (p *Program) scriptTypes() []collect.Type { return p.withBundle(p.ownScriptTypes()) }

// ownScriptTypes returns the types of the owner's own scripts, by the names of their files: what their details are, only
// the script process knows, which evaluates them.
func (p *Program) ownScriptTypes() []collect.Type {
	dir := p.Paths().Scripts
	if dir == "" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			p.Verbosef("the folder of scripts: %v", err)
		}
		return nil
	}
	defer f.Close()
	entries, err := f.ReadDir(maxOwnScripts)
	if err != nil && !errors.Is(err, io.EOF) {
		p.Verbosef("the folder of scripts: %v", err)
	}
	fault := scriptsFault(dir)
	var types []collect.Type
	for _, e := range entries {
		stem, ok := strings.CutSuffix(e.Name(), ".lua")
		if !ok || e.IsDir() || scriptbundle.ValidName(e.Name()) != nil {
			continue
		}
		t := collect.Type{
			Name: scriptbundle.TypePrefix + stem, Summary: "script of this host's owner", OwnDetails: true,
			Checker: p.ScriptWorker().Checker(scriptbundle.TypePrefix + stem),
		}
		if fault != nil {
			t.Checker = collect.CheckerFunc(func(context.Context, collect.Request) (collect.Report, error) {
				return collect.Report{}, fault
			})
		}
		types = append(types, t)
	}
	return types
}
