package agent

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"virgo/cmd/internal/config"
	"virgo/cmd/internal/hostkey"
	"virgo/cmd/internal/run"
	"virgo/cmd/internal/term"
	"virgo/collect/script/group"
	"virgo/collect/worker"
	"virgo/schedule/yaml"
)

// Stdio are the program's streams.
type Stdio struct {
	In       io.Reader
	Out, Err io.Writer
}

// Settings are what the command line and the environment say to both programs. The tags are for
// kong, which only virgo links.
type Settings struct {
	Config  string `env:"VIRGO_CONFIG" placeholder:"FILE" help:"Configuration file."`
	State   string `env:"VIRGO_STATE" placeholder:"DIR" help:"State folder, with the spool."`
	Plugins string `env:"VIRGO_PLUGINS" placeholder:"DIR" help:"Plugin folder."`
	Scripts string `env:"VIRGO_SCRIPTS" placeholder:"DIR" help:"Folder of this host's own scripts."`
	Verbose bool   `name:"verbose" short:"v" env:"VIRGO_VERBOSE" help:"Print progress to standard error."`
}

// A Program is one start of one of the agent's programs. It opens what a command needs when the
// command asks for it, so that help and usage errors open nothing.
type Program struct {
	Context context.Context
	Stdio
	Settings
	Now    func() time.Time
	Getenv func(string) string
	// Interrupts may be nil.
	Interrupts *Interrupts
	// PrintError prints the error that the program ends with.
	PrintError func(w io.Writer, err error)
	// PrintNotice prints a line that people must see, also under cron.
	PrintNotice func(w io.Writer, text string)
	// Overdue returns the error of a command that hangs past its deadline, given the ordinary one; nil: that.
	// It must be set before [Program.Deadline] is called.
	Overdue func(error) error
	// YAML parses virgo.yaml and checks.d.
	YAML yaml.Parser
	// NewJudge returns what judges the alarms of this host's own checks; nil in virgo-run.
	NewJudge func(config.Config) run.Judge
	// WorkerPath returns the path of the virgo that is started as a worker, see package worker.
	WorkerPath func() (string, error)

	// tokenVariable is the environment variable that has the token; empty if the token is elsewhere.
	tokenVariable string
	// pluginVariables are those of the setting environment.
	pluginVariables []string
	// withoutDisk lets a command continue if the disk of the state folder fails.
	withoutDisk bool
	// unread is the variable that only virgo reads, in a run without virgo; usually nil.
	unread error
	// lostInRepair means that a damaged spool was repaired, and that results in it are lost.
	lostInRepair bool
	// progress is the line of a terminal that shows the progress of long work.
	progress progressLine
	// worker is nil until it is needed.
	worker *worker.Program
	// hostInfo is the worker that reads host information if that of the checks runs as another user.
	hostInfo *worker.Program
	// scripts is the script process; nil until it is needed.
	scripts *worker.Program
	groups  group.Groups // of the script processes
	// bundle is what scripts are run from, once bundleOnce was done.
	bundle     bundle
	bundleOnce sync.Once
	// overdue ends the program although the command has not returned.
	overdue chan error
}

// New returns a program that reads the environment through getenv.
func New(ctx context.Context, std Stdio, getenv func(string) string, stop *Interrupts) *Program {
	return &Program{
		Context: ctx, Stdio: std, Getenv: getenv, Interrupts: stop, Now: time.Now,
		PrintError: PrintError, PrintNotice: PrintNotice, overdue: make(chan error, 1), progress: progressLine{w: std.Err},
	}
}

// LoadConfig reads the settings. Mistakes in them are in the Config.
func (p *Program) LoadConfig() (config.Config, error) {
	p.ProtectFolder()
	path, named := p.Config, p.Config != ""
	if !named {
		path = p.Paths().Config
	}
	cfg, err := config.Load(path, named, p.Getenv, p.YAML)
	if p.unread != nil {
		cfg.Mistakes = append(cfg.Mistakes, config.Mistake{Err: p.unread})
	}
	p.tokenVariable, p.pluginVariables = cfg.TokenVariable(), cfg.PluginVariables()
	if err == nil && cfg.ComputedID {
		p.UseStoredID(&cfg)
	}
	return cfg, err
}

// UseStoredID replaces a computed id by that in the state folder. Without the disk, the id is computed: a run then
// still says who it probably is.
func (p *Program) UseStoredID(cfg *config.Config) {
	id, err := hostkey.ReadID(p.Paths().State)
	if err != nil {
		p.Verbosef("%v", err)
	}
	cfg.SetStoredID(id)
}

// HideToken reads the settings so that plugins do not see the variable that has the token, and have those
// of the owner. That the settings are wrong is for other commands to report.
func (p *Program) HideToken() { _, _ = p.LoadConfig() }

// Paths returns the paths for this user and these settings.
func (p *Program) Paths() config.Paths {
	paths := config.DefaultPaths(p.Getenv)
	if p.Config != "" {
		paths = paths.WithConfig(p.Config)
	}
	if p.State != "" {
		paths.State = p.State
	}
	if p.Plugins != "" {
		paths.Plugins = p.Plugins
	}
	if p.Scripts != "" {
		paths.Scripts = p.Scripts
	}
	return paths
}

// PrintNotice prints a line of the form "virgo: text".
func PrintNotice(w io.Writer, text string) { fmt.Fprintln(w, "virgo: "+text) }

// Notice prints a line that people must see, also under cron.
func (p *Program) Notice(format string, args ...any) {
	p.ClearProgress()
	p.PrintNotice(p.Err, OneLine(fmt.Sprintf(format, args...)))
}

// Verbosef prints a line if Verbose is set.
func (p *Program) Verbosef(format string, args ...any) {
	if p.Verbose {
		p.ClearProgress()
		fmt.Fprintln(p.Err, p.Now().Format("15:04:05.000 ")+OneLine(fmt.Sprintf(format, args...)))
	}
}

// Color reports whether to write colours to Out.
func (p *Program) Color() bool { return term.UseColor(p.Out, p.Getenv) }

// workerUser returns the user that the worker's checks run as; nil: the agent's own.
func (p *Program) workerUser() (*worker.Account, error) {
	cfg, err := p.LoadConfig()
	if err != nil {
		return nil, err
	}
	return lookupWorkerUser(cfg)
}

// hostInfoSettings is called when the worker that reads host information alone is started: it gets no
// password of a proxy.
func (p *Program) hostInfoSettings() (worker.Settings, error) {
	cfg, err := p.LoadConfig()
	return worker.Settings{FullArguments: cfg.HostInfoArguments == config.FullArguments}, err
}

// workerSettings is called when the worker is started.
func (p *Program) workerSettings() (worker.Settings, error) {
	cfg, err := p.LoadConfig()
	if err == nil {
		err = cfg.ProxyMistake()
	}
	if err != nil {
		return worker.Settings{}, err
	}
	return worker.Settings{
		Proxy: cfg.Proxy.URL(), NoProxy: strings.Join(cfg.NoProxy, ","), FullArguments: cfg.HostInfoArguments == config.FullArguments,
	}, nil
}
