package main

import (
	"net/http"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/config"
	"virgo/cmd/internal/localalarm"
	"virgo/cmd/internal/run"
)

// newJudge returns what judges the alarms of this host's own checks.
func newJudge(p *agent.Program) func(config.Config) run.Judge {
	return func(cfg config.Config) run.Judge {
		opt := localalarm.Options{AgentID: cfg.AgentID, Host: cfg.AgentName, Now: p.Now, Notice: p.Notice}
		if len(cfg.AlarmCommand) > 0 {
			opt.Ways = append(opt.Ways, localalarm.Command(cfg.AlarmCommand, p.ChildEnviron))
		}
		if cfg.HasAlarmWebhook() {
			opt.Ways = append(opt.Ways, localalarm.Webhook(cfg.AlarmWebhookURL, localalarm.NewClient(http.ProxyFromEnvironment)))
		}
		return localalarm.New(opt)
	}
}
