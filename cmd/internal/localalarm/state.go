package localalarm

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"virgo/schedule/alarm"
)

const (
	stateSpace = "alarms"
	queueSpace = "alarm-queue"
	// maxStates bounds the states of one check: rules times dimensions.
	maxStates = 2048
	// maxStateBytes bounds what is stored of one check; more is dropped, and the check begins anew.
	maxStateBytes = 1 << 20
)

// errTooLarge is returned for a state that is not stored.
var errTooLarge = errors.New("the state of the alarms is too large")

// A checkState is what is stored of a check.
type checkState struct {
	Version int `json:"version"`
	// AtMS is the time of the last result that was judged, by which the same one is not judged again.
	AtMS   int64   `json:"at_ms"`
	Memory []byte  `json:"memory"`
	States []state `json:"states"`
}

const stateVersion = 1

// A state is that of a rule for a dimension of the check.
type state struct {
	Rule      string        `json:"rule"`
	Dimension string        `json:"dimension,omitempty"`
	Machine   []byte        `json:"machine,omitempty"`
	Text      string        `json:"text"`
	Value     *float64      `json:"value,omitempty"`
	Threshold *float64      `json:"threshold,omitempty"`
	machine   alarm.Machine `json:"-"`
}

// parseState reads what is stored of a check. What cannot be read is an empty state.
func parseState(b []byte) checkState {
	var s checkState
	if json.Unmarshal(b, &s) != nil || s.Version != stateVersion {
		return checkState{Version: stateVersion}
	}
	for i := range s.States {
		if s.States[i].machine.UnmarshalBinary(s.States[i].Machine) != nil {
			return checkState{Version: stateVersion}
		}
	}
	return s
}

func (s *checkState) encode() ([]byte, error) {
	for i := range s.States {
		b, err := s.States[i].machine.MarshalBinary()
		if err != nil {
			return nil, err
		}
		s.States[i].Machine = b
	}
	b, err := json.Marshal(s)
	if err == nil && len(b) > maxStateBytes {
		err = errTooLarge
	}
	return b, err
}

// of returns the state of a rule for a dimension, a new one where there is none; nil if there are too many.
func (s *checkState) of(rule, dimension string) *state {
	for i := range s.States {
		if s.States[i].Rule == rule && s.States[i].Dimension == dimension {
			return &s.States[i]
		}
	}
	if len(s.States) >= maxStates {
		return nil
	}
	s.States = append(s.States, state{Rule: rule, Dimension: dimension})
	return &s.States[len(s.States)-1]
}

// A Change is one change of an alarm, as the command and the webhook get it.
type Change struct {
	SchemaVersion int      `json:"schema_version"`
	ID            string   `json:"id"` // distinct, the same if it is told again
	AgentID       string   `json:"agent_id"`
	Host          string   `json:"host"`
	CheckID       string   `json:"check_id"`
	Alarm         string   `json:"alarm"`
	Dimension     string   `json:"dimension,omitempty"`
	Was           string   `json:"was"`
	State         string   `json:"state"`
	Text          string   `json:"text"`
	Value         *float64 `json:"value,omitempty"`
	Threshold     *float64 `json:"threshold,omitempty"`
	AtMS          int64    `json:"at_ms"`
	Flapping      bool     `json:"flapping,omitempty"`
}

// A waiting is a Change that is to be told.
type waiting struct {
	Change
	Printed bool `json:"printed,omitempty"`
	// Done are the names of the ways by which it was told.
	Done []string `json:"done,omitempty"`
	// Failures counts attempts that failed.
	Failures int `json:"failures,omitempty"`

	key string
}

// Name returns check, alarm and dimension as people read them.
func (c *Change) Name() string {
	name := c.CheckID + "/" + c.Alarm
	if c.Dimension != "" {
		name += " " + c.Dimension
	}
	return name
}

// Line returns the change for people.
func (c *Change) Line() string {
	text := c.Text
	if c.Flapping {
		text += " (it changes often, and is held at the worst state until it is calm)"
	}
	return fmt.Sprintf("alarm: %s %s: %s, since %s", c.Name(), c.State, text, time.UnixMilli(c.AtMS).Format("15:04"))
}
