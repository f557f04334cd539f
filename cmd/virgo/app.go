package main

import (
	"context"
	"crypto/ecdh"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"virgo/cmd/virgo/internal/agent"
	"virgo/cmd/virgo/internal/atomicfile"
	"virgo/cmd/virgo/internal/config"
	"virgo/cmd/virgo/internal/footprint"
	"virgo/cmd/virgo/internal/term"
	"virgo/collect"
	"virgo/collect/host"
	"virgo/collect/plugin"
	"virgo/collect/worker"
	"virgo/schedule/strictyaml"
	"virgo/spool"
	"virgo/transport"
	"virgo/transport/receipt"
)

// An app is one start of the program. What a command needs is opened when the command asks for it, so
// that help and mistakes open nothing.
type app struct {
	ctx context.Context
	stdio
	globals
	now    func() time.Time
	getenv func(string) string
	// tokenVariable is the environment variable that the token lies in; empty where it lies elsewhere.
	tokenVariable string
	stop          *interrupts
	// program gives back what a run no longer needs of it.
	program footprint.Program
	// withoutDisk lets a command go on where the disk of the state cannot be reached.
	withoutDisk bool
	// checks is the program virgo-checks; nil until it is asked for.
	checks *worker.Program
	// overdue ends the program although the command has not come back.
	overdue chan error
}

// config reads the settings: flag over environment over file over default.
func (a *app) config() (config.Config, error) {
	path, named := a.Config, a.Config != ""
	if !named {
		path = a.paths().Config
	}
	return config.Load(path, named, a.getenv)
}

// paths says where things lie for whoever calls.
func (a *app) paths() config.Paths {
	p := config.DefaultPaths(a.getenv)
	if a.Config != "" {
		p = p.WithConfig(a.Config)
	}
	if a.State != "" {
		p.State = a.State
	}
	if a.Plugins != "" {
		p.Plugins = a.Plugins
	}
	return p
}

// spool opens the state.
func (a *app) spool(cfg config.Config) (*spool.Spool, error) {
	sp, err := spool.Open(a.paths().State, spool.Options{
		MaxBytes:  cfg.SpoolMaxBytes,
		MaxAge:    cfg.SpoolMaxAge,
		Now:       a.now,
		Recovered: func(r spool.Recovery) { a.notice("%v", r) },
	})
	if err != nil {
		err = fmt.Errorf("opening the state: %w", err)
		if a.withoutDisk && disksFault(err) {
			return spool.Unreachable(err), nil
		}
		var h hinter
		if !errors.As(err, &h) {
			err = withHint{err, "--state DIR or VIRGO_STATE names another folder"}
		}
		return nil, &exitError{exitUsage, err}
	}
	return sp, nil
}

// disksFault tells a disk that fails, is full or gone from a folder that its owner must mend or name.
func disksFault(err error) bool {
	return slices.ContainsFunc([]error{
		spool.ErrFull, syscall.EIO, syscall.EROFS, syscall.ESTALE, syscall.ENOTCONN, syscall.ETIMEDOUT, syscall.EHOSTDOWN,
	}, func(fault error) bool { return errors.Is(err, fault) })
}

// registry wires the families of checks. self gives agent.virgo its figures.
func (a *app) registry(self func(context.Context) (host.Self, error)) (*collect.Registry, error) {
	types := host.Types(host.Options{Self: self, StatProgram: statProgram()})
	types = append(types, plugin.Type(a.paths().Plugins, a.pluginEnviron()...))
	registry, err := collect.NewRegistry(types...)
	if err != nil {
		return nil, err
	}
	return registry.WithFurther(a.worker().Types), nil
}

// pluginEnviron is this process's environment without the token, where it lies in a variable of the
// owner's choice. What virgo's own variables carry, the plugin runner drops by itself.
func (a *app) pluginEnviron() []string {
	variable := a.tokenVariable
	return slices.DeleteFunc(os.Environ(), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return variable != "" && name == variable
	})
}

// agent joins the rooms for a run.
func (a *app) agent() (*agent.Agent, config.Config, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, cfg, err
	}
	a.tokenVariable = cfg.TokenVariable()
	for _, w := range cfg.Warnings {
		a.verbose("configuration: %s", w)
	}
	ag := a.newAgent(cfg)
	if ag.Registry, err = a.registry(ag.Self); err != nil {
		return nil, cfg, err
	}
	ag.Spool, err = a.spool(cfg)
	return ag, cfg, err
}

// newAgent is an agent with these settings and no state: all that a probe of the endpoint needs.
func (a *app) newAgent(cfg config.Config) *agent.Agent {
	return &agent.Agent{
		ID:        cfg.AgentID,
		Name:      cfg.AgentName,
		Version:   version(),
		Token:     cfg.Token,
		Endpoints: cfg.Endpoints,
		TLS: transport.TLSConfig{
			CAFile:     cfg.CAFile,
			Pins:       append(cfg.Pins[:len(cfg.Pins):len(cfg.Pins)], cfg.BackupPins...),
			ServerName: cfg.ServerName,
			ClientCert: cfg.ClientCert,
			ClientKey:  cfg.ClientKey,
		},
		Proxy:          transport.ProxyFor(transport.ProxySettings{URL: cfg.Proxy.URL(), NoProxy: strings.Join(cfg.NoProxy, ",")}),
		ScheduleMaxAge: cfg.ScheduleMaxAge,
		ChecksDir:      a.paths().Checks,
		Remote: agent.Remote{
			Allow:         cfg.AllowRemote,
			HostInfoDeny:  cfg.HostInfoDeny,
			HostInfoTypes: hostInfoTypes,
			HostInfo:      func(ctx context.Context, name string) (json.RawMessage, error) { return a.worker().HostInfo(ctx, name) },
		},
		Concurrency: cfg.Concurrency,
		Now:         a.now,
		Notice:      a.notice,
		Verbose:     a.verbose,
		Slow:        a.stop.listen,
		Checked:     a.checked,
		Connected:   a.connected,
		Large:       a.large,
	}
}

// configured gives back what reading the command line and the configuration needed, and what the start of the
// program touched of kong, of TLS and of age.
func (a *app) configured() {
	a.program.GiveBack(ecdh.P256, transport.Retry)
	a.program.GiveBackTables()
	a.program.GiveBack(config.Load, newParser)
	a.program.GiveBack(atomicfile.Create, receipt.Open) // bundles, and what encrypts them, lie between
}

// checked ends virgo-checks, where it was started, and gives back what a run's delivery does not need: the checks
// and the schedule.
func (a *app) checked() {
	a.worker().Close()
	a.program.GiveBack(strictyaml.Parse, host.Types)
}

// connected gives back what only a handshake needs: curves, ASN.1, certificates.
func (a *app) connected() {
	a.program.GiveBackTables()
	a.program.GiveBack(ecdh.P256, tls.Client)
}

// large makes room before something that takes much memory or time.
func (a *app) large() {
	footprint.Spare()
	a.program.GiveBackAll()
}

// notice is a line that a person must see, also under cron.
func (a *app) notice(format string, args ...any) {
	fmt.Fprintln(a.err, "virgo: "+oneLine(fmt.Sprintf(format, args...)))
}

// verbose is a line for --verbose.
func (a *app) verbose(format string, args ...any) {
	if a.Verbose {
		fmt.Fprintln(a.err, a.now().Format("15:04:05.000 ")+oneLine(fmt.Sprintf(format, args...)))
	}
}

// color says whether stdout wants colour.
func (a *app) color() bool { return term.UseColor(a.out, a.getenv) }

// schemaVersion is of every --json document: it grows when a field changes its meaning or goes away.
const schemaVersion = 1

// document is what --json prints around a command's own fields.
type document struct {
	SchemaVersion int `json:"schema_version"`
}

// printJSON prints one document.
func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// deadline bounds the command: its context ends then, and shortly after the program, whatever hangs.
func (a *app) deadline(d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(a.ctx, d)
	timer := time.AfterFunc(d+overdueGrace, func() {
		a.overdue <- withHint{
			fmt.Errorf("not finished %s after the deadline of %s: something that cannot be interrupted hangs, most likely the disk of %q", overdueGrace, d, a.paths().State),
			"look at that disk; the next run starts from what was kept",
		}
	})
	return ctx, func() { timer.Stop(); cancel() }
}

// overdueGrace is what an orderly end may take once the deadline has passed.
const overdueGrace = 2 * time.Second
