package agent

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"virgo/cmd/internal/config"
	"virgo/cmd/internal/footprint"
	"virgo/cmd/internal/hostkey"
	"virgo/cmd/internal/link"
	"virgo/cmd/internal/run"
	"virgo/collect"
	"virgo/collect/host"
	"virgo/collect/plugin"
	"virgo/collect/worker"
	"virgo/schedule/ownership"
	"virgo/schedule/scriptbundle"
	"virgo/spool"
	"virgo/transport"
)

// OpenAgent returns an agent with its registry and spool.
func (p *Program) OpenAgent() (*run.Agent, config.Config, error) { return p.openAgent(p.OpenSpool) }

// OpenAgentToRead returns an agent for what only shows its state: where a host has none, none is made.
func (p *Program) OpenAgentToRead() (*run.Agent, config.Config, error) {
	return p.openAgent(func(cfg config.Config) (*spool.Spool, error) {
		if _, err := os.Lstat(p.Paths().State); !errors.Is(err, fs.ErrNotExist) {
			return p.OpenSpool(cfg)
		}
		opt := p.spoolOptions(cfg)
		opt.Existing = true
		return p.openSpool(opt)
	})
}

func (p *Program) openAgent(open func(config.Config) (*spool.Spool, error)) (*run.Agent, config.Config, error) {
	cfg, err := p.LoadConfig()
	if err != nil {
		return nil, cfg, err
	}
	for _, w := range cfg.Warnings {
		p.Verbosef("configuration: %s", w)
	}
	ag := p.NewAgent(cfg)
	if p.NewJudge != nil {
		ag.Judge = p.NewJudge(cfg)
	}
	if ag.Registry, err = p.Registry(ag.Self); err != nil {
		return nil, cfg, err
	}
	ag.Spool, err = open(cfg)
	return ag, cfg, err
}

// NewAgent returns an agent without registry and spool, which suffices to probe the endpoint.
func (p *Program) NewAgent(cfg config.Config) *run.Agent {
	ag := &run.Agent{
		Config: link.Config{
			ID:        cfg.AgentID,
			Name:      cfg.AgentName,
			Version:   Release(),
			Token:     func() (string, error) { return cfg.TokenOr(hostkey.TokenPath(p.Paths().State)) },
			Key:       func() (ed25519.PrivateKey, error) { return p.hostKey(cfg) },
			DropToken: func() error { return hostkey.DropToken(p.Paths().State) },
			Endpoints: cfg.Endpoints,
			Untrusted: cfg.Untrusted(),
			TLS: transport.TLSConfig{
				CAFile:     cfg.CAFile,
				Pins:       append(cfg.Pins[:len(cfg.Pins):len(cfg.Pins)], cfg.BackupPins...),
				ServerName: cfg.ServerName,
				ClientCert: cfg.ClientCert,
				ClientKey:  cfg.ClientKey,
			},
			Proxy: transport.ProxyFor(transport.ProxySettings{
				URL: cfg.Proxy.URL(), NoProxy: strings.Join(cfg.NoProxy, ","),
			}),
			Policy: cfg.Policy(),
			Secret: cfg.CheckSecret,
			Remote: link.Remote{
				HostInfoTypes: HostInfoTypes,
				HostInfo: func(ctx context.Context, name string) (json.RawMessage, error) {
					return p.HostInfo(ctx, name)
				},
			},
			ChecksDir: p.Paths().Checks,
			ParseYAML: p.YAML,
			Now:       p.Now,
			Notice:    p.Notice,
			Verbose:   p.Verbosef,
			Large:     footprint.Spare,
			Slow:      p.Interrupts.Listen,
		},
		ScheduleMaxAge: cfg.ScheduleMaxAge,
		Concurrency:    cfg.Concurrency,
		Mistakes:       mistakeLines(cfg),
		Bundle:         p.bundleOf,
		Checked:        p.CloseWorker, // the delivery does not need it
	}
	if cfg.Bundles.Mode == config.BundlesAuto && cfg.RenewalMistake() == nil {
		ag.BundleName, ag.BundleChannel = cfg.Bundles.Name, cfg.Bundles.Channel
	}
	return ag
}

// hostKey returns this host's key. With a new key, an id that was computed is stored: the key is registered
// for one id, and host names change.
func (p *Program) hostKey(cfg config.Config) (ed25519.PrivateKey, error) {
	dir := p.Paths().State
	if cfg.ComputedID {
		if err := hostkey.StoreID(dir, cfg.AgentID); err != nil {
			return nil, err
		}
	}
	return hostkey.Own(dir)
}

// HostInfoTypes returns the names of all types of host information.
func HostInfoTypes() []string {
	var names []string
	for _, t := range worker.LoadCatalog().HostInfo {
		names = append(names, t.Name)
	}
	return names
}

// Registry returns all check types. self provides the figures of agent.virgo.
func (p *Program) Registry(self func(context.Context) (host.Self, error)) (*collect.Registry, error) {
	types := host.Types(host.Options{Self: self, StatProgram: statProgram})
	types = append(types, plugin.Type(plugin.Options{
		Dir: p.Paths().Plugins, Environ: p.PluginEnviron(), Variables: p.PluginVariables(), Large: footprint.Spare,
	}))
	registry, err := collect.NewRegistry(types...)
	if err != nil {
		return nil, err
	}
	return registry.WithLazy(p.Worker().Types).WithFamily(scriptbundle.TypePrefix, p.scriptTypes), nil
}

// Worker returns the worker, which is started when it is first used.
func (p *Program) Worker() *worker.Program {
	if p.worker == nil {
		p.worker = &worker.Program{
			Path: p.WorkerPath, Environ: p.ChildEnviron, Settings: p.workerSettings, Account: p.workerUser,
			Version: BuildID(),
		}
	}
	return p.worker
}

// HostInfo returns host information, see [worker.Program.HostInfo]. A worker whose checks run as another
// user does not read it: it needs the agent's rights, and parses what this host says alone.
func (p *Program) HostInfo(ctx context.Context, name string) (json.RawMessage, error) {
	as, err := p.workerUser()
	if err != nil {
		return nil, &worker.StartError{Err: err}
	}
	if as == nil {
		return p.Worker().HostInfo(ctx, name)
	}
	if p.hostInfo == nil {
		p.hostInfo = &worker.Program{
			Path: p.WorkerPath, Environ: p.ChildEnviron, Settings: p.hostInfoSettings, Version: BuildID(),
		}
	}
	return p.hostInfo.HostInfo(ctx, name)
}

// CloseWorker ends the workers that were started.
func (p *Program) CloseWorker() {
	for _, w := range []*worker.Program{p.worker, p.hostInfo, p.scripts} {
		if w != nil {
			w.Close()
		}
	}
	p.groups.Close()
}

// PluginVariables returns the variables of the setting environment, once the settings were read.
func (p *Program) PluginVariables() []string { return p.pluginVariables }

// PluginEnviron returns this process's environment without the variable that has the token, and
// without the one that timer entries set for this program alone. The plugin runner itself passes on
// only what every plugin needs. PATH has the system's folders, those of sbin too, whoever starts virgo: what
// works from a terminal works from cron, whose PATH is /usr/bin:/bin.
func (p *Program) PluginEnviron() []string {
	variable := p.tokenVariable
	return withSystemPath(slices.DeleteFunc(os.Environ(), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return variable != "" && name == variable || pair == footprint.OneProcessor
	}))
}

// ChildEnviron returns this process's environment without the agent's secrets and settings.
func (p *Program) ChildEnviron() []string {
	return slices.DeleteFunc(p.PluginEnviron(), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return strings.HasPrefix(strings.ToUpper(name), "VIRGO_") || name == "CREDENTIALS_DIRECTORY"
	})
}

// OpenSpool opens the spool in the state folder.
func (p *Program) OpenSpool(cfg config.Config) (*spool.Spool, error) {
	if err := makeState(p.Paths().State); err != nil {
		return nil, &ExitError{ExitUsage, fmt.Errorf("opening the state: %w", err)}
	}
	return p.openSpool(p.spoolOptions(cfg))
}

func (p *Program) spoolOptions(cfg config.Config) spool.Options {
	return spool.Options{
		MaxBytes: cfg.SpoolMaxBytes,
		MaxAge:   cfg.SpoolMaxAge,
		Now:      p.Now,
		Guard:    func(dir string) error { return ownership.Check(dir) },
		Recovered: func(r spool.Recovery) {
			p.lostInRepair = p.lostInRepair || r.Lost > 0 || r.LostUnknown
			p.Notice("%v", r)
		},
	}
}

func (p *Program) openSpool(opt spool.Options) (*spool.Spool, error) {
	sp, err := spool.Open(p.Paths().State, opt)
	if err != nil {
		err = fmt.Errorf("opening the state: %w", err)
		if p.withoutDisk && isDiskFault(err) {
			return spool.Unreachable(err), nil
		}
		if Hint(err) == "" {
			err = WithHint(err, "--state DIR or VIRGO_STATE sets another folder")
		}
		return nil, &ExitError{ExitUsage, err}
	}
	return sp, nil
}

// CheckState returns why runs would not use the state folder. A folder that does not exist is made to see
// whether it can be, and removed.
func (p *Program) CheckState(cfg config.Config) error {
	dir := p.Paths().State
	_, missing := os.Lstat(dir)
	sp, err := p.OpenSpool(cfg)
	if errors.Is(missing, fs.ErrNotExist) {
		_ = os.Remove(dir) // runs make it as the user that they have
	}
	if err != nil {
		return err
	}
	if missing != nil {
		return nil
	}
	err = sp.View(p.Context, func(*spool.Tx) error { return nil })
	if err != nil && !errors.Is(err, spool.ErrLocked) {
		return fmt.Errorf("opening the state: %w", err)
	}
	return nil
}

// isDiskFault reports whether the disk failed, is full or gone; other errors are of the folder,
// which the owner can correct.
func isDiskFault(err error) bool {
	return slices.ContainsFunc([]error{
		spool.ErrFull, syscall.EIO, syscall.EROFS, syscall.ESTALE, syscall.ENOTCONN, syscall.ETIMEDOUT, syscall.EHOSTDOWN,
	}, func(fault error) bool { return errors.Is(err, fault) })
}
