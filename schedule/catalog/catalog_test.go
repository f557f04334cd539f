package catalog

import (
	"testing"

	"virgo/schedule"
)

func TestValidate(t *testing.T) {
	c := Load()
	for _, check := range []schedule.Check{
		{Type: "agent.cpu"}, {Type: "agent.filesystem", Details: schedule.Details{"target": "/"}},
		{Type: "agent.plugin", Details: schedule.Details{"file": "x.sh", "mine": 1}},
		{Type: "remote.ping", Details: schedule.Details{"target": "x"}},
		{Type: "remote.ping", TargetAlias: "public0_v4"},
	} {
		if err := c.Validate(check); err != nil {
			t.Error(err)
		}
	}
	for want, check := range map[string]schedule.Check{
		`unknown check type "agent.cup"; did you mean "agent.cpu"?`: {Type: "agent.cup"},
		`unknown check type "zzzzzzzz"`:                             {Type: "zzzzzzzz"},
		`agent.filesystem needs the detail "target"`:                {Type: "agent.filesystem"},
		`agent.cpu has no detail "x"; it has none`:                  {Type: "agent.cpu", Details: schedule.Details{"x": 1}},
	} {
		if err := c.Validate(check); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
