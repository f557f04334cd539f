package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"virgo/cmd/internal/installed"
	"virgo/collect/worker"
	"virgo/schedule/scriptbundle"
)

// CheckDeclared returns why a bundle whose signature was verified is not installed: a script in it cannot be loaded, or
// declares something else than its manifest says. A script process finds out, as the user that scripts run as. An error
// that wraps [installed.ErrNotChecked] is of this host.
func (p *Program) CheckDeclared(ctx context.Context, c installed.Candidate, b *scriptbundle.Bundle) error {
	f, err := os.CreateTemp("", "virgo-bundle-*.zip") // mode 0600: the process gets the descriptor
	if err != nil {
		return fmt.Errorf("%w: %w", installed.ErrNotChecked, err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(c.File)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%w: %w", installed.ErrNotChecked, err)
	}
	process := p.emptyScriptWorker()
	process.Open = func(s *worker.ScriptSettings) (*os.File, error) {
		s.Version, s.SHA256 = c.Ref.Version, c.Ref.SHA256
		return os.Open(f.Name())
	}
	defer process.Close()
	for _, s := range b.Manifest.Scripts {
		text, err := process.HostInfo(ctx, s.Type)
		if err != nil {
			if here := p.scriptsRun(ctx); here != nil {
				return fmt.Errorf("%w: no script runs here: %w", installed.ErrNotChecked, here)
			}
			return fmt.Errorf("%s: %w", s.File, err)
		}
		var info worker.ScriptInfo
		if err := json.Unmarshal(text, &info); err != nil {
			return fmt.Errorf("%s: %w", s.File, err)
		}
		if info.Script == nil {
			return fmt.Errorf("%s: %s", s.File, info.Error)
		}
	}
	return nil
}

// emptyScriptWorker returns a script process without the owner's own scripts and without a bundle.
func (p *Program) emptyScriptWorker() *worker.Program {
	return &worker.Program{
		Path: p.WorkerPath, Argument: worker.ScriptArgument, Environ: p.scriptEnviron, Account: p.workerUser, Version: BuildID(),
		Group: p.scriptGroup,
		Settings: func() (worker.Settings, error) {
			s, err := p.scriptSettings()
			if err == nil {
				s.Scripts.Dir = ""
			}
			return s, err
		},
	}
}

// scriptsRun returns why no script can run on this host, whatever bundle is installed; nil: they can.
func (p *Program) scriptsRun(ctx context.Context) error {
	process := p.emptyScriptWorker()
	defer process.Close()
	_, err := process.HostInfo(ctx, worker.ScriptInfos)
	return err
}
