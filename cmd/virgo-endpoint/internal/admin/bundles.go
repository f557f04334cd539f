package admin

import (
	"context"
	"encoding/json"

	"virgo/cmd/virgo-endpoint/internal/releases"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// PublishBundle publishes a bundle of checks, and returns the roll-out before and after. Errors: those of releases.Store.Plan.
func (a *Admin) PublishBundle(ctx context.Context, by watch.Actor, s *releases.Store, p releases.Publication) (*releases.Plan, error) {
	return a.changeRollout(ctx, by, "publish bundle", s, func() (*releases.Plan, error) { return s.Plan(p) })
}

// ChangeRollout changes who gets a bundle that was published; verb names the change in the audit log. Errors: those of
// releases.Store.Change.
func (a *Admin) ChangeRollout(ctx context.Context, by watch.Actor, verb string, s *releases.Store, channel, name string,
	change func(*releases.Rollout) error) (*releases.Plan, error) {
	return a.changeRollout(ctx, by, verb+" bundle", s, func() (*releases.Plan, error) { return s.Change(channel, name, change) })
}

func (a *Admin) changeRollout(ctx context.Context, by watch.Actor, action string, s *releases.Store,
	plan func() (*releases.Plan, error)) (*releases.Plan, error) {
	unlock, err := a.begin(by, watch.SchedulesScope) // as a schedule, it is what agents run
	if err != nil {
		return nil, err
	}
	defer unlock()
	p, err := plan()
	if err != nil {
		return nil, err
	}
	r := record{action, p.Channel + "/" + p.Name, rolloutSummary(p.Before, nil), rolloutSummary(p.After, p.Release)}
	return p, a.do(ctx, by, r, func() error { return s.Apply(p) })
}

// rolloutSummary is what the audit log keeps of a roll-out: not the versions of years.
func rolloutSummary(r *releases.Rollout, published *releases.Release) []byte {
	if r == nil {
		return nil
	}
	var out struct {
		releases.Rollout
		Releases  []releases.Release `json:"releases,omitempty"`
		Published *releases.Release  `json:"published,omitempty"`
	}
	out.Rollout, out.Published = *r, published
	data, err := json.Marshal(out)
	if err != nil {
		return nil
	}
	return data
}
