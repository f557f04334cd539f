package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport"
)

// helloParams are what the server reads of hello's params.
type helloParams struct {
	Token          string `json:"token"`
	AgentID        string `json:"agent_id"`
	AgentName      string `json:"agent_name"`
	ProcessVersion string `json:"process_version"`
	BundleVersion  string `json:"bundle_version"`
	// BundleState is how the agent's bundle does, and the other two which one it takes and from which channel; empty
	// for the usual ones.
	BundleState   string  `json:"bundle_state"`
	BundleName    string  `json:"bundle_name"`
	BundleChannel string  `json:"bundle_channel"`
	ScheduleHash  *string `json:"schedule_hash"`
	AgentKey      string  `json:"agent_key"`
	Proof         string  `json:"proof"`
	// Session is read only together with a key.
	Session json.RawMessage `json:"session"`
	// Timestamp is ignored if it is not a valid time; a hello is never refused for it.
	Timestamp json.RawMessage `json:"timestamp"`
	Features  features        `json:"features"`
}

// features are those of an agent that the server has to know of.
type features struct {
	// bundles: it may be told that there is a newer bundle.
	bundles bool
}

// UnmarshalJSON takes anything: a hello is never refused for its features.
func (f *features) UnmarshalJSON(value []byte) error {
	f.bundles = false
	if !bytes.Contains(value, []byte(transport.FeatureBundleUpgrade)) {
		return nil
	}
	var list []struct {
		Name string `json:"name"`
	}
	if json.Unmarshal(value, &list) != nil {
		return nil
	}
	for _, one := range list {
		f.bundles = f.bundles || one.Name == transport.FeatureBundleUpgrade
	}
	return nil
}

// parseHello reads hello's params. They are a slice of the connection's buffer, and p is not.
func parseHello(params []byte) (p helloParams, err error) {
	if p.parsePlain(params) {
		return p, nil
	}
	p = helloParams{}
	if err := json.Unmarshal(params, &p); err != nil {
		return helloParams{}, intake.ParamsError(err)
	}
	return p, nil
}

// errNotPlain ends parsePlain.
var errNotPlain = errors.New("not plain")

// parsePlain reads params as virgo writes them, in a fraction of the time that encoding/json takes. It returns
// false for whatever is not as plain: unknown fields, escapes, null, other types, a field twice.
func (p *helloParams) parsePlain(params []byte) bool {
	var seen, field uint16
	ok, err := members(params, func(key, value []byte) (err error) {
		switch string(key) {
		case `"token"`:
			field, err = 1<<0, setText(&p.Token, value)
		case `"agent_id"`:
			field, err = 1<<1, setText(&p.AgentID, value)
		case `"agent_name"`:
			field, err = 1<<2, setText(&p.AgentName, value)
		case `"process_version"`:
			field, err = 1<<3, setText(&p.ProcessVersion, value)
		case `"bundle_version"`:
			field, err = 1<<4, setText(&p.BundleVersion, value)
		case `"agent_key"`:
			field, err = 1<<5, setText(&p.AgentKey, value)
		case `"proof"`:
			field, err = 1<<6, setText(&p.Proof, value)
		case `"schedule_hash"`:
			p.ScheduleHash = new(string)
			field, err = 1<<7, setText(p.ScheduleHash, value)
		case `"session"`:
			field, p.Session = 1<<8, bytes.Clone(value)
		case `"timestamp"`:
			field, p.Timestamp = 1<<9, bytes.Clone(value)
		case `"features"`:
			field, err = 1<<10, p.Features.UnmarshalJSON(value)
		case `"bundle_state"`:
			field, err = 1<<11, setText(&p.BundleState, value)
		case `"bundle_name"`:
			field, err = 1<<12, setText(&p.BundleName, value)
		case `"bundle_channel"`:
			field, err = 1<<13, setText(&p.BundleChannel, value)
		default:
			return errNotPlain
		}
		if seen&field != 0 {
			return errNotPlain
		}
		seen |= field
		return err
	})
	return ok && err == nil
}

// setText sets the text of a JSON string without escapes.
func setText(to *string, value []byte) error {
	if len(value) < 2 || value[0] != '"' || bytes.IndexByte(value, '\\') >= 0 || !utf8.Valid(value) {
		return errNotPlain
	}
	*to = string(value[1 : len(value)-1])
	return nil
}
