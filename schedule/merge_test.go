package schedule

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestMergeLocalWins(t *testing.T) {
	endpoint, local := minutely("a", "b", "c"), minutely("b", "d")
	local.Checks[0].Period = time.Hour
	got, problems := Merge(endpoint, local)
	var ids []string
	for _, c := range got.Checks {
		ids = append(ids, c.ID)
		if c.ID == "b" && c.Period != time.Hour {
			t.Error("the endpoint's check stands in the local one's place")
		}
	}
	if fmt.Sprint(ids) != "[a c b d]" {
		t.Errorf("checks %v", ids)
	}
	if len(problems) != 1 || problems[0].CheckID != "b" || problems[0].Index != 1 || !errors.Is(problems[0].Err, ErrOverridden) {
		t.Errorf("problems %v", problems)
	}
	if got, problems := Merge(endpoint, Schedule{}); got.Hash() != endpoint.Hash() || problems != nil {
		t.Error("nothing local changes the schedule")
	}
	if got, problems := Merge(Schedule{}, local); got.Hash() != local.Hash() || problems != nil {
		t.Error("nothing of an endpoint changes the schedule")
	}
}

func TestMergeIsBounded(t *testing.T) {
	var endpoint Schedule
	for i := range MaxChecks {
		endpoint.Checks = append(endpoint.Checks, Check{ID: fmt.Sprint(i), Type: "t", Period: time.Minute, Timeout: time.Minute})
	}
	got, problems := Merge(endpoint, minutely("x", "y"))
	if len(got.Checks) != MaxChecks || got.Checks[MaxChecks-1].ID != "y" {
		t.Errorf("%d checks", len(got.Checks))
	}
	if len(problems) != 2 || !errors.Is(problems[0].Err, ErrTooMany) {
		t.Errorf("problems %v", problems)
	}
}

func TestBuiltin(t *testing.T) {
	s := Builtin()
	seen := map[string]bool{}
	for _, c := range s.Checks {
		if err := c.validate(); err != nil || seen[c.ID] || c.Period != time.Minute {
			t.Errorf("check %+v: %v", c, err)
		}
		seen[c.ID] = true
		if target, ok := c.Details.Text("target"); ok && target != "*" {
			t.Errorf("target %q", target)
		}
	}
	for _, id := range []string{"cpu", "memory", "filesystem", "disk", "network"} {
		if !seen[id] {
			t.Errorf("no check %q", id)
		}
	}
	// The caller may change what it got.
	s.Checks[0].ID = "x"
	if Builtin().Checks[0].ID == "x" {
		t.Error("the built-in schedule can be changed")
	}
}
