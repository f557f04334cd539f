package localalarm

import (
	"slices"
	"strings"
	"time"

	"virgo/schedule/alarm"
)

// A Standing is how an alarm stands.
type Standing struct {
	CheckID, Alarm, Dimension string
	State                     alarm.State
	// Since is zero for one that never changed, or changed long ago.
	Since            time.Time
	Value, Threshold *float64
	Text             string
	Flapping         bool
	// Judged is when the check was judged last.
	Judged time.Time
}

// List returns how all alarms stand, the worst first.
func List(tx interface {
	Each(space string, fn func(key string, value []byte) error) error
}) ([]Standing, error) {
	var all []Standing
	err := tx.Each(stateSpace, func(id string, value []byte) error {
		s := parseState(value)
		for i := range s.States {
			one := &s.States[i]
			_, alarmID, _ := strings.Cut(strings.TrimPrefix(one.Rule, alarm.CheckRulePrefix), id+"/")
			all = append(all, Standing{
				CheckID: id, Alarm: alarmID, Dimension: one.Dimension, State: one.machine.State, Since: one.machine.Since,
				Value: one.Value, Threshold: one.Threshold, Text: one.Text, Flapping: one.machine.Flapping(),
				Judged: time.UnixMilli(s.AtMS),
			})
		}
		return nil
	})
	slices.SortStableFunc(all, func(a, b Standing) int {
		switch {
		case a.State == b.State:
			return strings.Compare(a.CheckID, b.CheckID)
		case a.State.Worse(b.State):
			return -1
		}
		return 1
	})
	return all, err
}
