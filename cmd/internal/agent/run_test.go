package agent

import (
	"testing"
	"time"

	"virgo/cmd/internal/config"
)

func TestRunFlagsOverrideTheConfiguration(t *testing.T) {
	cfg := config.Config{AgentID: "host", Deadline: 40 * time.Second}
	for _, flag := range []time.Duration{time.Second, time.Hour} {
		c := RunOptions{Deadline: &flag}
		if got, err := c.limit(cfg); got != flag || err != nil {
			t.Errorf("--deadline=%s: %s, %v", flag, got, err)
		}
		if got := (Splay{Wait: &flag}).delay(cfg); got != flag {
			t.Errorf("--splay=%s: %s", flag, got)
		}
	}
	var c RunOptions
	if got, err := c.limit(cfg); got != cfg.Deadline || err != nil {
		t.Errorf("without --deadline: %s, %v", got, err)
	}
	if got := (Splay{}).delay(cfg); got != config.Splay("host", MaxSplay) || got == config.Splay("other", MaxSplay) {
		t.Errorf("without a value of --splay: %s", got)
	}
}
