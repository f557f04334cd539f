package main

import (
	"fmt"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/config"
	"virgo/cmd/internal/installed"
	"virgo/cmd/internal/term"
)

// An upgradeStatus is what status says of `upgrade: auto`.
type upgradeStatus struct {
	Mode string `json:"mode"`
	// LookedMS is when a run last looked for another version.
	LookedMS int64 `json:"looked_ms,omitempty"`
	// Refused are the versions that no run takes.
	Refused []refusedVersion `json:"refused"`
	// Problems are for the owner.
	Problems []string `json:"problems"`
}

type refusedVersion struct {
	Version string `json:"version"`
	Reason  string `json:"reason"`
	AtMS    int64  `json:"at_ms"`
}

// newUpgradeStatus returns nil where only a person upgrades.
func newUpgradeStatus(a *app, cfg config.Config, r installed.Renewal) *upgradeStatus {
	if cfg.Upgrade != config.UpgradeAuto {
		return nil
	}
	s := &upgradeStatus{Mode: cfg.Upgrade, LookedMS: r.AskedMS, Refused: []refusedVersion{}, Problems: []string{}}
	switch {
	case cfg.UpgradesItself() && len(cfg.Endpoints) == 0:
		s.Problems = append(s.Problems, "there is no endpoint to upgrade from")
	case cfg.UpgradesItself() && cfg.Deadline <= agent.LeastUpgradeTime:
		s.Problems = append(s.Problems, fmt.Sprintf("a run has %s (deadline), and an upgrade takes %s of it", cfg.Deadline, agent.LeastUpgradeTime))
	case cfg.UpgradesItself():
	case len(cfg.UpgradeSigners) == 0:
		s.Problems = append(s.Problems, "upgrades are auto, and no key may sign one: upgrade_signers in "+a.Paths().Config)
	default:
		s.Problems = append(s.Problems, "nothing is upgraded before the mistake in the settings is corrected")
	}
	if r.Error != "" {
		text := r.Error
		if until := time.UnixMilli(r.UntilMS); r.Failures > 0 && until.After(a.Now()) {
			text += "; the next try is at " + stamp(until) + " or later"
		}
		s.Problems = append(s.Problems, text)
	}
	place, err := programsPlace()
	if err != nil {
		return s
	}
	refused, err := place.Refused()
	if err != nil {
		s.Problems = append(s.Problems, err.Error())
	}
	for _, v := range refused {
		s.Refused = append(s.Refused, refusedVersion(v))
	}
	return s
}

// addTo adds the rows about upgrades.
func (s *upgradeStatus) addTo(t *term.Table) {
	if s == nil {
		return
	}
	text := "auto; no run has looked for another version yet"
	if s.LookedMS != 0 {
		text = "auto; a run last looked for another version at " + stamp(time.UnixMilli(s.LookedMS))
	}
	t.Row("upgrade", text)
	for _, v := range s.Refused {
		t.Row("upgrade", v.Version+" is not taken: "+v.Reason)
	}
	for _, problem := range s.Problems {
		t.Cells(term.Cell{Text: "upgrade"}, term.Cell{Text: problem, Color: term.Bad})
	}
}
