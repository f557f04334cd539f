package transport

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// maxFeatures bounds the features that are kept of an endpoint; more are ignored.
const maxFeatures = 64

// maxInterval bounds the heartbeat interval; a longer one is shortened to it.
const maxInterval = 24 * time.Hour

// A Welcome is the result of hello.
type Welcome struct {
	// HeartbeatInterval is how often the endpoint expects a heartbeat, at most a day; zero if the
	// endpoint did not send it.
	HeartbeatInterval time.Duration
	// EntityID and Channel are the endpoint's names for this agent; empty if it did not send them.
	EntityID, Channel string
	// Features the endpoint announced.
	Features []Feature
	// ScheduleChanged reports whether the schedule differs from that of Identity.ScheduleHash; nil
	// if the endpoint did not send it.
	ScheduleChanged *bool
	// KeyRegistered means that the endpoint has this agent's key, in durable storage. KeyProblem is
	// why it does not, for people; empty if it did not say.
	KeyRegistered bool
	KeyProblem    string
	// LastSession is the greatest number of a session that the endpoint has seen from this agent, if
	// this one's is not greater; otherwise 0.
	LastSession uint64
}

// Has reports whether the endpoint announced a feature.
func (w *Welcome) Has(name string) bool {
	for _, f := range w.Features {
		if f.Name == name {
			return true
		}
	}
	return false
}

// parseWelcome reads the result of hello. Fields may be missing or null; another type is an error.
func parseWelcome(raw []byte) (Welcome, error) {
	var w Welcome
	if len(raw) == 0 || raw[0] != '{' {
		return w, errors.New("result is not an object")
	}
	_, err := scan(raw, MaxDepth, false, func(key, value []byte) error {
		name, err := parseString(key, "")
		if err != nil || isNull(value) {
			return err
		}
		switch name {
		case "heartbeat_interval":
			w.HeartbeatInterval, err = parseInterval(value)
		case "entity_id":
			w.EntityID, err = parseString(value, "")
			w.EntityID = sanitize(w.EntityID, MaxNameBytes)
		case "channel":
			w.Channel, err = parseString(value, "")
			w.Channel = sanitize(w.Channel, MaxNameBytes)
		case "features":
			w.Features, err = parseFeatures(value)
		case "schedule_changed":
			var changed bool
			changed, err = parseBool(value)
			w.ScheduleChanged = &changed
		case "key_registered":
			w.KeyRegistered, err = parseBool(value)
		case "key_problem":
			w.KeyProblem, err = parseString(value, "")
			w.KeyProblem = sanitize(w.KeyProblem, maxMessageBytes)
		case "last_session":
			if w.LastSession, err = strconv.ParseUint(string(value), 10, 64); err != nil {
				err = errors.New("not a whole number")
			}
		}
		if err != nil {
			return fmt.Errorf("field %q: %w", name, err)
		}
		return nil
	})
	return w, err
}

func parseBool(raw []byte) (bool, error) {
	yes := string(raw) == "true"
	if !yes && string(raw) != "false" {
		return false, errors.New("neither true nor false")
	}
	return yes, nil
}

// parseInterval reads milliseconds.
func parseInterval(raw []byte) (time.Duration, error) {
	ms, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || ms < 0 {
		return 0, errors.New("not a number of milliseconds")
	}
	return time.Duration(min(ms, float64(maxInterval/time.Millisecond)) * float64(time.Millisecond)), nil
}

// parseFeatures reads a list of {name, version} or of names.
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
			f.Name, err = parseString(value, "")
		case '{':
			_, err = scan(value, MaxDepth, false, func(key, value []byte) error {
				switch string(key) {
				case `"name"`:
					f.Name, err = parseString(value, "")
				case `"version"`:
					if f.Version, err = parseString(value, ""); err != nil { // 1 and "1" alike
						f.Version, err = string(value), nil
					}
				}
				return err
			})
		default:
			err = errors.New("an entry is not {name, version}")
		}
		if err == nil && f.Name != "" && len(features) < maxFeatures && len(f.Name)+len(f.Version) <= MaxNameBytes {
			features = append(features, f)
		}
		return err
	})
	return features, err
}
