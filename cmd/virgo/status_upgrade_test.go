package main

import (
	"strings"
	"testing"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/config"
	"virgo/cmd/internal/installed"
)

// Status says why nothing is upgraded although the settings say auto.
func TestUpgradeStatus(t *testing.T) {
	t.Parallel()
	a := &app{Program: agent.New(t.Context(), agent.Stdio{}, func(string) string { return "" }, nil)}
	auto := config.Config{Upgrade: config.UpgradeAuto, UpgradeSigners: []string{"RWQ"}, Endpoints: []string{"a:1"}, Deadline: config.DefaultDeadline}
	now := a.Now().UnixMilli()
	for name, tt := range map[string]struct {
		change func(c *config.Config)
		r      installed.Renewal
		want   string
	}{
		"as it should be": {func(*config.Config) {}, installed.Renewal{AskedMS: now}, ""},
		"no key":          {func(c *config.Config) { c.UpgradeSigners = nil }, installed.Renewal{}, "no key may sign one"},
		"no endpoint":     {func(c *config.Config) { c.Endpoints = nil }, installed.Renewal{}, "there is no endpoint"},
		"no time":         {func(c *config.Config) { c.Deadline = 10 * time.Second }, installed.Renewal{}, "a run has 10s (deadline)"},
		"a mistake": {func(c *config.Config) { c.Mistakes = []config.Mistake{{Effect: config.UpgradeStops}} }, installed.Renewal{},
			"before the mistake in the settings is corrected"},
		"a pause":              {func(*config.Config) {}, installed.Renewal{Failures: 1, UntilMS: now + 1000, Error: "no network"}, "no network; the next try is at "},
		"a reason that stands": {func(*config.Config) {}, installed.Renewal{UntilMS: now + 1000, Error: "it is a package"}, "it is a package"},
	} {
		cfg := auto
		tt.change(&cfg)
		got := strings.Join(newUpgradeStatus(a, cfg, tt.r).Problems, "|")
		if !strings.Contains(got, tt.want) || (got == "") != (tt.want == "") || name == "a reason that stands" && got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	if s := newUpgradeStatus(a, config.Config{Upgrade: config.UpgradeOff}, installed.Renewal{Error: "x"}); s != nil {
		t.Errorf("off: %+v", s)
	}
}
