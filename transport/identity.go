package transport

import (
	"strconv"
	"strings"
)

// An Identity is the information about the agent in hello.
type Identity struct {
	// AgentID is the source of the agent's frames.
	AgentID string
	// AgentName is the program ("virgo").
	AgentName string
	// Token authenticates the agent, or lets it enrol. It appears in no error or other text of this
	// package. Empty: none is sent if there is a Proof.
	Token string
	// Proof is that this is the agent whose key it has, on this connection. The zero value: none.
	Proof Proof
	// ProcessVersion and BundleVersion are the agent's own.
	ProcessVersion, BundleVersion string
	// BundleState is how the bundle of scripts does: "trial", "good", or why the agent has another one than
	// it was told. BundleName and BundleChannel are those that it follows. Empty: not sent.
	BundleState, BundleName, BundleChannel string
	// Features the agent announces.
	Features []Feature
	// ScheduleHash of the schedule that the agent has; empty if it has none or wants it again.
	ScheduleHash string
	// Elsewhere means that this host delivers on behalf of an agent on another host. Then hello has
	// no timestamp, because this host's clock is not the agent's.
	Elsewhere bool
}

// String returns the agent's id, so that an Identity that is printed does not show its token.
func (id Identity) String() string { return id.AgentID }

// GoString does the same for %#v.
func (id Identity) GoString() string { return id.AgentID }

// hide removes the token from an endpoint's error, which is shown and stored.
func (id *Identity) hide(e *Error) {
	if e == nil || len(id.Token) < minHidden {
		return
	}
	e.Message = strings.ReplaceAll(e.Message, id.Token, hidden)
	e.Type = strings.ReplaceAll(e.Type, id.Token, hidden)
}

const (
	hidden = "[token]"
	// minHidden is the shortest token that is replaced; a shorter one might be a part of ordinary
	// words.
	minHidden = 6
)

// A Proof has the fields of hello that say which host this is; see PROTOCOL.md, "Who an agent is", and
// package agentkey, which makes them.
type Proof struct {
	// Key is the public key and Signature the signature, each as it is on the wire.
	Key, Signature string
	// Session is the number of this session, which is part of what was signed.
	Session uint64
}

// A Feature is an addition to the protocol that one side announces and the other may then use.
type Feature struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// appendHello appends the params of handshake.hello. ms is this host's clock, in ms since the
// epoch.
func (id *Identity) appendHello(b []byte, ms int64) []byte {
	b = append(b, '{')
	if id.Token != "" || id.Proof == (Proof{}) {
		b = append(appendString(append(b, `"token":`...), id.Token), ',')
	}
	b = appendString(append(b, `"agent_id":`...), id.AgentID)
	b = appendString(append(b, `,"agent_name":`...), id.AgentName)
	b = appendString(append(b, `,"process_version":`...), id.ProcessVersion)
	b = appendString(append(b, `,"bundle_version":`...), id.BundleVersion)
	for _, f := range [...]struct{ key, value string }{
		{`,"bundle_state":`, id.BundleState}, {`,"bundle_name":`, id.BundleName}, {`,"bundle_channel":`, id.BundleChannel},
	} {
		if f.value != "" {
			b = appendString(append(b, f.key...), f.value)
		}
	}
	if len(id.Features) > 0 {
		b = append(b, `,"features":[`...)
		for i, f := range id.Features {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(append(b, `{"name":`...), f.Name)
			b = appendString(append(b, `,"version":`...), f.Version)
			b = append(b, '}')
		}
		b = append(b, ']')
	}
	if p := &id.Proof; *p != (Proof{}) {
		b = appendString(append(b, `,"agent_key":`...), p.Key)
		b = strconv.AppendUint(append(b, `,"session":`...), p.Session, 10)
		b = appendString(append(b, `,"proof":`...), p.Signature)
	}
	if id.ScheduleHash != "" {
		b = appendString(append(b, `,"schedule_hash":`...), id.ScheduleHash)
	}
	if !id.Elsewhere {
		b = strconv.AppendInt(append(b, `,"timestamp":`...), ms, 10)
	}
	return append(b, '}')
}

// appendHeartbeat appends the params of heartbeat.post. ms is this host's clock.
func appendHeartbeat(b []byte, ms int64) []byte {
	return append(strconv.AppendInt(append(b, `{"timestamp":`...), ms, 10), '}')
}
