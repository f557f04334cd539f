package transport

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// maxFeatures bounds what is kept of an endpoint's features.
const maxFeatures = 64

// maxInterval bounds an endpoint's heartbeat interval.
const maxInterval = 24 * time.Hour

// A Welcome is an endpoint's answer to hello.
type Welcome struct {
	// HeartbeatInterval is how often the endpoint wants to hear from the agent, at most a day; zero
	// where it did not say.
	HeartbeatInterval time.Duration
	// EntityID and Channel as the endpoint knows this agent; empty where it did not say.
	EntityID, Channel string
	// Features the endpoint announced.
	Features []Feature
	// ScheduleChanged says whether the schedule differs from the one whose hash was sent; nil where the
	// endpoint did not say.
	ScheduleChanged *bool
}

// Has says whether the endpoint announced a feature.
func (w *Welcome) Has(name string) bool {
	for _, f := range w.Features {
		if f.Name == name {
			return true
		}
	}
	return false
}

// parseWelcome reads the result of hello. Fields may be missing or null; one of another type is an
// error.
func parseWelcome(raw []byte) (Welcome, error) {
	var w Welcome
	if len(raw) == 0 || raw[0] != '{' {
		return w, errors.New("result is not an object")
	}
	_, err := scan(raw, MaxDepth, false, func(key, value []byte) error {
		name, err := text(key, "")
		if err != nil || isNull(value) {
			return err
		}
		switch name {
		case "heartbeat_interval":
			w.HeartbeatInterval, err = parseInterval(value)
		case "entity_id":
			w.EntityID, err = text(value, "")
			w.EntityID = words(w.EntityID, MaxNameBytes)
		case "channel":
			w.Channel, err = text(value, "")
			w.Channel = words(w.Channel, MaxNameBytes)
		case "features":
			w.Features, err = parseFeatures(value)
		case "schedule_changed":
			changed := string(value) == "true"
			if !changed && string(value) != "false" {
				err = errors.New("neither true nor false")
			}
			w.ScheduleChanged = &changed
		}
		if err != nil {
			return fmt.Errorf("field %q: %w", name, err)
		}
		return nil
	})
	return w, err
}

// parseInterval reads milliseconds.
func parseInterval(raw []byte) (time.Duration, error) {
	ms, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || ms < 0 {
		return 0, errors.New("not a number of milliseconds")
	}
	return time.Duration(min(ms, float64(maxInterval/time.Millisecond)) * float64(time.Millisecond)), nil
}

// parseFeatures reads a list of {name, version}; a name alone stands for itself.
func parseFeatures(raw []byte) ([]Feature, error) {
	if raw[0] != '[' {
		return nil, errors.New("not a list")
	}
	var features []Feature
	_, err := scan(raw, MaxDepth, false, func(_, value []byte) error {
		var f Feature
		var err error
		switch value[0] {
		case '"':
			f.Name, err = text(value, "")
		case '{':
			_, err = scan(value, MaxDepth, false, func(key, value []byte) error {
				switch string(key) {
				case `"name"`:
					f.Name, err = text(value, "")
				case `"version"`:
					if f.Version, err = text(value, ""); err != nil { // 1 and "1" alike
						f.Version, err = string(value), nil
					}
				}
				return err
			})
		default:
			err = errors.New("an entry is no {name, version}")
		}
		if err == nil && f.Name != "" && len(features) < maxFeatures && len(f.Name)+len(f.Version) <= MaxNameBytes {
			features = append(features, f)
		}
		return err
	})
	return features, err
}
