package intake

import (
	"encoding/json"
	"strconv"
	"time"
)

// MaxChecks bounds the checks of an agent whose latest results are known: those of which results came
// last. A host has ten; an agent may send any names.
const MaxChecks = 512

// A CheckState is what the latest result of a check says.
type CheckState struct {
	AgentID, CheckID, CheckType string
	// State and Refused are the result's.
	State   string
	Refused bool
	// Late is true if the result was sent late: what it says may have changed since.
	Late bool
	// Time is when the check finished, by the agent's clock; Received is when the result arrived, by
	// the endpoint's.
	Time, Received time.Time
	// Period is that of the check; 0 if the agent sent none.
	Period time.Duration
	// Waiting is the number of results that waited on the host: only the check agent.virgo tells it.
	Waiting *int64
}

// selfCheck is the type of the check that reports about the agent itself, waitingMetric its metric with
// the number of results that wait for delivery.
const (
	selfCheck     = "agent.virgo"
	waitingMetric = "spool_results"
)

// StateOf returns what a result of an agent says about its check. r.Received is set.
func StateOf(agentID string, r *Result) CheckState {
	s := CheckState{
		AgentID: agentID, CheckID: r.CheckID, CheckType: r.CheckType, State: r.State, Refused: r.Refused, Late: r.Late,
		Time: r.Time, Received: r.Received,
	}
	var p struct {
		Period int64 `json:"min_check_period"`
	}
	if json.Unmarshal(r.Params, &p) == nil && p.Period > 0 {
		s.Period = time.Duration(min(p.Period, int64(maxPeriod/time.Millisecond))) * time.Millisecond
	}
	if r.CheckType == selfCheck {
		s.Waiting = waitingOf(r.Params)
	}
	return s
}

// maxPeriod bounds CheckState.Period.
const maxPeriod = 366 * 24 * time.Hour

func waitingOf(params json.RawMessage) *int64 {
	metrics, err := Metrics(params)
	if err != nil {
		return nil
	}
	for _, m := range metrics {
		if m.Name != waitingMetric || m.Dimension != "" {
			continue
		}
		if n, err := strconv.ParseInt(m.Value, 10, 64); err == nil && n >= 0 {
			return &n
		}
	}
	return nil
}

// Replaces reports whether a state is later than the one that is known of its check; both are of results
// that were stored in this order. A result that is not late tells about the present, whatever the
// clocks say. A late one is later only if it was made later; one from the future counts as made when
// it arrived.
func (s *CheckState) Replaces(known *CheckState) bool {
	return !s.Late || !s.made().Before(known.made())
}

func (s *CheckState) made() time.Time {
	if s.Time.After(s.Received) {
		return s.Received
	}
	return s.Time
}

// Over reports whether a check counts no more: its agent was seen at lastSeen, and sent no result of the check
// for RefusedFor, or two periods if that is longer. It is no longer in the schedule then.
func (s *CheckState) Over(lastSeen time.Time) bool {
	return lastSeen.Sub(s.Received) >= max(RefusedFor, 2*s.Period)
}
