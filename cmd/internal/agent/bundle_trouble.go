package agent

import (
	"context"
	"errors"
	"slices"
	"time"

	"virgo/cmd/internal/installed"
	"virgo/cmd/internal/link"
	"virgo/cmd/internal/run"
	"virgo/spool"
)

// reportBundle says why the installed bundle is not used, or that its key has expired. A person reads
// it in each run that needs a script; under a timer only the first run says it, because cron mails
// every line.
func (p *Program) reportBundle(ctx context.Context, ag *run.Agent, rep run.Report, person bool) {
	if !p.bundle.opened {
		return
	}
	text := p.bundle.trouble(ag.Now())
	isNew := text != rep.Summary.Trouble
	if isNew {
		ctx, cancel := link.FinalContext(ctx)
		defer cancel()
		if err := ag.Spool.Update(ctx, func(tx *spool.Tx) error { return installed.PutTrouble(tx, text) }); err != nil {
			p.Verbosef("the bundle of scripts: %v", err)
		}
	}
	if text != "" && (isNew || person) {
		p.Notice("%s", text)
	}
}

// trouble says why the installed bundle is not used, or that its key has expired, with the next step; empty: neither.
func (b *bundle) trouble(now time.Time) string {
	const again = "virgo bundle update installs it again"
	current := b.installed.Current
	cause := errors.Join(b.err, b.use.Damaged)
	byRevoked := revoked(b.keys)(current.Key)
	switch {
	case errors.Is(cause, installed.ErrNoBundle), b.unreadable && b.installed.State == installed.OnTrial: // it goes back
		return ""
	case cause == nil:
		return b.expired(now)
	}
	text, next := OneLine(cause.Error()), again
	if b.err == nil {
		text += "; " + b.use.Ref.String() + " is used"
	} else {
		text += "; its checks do not run"
	}
	switch {
	case !b.read:
		next = "virgo bundle update installs one"
	case byRevoked:
		next = "virgo bundle update takes one by another key"
	case b.unreadable:
		next = "virgo bundle update takes another one, virgo bundle rollback the one before"
	}
	return text + " (" + next + ")"
}

// expired says that the key of the bundle has expired, which runs all the same.
func (b *bundle) expired(now time.Time) string {
	current := b.installed.Current
	i := slices.IndexFunc(b.keys, func(c installed.Condition) bool {
		return c.KeyID == current.Key && !c.Until.IsZero() && !now.Before(c.Until)
	})
	if i < 0 {
		return ""
	}
	until := b.keys[i].Until.Format(time.DateOnly)
	return "bundle " + current.String() + " runs on, but its key " + current.Key + " expired on " + until +
		", and no later bundle by it is taken (bundle_signers in virgo.yaml needs the signer's new key)"
}
