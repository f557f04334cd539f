package schedule

import (
	"errors"
	"fmt"
	"slices"
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
			t.Error("the endpoint's check replaced the local one")
		}
	}
	if fmt.Sprint(ids) != "[a c b d]" {
		t.Errorf("checks %v", ids)
	}
	if len(problems) != 1 || problems[0].CheckID != "b" || problems[0].Index != 1 || !errors.Is(problems[0].Err, ErrOverridden) {
		t.Errorf("problems %v", problems)
	}
	if got, problems := Merge(endpoint, Schedule{}); got.Hash() != endpoint.Hash() || problems != nil {
		t.Error("an empty local schedule changes the endpoint's")
	}
	if got, problems := Merge(Schedule{}, local); got.Hash() != local.Hash() || problems != nil {
		t.Error("an empty endpoint's schedule changes the local one")
	}
}

// Mistakes without an id of their own are reported for both sources.
func TestMergeJoinsFaults(t *testing.T) {
	endpoint, local := minutely("a"), minutely("b")
	endpoint.Checks = append(endpoint.Checks, faultsCheck([]error{errors.New("one")}))
	local.Checks = append(local.Checks, faultsCheck([]error{errors.New("two"), errors.New("three")}))
	got, problems := Merge(endpoint, local)
	if len(got.Checks) != 3 || got.Checks[2].ID != FaultsID || got.Checks[2].Fault != "two (and 1 more); one" || len(problems) > 0 {
		t.Errorf("%+v, %v", got.Checks, problems)
	}
	if local.Checks[1].Fault != "two (and 1 more)" {
		t.Error("the local schedule was changed")
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
	for _, id := range []string{"cpu", "memory", "load_average", "filesystem", "disk", "network"} {
		if seen[id] == slices.Contains(missingTypes(), "agent."+id) {
			t.Errorf("no check %q", id)
		}
	}
	// Callers may change the result.
	s.Checks[0].ID = "x"
	if Builtin().Checks[0].ID == "x" {
		t.Error("callers share one built-in schedule")
	}
}
