package main

import (
	"fmt"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/config"
	"virgo/cmd/internal/installed"
	"virgo/cmd/internal/term"
	"virgo/schedule/signature"
)

// expirySoon is how long before its last day a key of bundle_signers is mentioned.
const expirySoon = 30 * 24 * time.Hour

// A bundleStatus is what status says of the bundle of checks.
type bundleStatus struct {
	Mode    string       `json:"mode"`
	Current *refDocument `json:"current,omitempty"`
	State   string       `json:"state,omitempty"`
	Pin     string       `json:"pin,omitempty"`
	// Problems are for the owner.
	Problems []string `json:"problems"`

	installed installed.Installed
	damaged   string
}

// newBundleStatus returns what is to be said of the bundle; nil: nothing, as this host has none and is to have none.
func newBundleStatus(a *app, cfg config.Config, summary installed.Summary) *bundleStatus {
	s := &bundleStatus{Mode: cfg.Bundles.Mode, Problems: []string{}}
	var err error
	if s.installed, err = a.bundles().Installed(); err != nil {
		s.damaged = err.Error()
	}
	i := s.installed
	if i.Current.IsZero() && i.Back.Version == "" && s.damaged == "" && cfg.Bundles.Mode != config.BundlesAuto {
		return nil
	}
	s.Current, s.State, s.Pin = newRefDocument(i.Current), string(i.State), i.Pin
	if !i.Current.IsZero() && cfg.Bundles.Mode != config.BundlesOff {
		s.use(a, cfg)
	}
	if s.damaged != "" {
		s.Problems = append(s.Problems, s.damaged)
	}
	if i.Back.Version != "" {
		s.Problems = append(s.Problems, backText(i.Back))
	}
	s.signers(a, cfg)
	if cfg.Bundles.Mode == config.BundlesAuto {
		s.renewal(summary.Renewal, a.Now())
	}
	return s
}

// use looks at the files.
func (s *bundleStatus) use(a *app, cfg config.Config) {
	use, err := a.bundles().Use(agent.RevokedSigners(cfg))
	if err != nil {
		s.damaged = err.Error()
		return
	}
	defer use.File.Close()
	if use.Damaged != nil {
		s.damaged = fmt.Sprintf("%v; %s is used", use.Damaged, use.Ref)
	}
	for _, typ := range ownInFront(a, use) {
		s.Problems = append(s.Problems, "this host's own "+typ+" stands in front of the bundle's")
	}
}

// signers looks at the keys.
func (s *bundleStatus) signers(a *app, cfg config.Config) {
	ring, err := parseSigners(cfg.Bundles.Signers, config.ReadKeyFile)
	switch {
	case err != nil:
		s.Problems = append(s.Problems, "bundle_signers: "+err.Error())
		return
	case len(ring) == 0 && cfg.Bundles.Mode == config.BundlesAuto:
		s.Problems = append(s.Problems, "bundles are auto, and no key may sign one: bundle_signers in "+a.Paths().Config)
	}
	for _, k := range ring {
		if k.Revoked || k.Until.IsZero() || !k.Expired(a.Now().Add(expirySoon)) {
			continue
		}
		verb := "is refused from "
		if k.Expired(a.Now()) {
			verb = "has been refused since "
		}
		s.Problems = append(s.Problems, "the key "+k.ID+" "+verb+k.Until.Format(signature.DateLayout))
	}
}

// renewal says why no version comes.
func (s *bundleStatus) renewal(r installed.Renewal, now time.Time) {
	if r.Error == "" {
		return
	}
	text := r.Error
	if until := time.UnixMilli(r.UntilMS); until.After(now) {
		text += "; the next try is at " + stamp(until) + " or later"
	}
	s.Problems = append(s.Problems, text)
}

// backText says which bundle this host went back from.
func backText(r installed.Refusal) string {
	return fmt.Sprintf("went back from %s: %s", r.Version, r.Reason)
}

// addTo adds the rows about the bundle.
func (s *bundleStatus) addTo(t *term.Table) {
	if s == nil {
		return
	}
	switch {
	case s.Current == nil:
		t.Row("bundle", "none")
	case s.Mode == config.BundlesOff:
		t.Row("bundle", s.installed.Current.String()+", not used: bundles are off")
	default:
		t.Row("bundle", currentText(s.installed))
	}
	for _, problem := range s.Problems {
		t.Cells(term.Cell{Text: "bundle"}, term.Cell{Text: problem, Color: term.Bad})
	}
}

// currentText describes the current bundle.
func currentText(i installed.Installed) string {
	text := i.Current.String()
	if state := stateText(i); state != "" {
		text += ", " + state
	}
	text += ", " + signedText(i.Current)
	if i.Pin != "" {
		text += ", pinned to " + i.Pin
	}
	return text
}
