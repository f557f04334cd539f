package transport

import (
	"strconv"
	"strings"
)

// EndpointName is the target of an agent's requests.
const EndpointName = "endpoint"

// An Identity is who the agent says that it is.
type Identity struct {
	// AgentID is the agent's guid, the source of its frames.
	AgentID string
	// AgentName is the program ("virgo").
	AgentName string
	// Token proves the agent's right to speak. It is in no error and no text of this package.
	Token string
	// ProcessVersion and BundleVersion are the agent's own.
	ProcessVersion, BundleVersion string
	// Features the agent announces.
	Features []Feature
	// ScheduleHash of the schedule that the agent holds; empty where it holds none.
	ScheduleHash string
	// Elsewhere says that the agent is on another host, for which this one speaks: then hello does not say
	// what this host's clock shows, which is not the agent's.
	Elsewhere bool
}

// String gives the agent's id, so that an Identity that is printed does not show its token.
func (id Identity) String() string { return id.AgentID }

// GoString does the same for %#v.
func (id Identity) GoString() string { return id.AgentID }

// hide takes the token out of what an endpoint said: its words are shown and kept.
func (id *Identity) hide(e *Error) {
	if e == nil || len(id.Token) < minHidden {
		return
	}
	e.Message = strings.ReplaceAll(e.Message, id.Token, hidden)
	e.Type = strings.ReplaceAll(e.Type, id.Token, hidden)
}

const (
	hidden = "[token]"
	// minHidden is the length from which a token is told from a word.
	minHidden = 6
)

// A Feature is something that a peer may use because the other announced it.
type Feature struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// appendHello writes the params of handshake.hello. ms is this host's clock, from which the endpoint learns
// how far the two are apart.
func (id *Identity) appendHello(b []byte, ms int64) []byte {
	b = appendText(append(b, `{"token":`...), id.Token)
	b = appendText(append(b, `,"agent_id":`...), id.AgentID)
	b = appendText(append(b, `,"agent_name":`...), id.AgentName)
	b = appendText(append(b, `,"process_version":`...), id.ProcessVersion)
	b = appendText(append(b, `,"bundle_version":`...), id.BundleVersion)
	if len(id.Features) > 0 {
		b = append(b, `,"features":[`...)
		for i, f := range id.Features {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendText(append(b, `{"name":`...), f.Name)
			b = appendText(append(b, `,"version":`...), f.Version)
			b = append(b, '}')
		}
		b = append(b, ']')
	}
	if id.ScheduleHash != "" {
		b = appendText(append(b, `,"schedule_hash":`...), id.ScheduleHash)
	}
	if !id.Elsewhere {
		b = strconv.AppendInt(append(b, `,"timestamp":`...), ms, 10)
	}
	return append(b, '}')
}

// appendHeartbeat writes the params of heartbeat.post.
func appendHeartbeat(b []byte, ms int64) []byte {
	return append(strconv.AppendInt(append(b, `{"timestamp":`...), ms, 10), '}')
}
