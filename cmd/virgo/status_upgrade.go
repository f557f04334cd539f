package main

import (
	"time"

	"virgo/cmd/internal/config"
	"virgo/cmd/internal/installed"
	"virgo/cmd/internal/term"
)

// An upgradeStatus is what status says of `upgrade: auto`.
type upgradeStatus struct {
	Mode string `json:"mode"`
	// AskedMS is when the endpoint last said which version it has for this host.
	AskedMS int64 `json:"asked_ms,omitempty"`
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
	s := &upgradeStatus{Mode: cfg.Upgrade, AskedMS: r.AskedMS, Refused: []refusedVersion{}, Problems: []string{}}
	if !cfg.UpgradesItself() {
		s.Problems = append(s.Problems, "nothing is upgraded: there is no key in upgrade_signers, or a mistake in the settings of bundles and upgrades")
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
	text := "auto; the endpoint was not asked yet"
	if s.AskedMS != 0 {
		text = "auto; the endpoint was last asked at " + stamp(time.UnixMilli(s.AskedMS))
	}
	t.Row("upgrade", text)
	for _, v := range s.Refused {
		t.Row("upgrade", v.Version+" is not taken: "+v.Reason)
	}
	for _, problem := range s.Problems {
		t.Cells(term.Cell{Text: "upgrade"}, term.Cell{Text: problem, Color: term.Bad})
	}
}
