package main

import (
	"context"
	"os"

	"github.com/alecthomas/kong"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/footprint"
	"virgo/schedule/yaml/full"
)

// cli is the command line: one struct for each command, each in its own file.
type cli struct {
	globals

	Run       runCmd           `cmd:"" help:"Run the checks that are due, store the results and deliver them."`
	Check     checkCmd         `cmd:"" help:"Run one check now and print its result."`
	Targets   targetsCmd       `cmd:"" help:"List the possible targets of a check type."`
	Hostinfo  hostinfoCmd      `cmd:"" help:"Print information about this host as JSON."`
	Plugin    pluginCmd        `cmd:"" help:"Create or test a plugin."`
	Bundle    bundleCmd        `cmd:"" help:"Build, sign, install and inspect bundles of checks in Lua (those of spool export hold results)."`
	Script    scriptCmd        `cmd:"" help:"Write, run, test and check checks in Lua."`
	Flush     flushCmd         `cmd:"" help:"Deliver the results that wait in the spool."`
	Schedule  scheduleCmd      `cmd:"" help:"Show or fetch the schedule."`
	Spool     spoolCmd         `cmd:"" help:"Show and manage the results in the spool."`
	Status    statusCmd        `cmd:"" help:"Show the state of the agent: last run, delivery, spool."`
	Last      lastCmd          `cmd:"" help:"Show the latest result of each check."`
	Alarm     alarmCmd         `cmd:"" help:"Show how the alarms of this host's own checks stand."`
	Policy    policyCmd        `cmd:"" help:"Show what you let the endpoint make this host do."`
	Setup     setupCmd         `cmd:"" help:"Test and write the configuration."`
	Key       keyCmd           `cmd:"" help:"Show the key by which endpoints know this host."`
	Install   installCmd       `cmd:"" help:"Install the timer that starts virgo once a minute."`
	Uninstall uninstallCmd     `cmd:"" help:"Remove the timer."`
	Upgrade   upgradeCmd       `cmd:"" help:"Replace virgo and virgo-run by those of a signed archive, or go back."`
	Version   versionCmd       `cmd:"" help:"Print the version."`
	Renew     internalRenewCmd `cmd:"" name:"internal-renew" hidden:"" help:"Renew the bundle of checks for a run."`
	HelpOf    helpCmd          `cmd:"" name:"help" help:"Show the help of a command or a topic (${topics})."`
}

// globals are the flags of every command.
type globals struct {
	agent.Settings
	// ChecksProgram named the program virgo-checks, which virgo contains now. Timer entries and
	// scripts that still have it keep working; it has no effect.
	ChecksProgram string `env:"VIRGO_CHECKS_PROGRAM" hidden:"" placeholder:"FILE" help:"Has no effect."`
	JSON          bool   `name:"json" env:"VIRGO_JSON" help:"Print one JSON document instead of text; errors as JSON lines to standard error."`

	ShowVersion kong.VersionFlag `name:"version" help:"Print the version."`
}

// exited is the panic value of kong's exit, so that only main ends the process.
type exited int

// runProgram runs the program and returns its exit code.
func runProgram(ctx context.Context, args []string, std agent.Stdio, stop *agent.Interrupts) int {
	if isWorker(args) {
		return workerChild(ctx, std)
	}
	if isScripts(args) {
		return scriptsChild(ctx, std)
	}
	footprint.RelaxMonitor()
	footprint.Narrow()
	if agent.IsStatChild(args) {
		return agent.StatChild(args, std)
	}
	p := agent.New(ctx, std, os.Getenv, stop)
	p.YAML = full.Parse
	p.WorkerPath = agent.OwnPath
	p.NewJudge = newJudge(p)
	return p.Main(func() error { return command(p, args) })
}

// command parses the arguments and runs the chosen command.
func command(p *agent.Program, args []string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			code, ok := r.(exited)
			if !ok {
				panic(r)
			}
			if code != 0 {
				err = &agent.ExitError{Code: int(code)}
			}
		}
	}()
	c, err := parseArguments(args, p.Stdio)
	if err == nil && c.JSON || err != nil && wantsJSON(args, p.Getenv) {
		p.PrintError, p.PrintNotice = printErrorJSON, printNoticeJSON
	}
	if err != nil {
		return unknownUsage(p, args, err)
	}
	p.Settings = c.Settings
	if c.Context.Command() != "run" { // which decides by itself whether it needs to
		p.Interrupts.Listen()
	}
	if c.ChecksProgram != "" {
		p.Verbosef("--checks-program and VIRGO_CHECKS_PROGRAM have no effect any more: virgo contains these checks")
	}
	return c.Context.Run(&app{Program: p, JSON: c.JSON})
}
