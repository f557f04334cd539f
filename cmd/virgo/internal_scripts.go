package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/installed"
	"virgo/collect"
	"virgo/collect/host"
	"virgo/collect/script"
	"virgo/collect/script/api"
	"virgo/collect/script/breach"
	"virgo/collect/script/limits"
	"virgo/collect/script/trial"
	"virgo/collect/worker"
	"virgo/schedule"
	"virgo/schedule/ownership"
	"virgo/schedule/policy"
	"virgo/schedule/scriptbundle"
)

// isScripts reports whether the arguments are those of the script process.
func isScripts(args []string) bool { return len(args) == 1 && args[0] == worker.ScriptArgument }

// scriptsChild is the hidden command [worker.ScriptArgument]: it runs checks in Lua, as another process of virgo asks
// on standard input, until input ends. Before it reads a script, it limits itself by the system; what is left of a
// limit that is broken is this process's end, and the other one runs the checks again, each alone.
func scriptsChild(ctx context.Context, std agent.Stdio) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	p := &scriptProcess{std: std}
	server := worker.Server{
		Version: agent.BuildID(), Open: p.open, Unknown: p.unknown, HostInfo: p.info, Trial: p.trial,
	}
	err := server.Serve(ctx, std.In, std.Out)
	if err != nil {
		agent.PrintError(std.Err, err)
		return agent.ExitUnexpected
	}
	return agent.ExitOK
}

// scriptProcess is what the script process knows once the agent has sent its settings.
type scriptProcess struct {
	std     agent.Stdio
	options script.Options
	// unreadable is why no script of the bundle can be loaded; nil: they can be, or there is no bundle.
	unreadable error
}

// open limits this process and returns the types of all scripts, which are evaluated when a check first needs them.
func (p *scriptProcess) open(s worker.Settings) (*collect.Registry, error) {
	if s.Scripts == nil {
		return nil, errors.New("the agent sent no settings for scripts")
	}
	opt, err := p.optionsOf(s.Scripts)
	if err != nil {
		return nil, err
	}
	process, err := limits.Apply(breach.Limits{MemoryBytes: opt.Limits.MemoryBytes, CPU: breach.CPU}, func() {
		p.end(breach.KindMemory, breach.Text(opt.Limits.MemoryBytes))
	})
	if err != nil {
		return nil, fmt.Errorf("scripts cannot run here: %w", err)
	}
	opt.World.Start = process.ForChild
	if opt.Sources, p.unreadable, err = sourcesOf(s.Scripts); err != nil {
		return nil, err
	}
	if opt.Figures, err = collect.NewRegistry(host.Types(host.Options{})...); err != nil {
		return nil, err
	}
	p.options = opt
	return collect.NewRegistry(script.LazyTypes(opt)...)
}

// unknown returns why a script is not there: the owner's own scripts run beside a bundle that cannot be read.
func (p *scriptProcess) unknown(string) error {
	if p.unreadable == nil {
		return nil
	}
	return &collect.FailedError{Kind: installed.KindBundle, Text: p.unreadable.Error()}
}

// end ends this process for a script, at once: whatever else runs in it runs again.
func (p *scriptProcess) end(kind, text string) {
	worker.WriteFailure(p.std.Err, kind, text)
	os.Exit(agent.ExitUnexpected)
}

// optionsOf returns how scripts are run, without sources.
func (p *scriptProcess) optionsOf(s *worker.ScriptSettings) (script.Options, error) {
	var grants policy.Grants
	if err := json.Unmarshal(s.Grants, &grants); err != nil {
		return script.Options{}, fmt.Errorf("what scripts may use: %w", err)
	}
	limits := script.DefaultLimits()
	if s.Limits != nil {
		if err := json.Unmarshal(s.Limits, &limits); err != nil {
			return script.Options{}, fmt.Errorf("the limits of scripts: %w", err)
		}
	}
	return script.Options{
		Limits: limits, Modules: api.Modules(),
		Hung: func(e *script.Error) { p.end(string(e.Kind), e.Error()) },
		Guard: func(d scriptbundle.Script, own bool, req collect.Request) (script.Guard, error) {
			guard, err := grants.Guard(policy.ScriptCheck{
				Definition: schedule.Definition{Type: d.Type, Details: d.Details}, Needs: d.Needs, Details: req.Check.Details,
				Own: own, Deny: s.Deny, Endpoint: req.Guard,
			})
			if err != nil {
				return nil, err
			}
			return guard, nil
		},
	}, nil
}

// bundleDescriptor is where the agent passes the bundle.
const bundleDescriptor = 3

// sourcesOf returns the owner's folder and the bundle. unreadable is why the bundle's file cannot be
// parsed. The descriptor of the bundle is closed.
func sourcesOf(s *worker.ScriptSettings) (sources []script.Source, unreadable, err error) {
	if s.Dir != "" {
		sources = append(sources, script.DirSource(s.Dir, func(path string) error { return ownership.Check(path) }))
	}
	var f *os.File
	switch {
	case s.Descriptor:
		f = os.NewFile(bundleDescriptor, "bundle")
	case s.Path != "":
		f, err = os.Open(s.Path)
	default:
		return sources, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("opening the bundle: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, scriptbundle.MaxBundleBytes+1))
	if err != nil {
		return nil, nil, fmt.Errorf("reading the bundle: %w", err)
	}
	bundle, err := scriptbundle.Parse(text)
	if err != nil {
		return sources, fmt.Errorf("the bundle cannot be read: %w", err), nil
	}
	return append(sources, script.BundleSource(bundle)), nil, nil
}

// trial does a job of a person who writes scripts, with the options that checks have.
func (p *scriptProcess) trial(ctx context.Context, job json.RawMessage) (any, error) {
	var j trial.Job
	if err := json.Unmarshal(job, &j); err != nil {
		return nil, fmt.Errorf("reading the job: %w", err)
	}
	return j.Do(ctx, p.options)
}

// info returns the host information of the script process, see [worker.ScriptInfos].
func (p *scriptProcess) info(_ context.Context, name string) (any, error) {
	all := []worker.ScriptInfo{}
	for _, l := range script.List(p.options) {
		info := worker.ScriptInfo{File: l.File, Type: l.Type, Own: l.Own}
		if name == l.Type {
			declared, err := script.Load(p.options, name)
			if info.Script = &declared; err != nil {
				info.Script, info.Error = nil, err.Error()
			}
			return info, nil
		}
		all = append(all, info)
	}
	if name != worker.ScriptInfos {
		if p.unreadable != nil {
			return nil, p.unreadable
		}
		return nil, fmt.Errorf("there is no script of the type %.64q", name)
	}
	return all, nil
}
