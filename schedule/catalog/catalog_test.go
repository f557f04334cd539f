package catalog

import (
	"errors"
	"testing"

	"virgo/schedule"
)

func TestMistakes(t *testing.T) {
	c := Load()
	for _, check := range []schedule.Check{
		{Type: "agent.cpu"}, {Type: "agent.filesystem", Details: schedule.Details{"target": "/"}},
		{Type: "agent.plugin", Details: schedule.Details{"file": "x.sh", "mine": 1}},
		{Type: "remote.ping", Details: schedule.Details{"target": "x"}},
		{Type: "remote.ping", TargetAlias: "public0_v4"},
	} {
		if wrong := c.Mistakes(check); len(wrong) > 0 {
			t.Error(wrong)
		}
	}
	for want, check := range map[string]schedule.Check{
		`unknown check type "agent.cup"; did you mean "agent.cpu"?`: {Type: "agent.cup"},
		`unknown check type "zzzzzzzz"`:                             {Type: "zzzzzzzz"},
		`agent.filesystem needs the detail "target"`:                {Type: "agent.filesystem"},
		`agent.cpu has no detail "x"; it has none`:                  {Type: "agent.cpu", Details: schedule.Details{"x": 1}},
		"remote.ping needs the detail \"target\"\n" +
			`remote.ping has no detail "x"; it has count, target, target_resolver` + "\n" +
			`detail "count" is "0", not from 1 to 100` + "\n" +
			`detail "target_resolver" is "6", not one of IPv4, IPv6`: {
			Type: "remote.ping", Details: schedule.Details{"count": "0", "target_resolver": 6, "x": 1}},
	} {
		if err := errors.Join(c.Mistakes(check)...); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
