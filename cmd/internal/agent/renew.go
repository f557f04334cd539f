package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"virgo/cmd/internal/config"
	"virgo/cmd/internal/footprint"
	"virgo/cmd/internal/installed"
	"virgo/cmd/internal/run"
	"virgo/collect/timerslack"
)

// RenewArgument is the hidden command of virgo that renews the bundle of scripts, as the child of a run.
const RenewArgument = "internal-renew"

// RenewProgramsFlag lets it upgrade the agent's programs instead.
const RenewProgramsFlag = "--programs"

const (
	// leastRenewTime is how much of the run's time must be left for the child, renewReserve what it leaves to the run.
	leastRenewTime = 5 * time.Second
	renewReserve   = time.Second
	// LeastUpgradeTime must be left of a run for the trial of new programs, and for what is fetched before.
	LeastUpgradeTime = 15 * time.Second
)

// renewIfDue starts the child that asks the endpoint for another bundle and waits for it, after a delivery that
// succeeded and within the run's time. Only virgo links what it needs. How it ended is no matter of the run's: the
// child has stored what the next one needs to know.
func (p *Program) renewIfDue(ctx context.Context, cfg config.Config, ag *run.Agent, rep run.Report) {
	if ag.BundleName == "" || !rep.Delivery.Tried || rep.Delivery.Err != nil || p.Context.Err() != nil {
		return
	}
	reason := rep.Summary.Renewal.Due(ag.Now(), rep.Told, ag.ID)
	if reason == "" && rep.Summary.Renewal.HasOtherKeys(func() string {
		return installed.KeysHash(cfg.Bundles.Signers, config.ReadKeyFile)
	}) {
		reason = installed.ReasonKeys
	}
	if reason == "" {
		return
	}
	deadline, ok := ctx.Deadline()
	left := time.Until(deadline) - renewReserve
	if !ok || left < leastRenewTime {
		p.Verbosef("the bundle of scripts: %s; this run has no time left for it", reason)
		return
	}
	p.Verbosef("the bundle of scripts: %s", reason)
	p.Interrupts.Listen()
	if err := p.renew(ctx, left); err != nil {
		p.Verbosef("the bundle of scripts: %v", err)
	}
}

// upgradeIfDue likewise starts the child that replaces the agent's programs by newer ones of the endpoint.
func (p *Program) upgradeIfDue(ctx context.Context, cfg config.Config, ag *run.Agent, rep run.Report) {
	if !cfg.UpgradesItself() || !rep.Delivery.Tried || rep.Delivery.Err != nil || p.Context.Err() != nil {
		return
	}
	reason := rep.Programs.Due(ag.Now(), rep.ProgramsTold, "programs of "+ag.ID) // another minute than the bundle's
	if reason == "" {
		return
	}
	deadline, ok := ctx.Deadline()
	left := time.Until(deadline) - renewReserve
	if !ok || left < LeastUpgradeTime {
		p.Verbosef("upgrade: %s; this run has no time left for it, which takes %s", reason, LeastUpgradeTime)
		return
	}
	p.Verbosef("upgrade: %s", reason)
	p.Interrupts.Listen()
	if err := p.renew(ctx, left, RenewProgramsFlag); err != nil {
		p.Verbosef("upgrade: %v", err)
	}
}

// renew runs the child, which has the same settings. It is killed when the run's time is over.
func (p *Program) renew(ctx context.Context, left time.Duration, flags ...string) error {
	path, err := p.WorkerPath()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, left+renewReserve/2)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, append([]string{RenewArgument, "--deadline=" + left.String(), "--build=" + BuildID()}, flags...)...)
	cmd.Stderr, cmd.WaitDelay, cmd.Env = p.Err, renewReserve/2, p.renewEnviron()
	runtime.LockOSThread() // see HandOver
	defer runtime.UnlockOSThread()
	defer dieTogether(cmd)()
	if err := timerslack.ForChild(cmd.Start); err != nil {
		return fmt.Errorf("starting %s: %w", path, err)
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		return nil // it has said why
	}
	return err
}

// renewEnviron returns this process's environment with the settings of its command line.
func (p *Program) renewEnviron() []string {
	settings := map[string]string{
		"VIRGO_CONFIG": p.Config, "VIRGO_STATE": p.State, "VIRGO_PLUGINS": p.Plugins, "VIRGO_SCRIPTS": p.Scripts,
	}
	if p.Verbose {
		settings["VIRGO_VERBOSE"] = "true"
	}
	environ := slices.DeleteFunc(os.Environ(), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		_, own := settings[name]
		return own || pair == footprint.OneProcessor
	})
	for name, value := range settings {
		if value != "" {
			environ = append(environ, name+"="+value)
		}
	}
	return environ
}
