package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"virgo/cmd/internal/config"
	"virgo/cmd/internal/installed"
	"virgo/cmd/internal/run"
	"virgo/collect"
	"virgo/collect/worker"
	"virgo/schedule/scriptbundle"
)

// A bundle is what this start of the program uses of the installed bundle of scripts. It is read when a script is first
// needed, and stays the same until the end.
type bundle struct {
	use       installed.Use
	manifest  scriptbundle.Manifest
	own       []string // types that the owner's own scripts have instead
	installed installed.Installed
	opened    bool  // a script was needed
	read      bool  // installed was read
	err       error // why no bundle is used
	// unreadable means that the file is as it was installed, and that this program cannot read what it has.
	unreadable bool
	// keys are the keys of the settings that are revoked, or expire.
	keys []installed.Condition
}

// Bundle returns the version of the bundle that scripts are run from, and why the installed one is not used; both empty:
// none is installed.
func (p *Program) Bundle() (installed.Ref, error) {
	b := p.openedBundle()
	if errors.Is(b.err, installed.ErrNoBundle) {
		return installed.Ref{}, nil
	}
	return b.use.Ref, errors.Join(b.err, b.use.Damaged)
}

// openedBundle opens the bundle once.
func (p *Program) openedBundle() *bundle {
	p.bundleOnce.Do(func() {
		p.bundle.opened = true
		if p.bundle.err = p.bundle.open(p); p.bundle.err != nil && !errors.Is(p.bundle.err, installed.ErrNoBundle) {
			p.Verbosef("the bundle of scripts: %v", p.bundle.err)
		} else if p.bundle.use.Damaged != nil {
			p.Verbosef("the bundle of scripts: %v; %s is used", p.bundle.use.Damaged, p.bundle.use.Ref)
		}
	})
	return &p.bundle
}

func (b *bundle) open(p *Program) error {
	cfg, err := p.LoadConfig()
	if err != nil {
		return err
	}
	if cfg.Bundles.Mode == config.BundlesOff {
		return installed.ErrNoBundle
	}
	folder := installed.New(p.Paths().State)
	if b.installed, err = folder.Installed(); err != nil {
		return err
	}
	b.read = true
	b.keys = installed.Conditions(cfg.Bundles.Signers, config.ReadKeyFile)
	if b.use, err = folder.Use(revoked(b.keys)); err != nil {
		return err
	}
	if b.manifest, err = scriptbundle.ReadParsed(b.use.File, b.use.Ref.Bytes); err != nil {
		var format *scriptbundle.FormatError
		b.unreadable = errors.As(err, &format)
		return fmt.Errorf("bundle %s: %w", b.use.Ref, err)
	}
	return nil
}

// RevokedSigners returns which keys the settings call revoked.
func RevokedSigners(cfg config.Config) func(keyID string) bool {
	return revoked(installed.Conditions(cfg.Bundles.Signers, config.ReadKeyFile))
}

func revoked(keys []installed.Condition) func(keyID string) bool {
	return func(id string) bool {
		return slices.ContainsFunc(keys, func(c installed.Condition) bool { return c.KeyID == id && c.Revoked })
	}
}

// openBundle opens the bundle for the script process.
func (p *Program) openBundle(s *worker.ScriptSettings) (*os.File, error) {
	b := p.openedBundle()
	if errors.Is(b.err, installed.ErrNoBundle) {
		return nil, nil
	}
	if b.err != nil {
		p.Verbosef("scripts of the bundle do not run: %v", b.err)
		return nil, nil // the owner's own scripts run all the same
	}
	f, err := b.use.Reopen()
	if err != nil {
		return nil, fmt.Errorf("opening bundle %s: %w", b.use.Ref, err)
	}
	s.Version, s.SHA256 = b.use.Ref.Version, b.use.Ref.SHA256
	return f, nil
}

// withBundle returns the types of the owner's own scripts and those of the bundle. Of two with one name, the owner's is
// meant.
func (p *Program) withBundle(own []collect.Type) []collect.Type {
	b := p.openedBundle()
	if b.err != nil {
		return own
	}
	all := slices.Clone(own)
	for _, s := range b.manifest.Scripts {
		if slices.ContainsFunc(own, func(t collect.Type) bool { return t.Name == s.Type }) {
			b.own = append(b.own, s.Type)
			continue
		}
		all = append(all, collect.Type{
			Name: s.Type, Summary: s.Summary, Details: s.Details, KeyMetrics: s.KeyMetrics, Checker: p.ScriptWorker().Checker(s.Type),
		})
	}
	return all
}

// bundleOf returns the SHA-256 of the bundle that a type's script is from, see [run.Agent].
func (p *Program) bundleOf(checkType string) (string, bool) {
	b := p.openedBundle()
	if b.err != nil || slices.Contains(b.own, checkType) {
		return "", false
	}
	_, ok := b.manifest.Script(checkType)
	return b.use.Ref.SHA256, ok
}

// concludeTrial does what a run has found of the bundle on trial, and has the spool say what is installed if a process
// ended between the two. What cannot be done now, the next run does.
func (p *Program) concludeTrial(ctx context.Context, ag *run.Agent, rep run.Report) {
	if i := p.bundle.installed; p.bundle.unreadable && i.State == installed.OnTrial && p.bundle.use.Ref == i.Current {
		rep.Verdict = installed.Verdict{
			Decision: installed.Back, SHA256: i.Current.SHA256, Version: i.Current.Version, Reason: p.bundle.err.Error(),
		}
	}
	err := p.judgeBundle(ctx, ag, rep.Verdict)
	if err == nil && rep.Verdict.Decision == installed.Wait && p.bundle.read && rep.Summary.Differs(p.bundle.installed) {
		err = p.saveInstalled(ctx, ag)
	}
	if err != nil {
		p.Verbosef("the bundle of scripts: %v", err)
	}
}

// saveInstalled has the spool say what is installed now.
func (p *Program) saveInstalled(ctx context.Context, ag *run.Agent) error {
	l, err := installed.New(p.Paths().State).Lock()
	if err != nil {
		return err
	}
	defer l.Unlock()
	now, err := l.Installed()
	if err != nil {
		return err
	}
	return installed.Save(ctx, ag.Spool, now)
}

func (p *Program) judgeBundle(ctx context.Context, ag *run.Agent, v installed.Verdict) error {
	if v.Decision == installed.Wait {
		return nil
	}
	if v.Unloadable {
		if err := p.scriptsRun(ctx); err != nil {
			return fmt.Errorf("no script can be loaded, without the bundle either: %w", err)
		}
	}
	l, err := installed.New(p.Paths().State).Lock()
	if err != nil {
		return err
	}
	defer l.Unlock()
	var now installed.Installed
	if v.Decision == installed.Keep {
		if now, err = l.MarkGood(v.SHA256); err == nil {
			p.Verbosef("bundle %s has passed its trial", v.Version)
		}
	} else if now, err = l.SwitchBack(v.SHA256, v.Reason, ag.Now()); err == nil && now.Current.SHA256 != v.SHA256 {
		to := "there is no bundle now"
		if !now.Current.IsZero() {
			to = "to " + now.Current.Version
		}
		p.Notice("went back from bundle %s %s: %s", v.Version, to, v.Reason)
	}
	if err != nil {
		return err
	}
	return installed.Save(ctx, ag.Spool, now)
}
