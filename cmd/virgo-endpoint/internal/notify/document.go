package notify

import (
	"bytes"
	"encoding/json"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// schemaVersion is that of the JSON which webhooks and commands get.
const schemaVersion = 1

type messageDocument struct {
	SchemaVersion int             `json:"schema_version"`
	ID            string          `json:"id"`
	Kind          string          `json:"kind"`
	State         string          `json:"state"`
	Title         string          `json:"title"`
	Text          string          `json:"text"`
	Link          string          `json:"link,omitempty"`
	Escalation    int             `json:"escalation,omitempty"`
	Events        []eventDocument `json:"events"`
}

type eventDocument struct {
	Kind  string             `json:"kind"`
	Text  string             `json:"text,omitempty"`
	At    time.Time          `json:"at"`
	Was   string             `json:"was"`
	Alarm *standingDocument  `json:"alarm,omitempty"`
	Other []standingDocument `json:"members,omitempty"`
}

type standingDocument struct {
	State     string    `json:"state"`
	Rule      string    `json:"rule,omitempty"`
	AgentID   string    `json:"agent_id,omitempty"`
	Host      string    `json:"host,omitempty"`
	Tags      []string  `json:"tags,omitempty"`
	CheckID   string    `json:"check_id,omitempty"`
	Dimension string    `json:"dimension,omitempty"`
	Text      string    `json:"text,omitempty"`
	Value     *float64  `json:"value,omitempty"`
	Threshold *float64  `json:"threshold,omitempty"`
	Since     time.Time `json:"since,omitzero"`
	AckedBy   string    `json:"acknowledged_by,omitempty"`
	Flapping  bool      `json:"flapping,omitempty"`
}

// JSON returns the message as webhooks and commands get it.
func (m *Message) JSON() []byte {
	d := messageDocument{SchemaVersion: schemaVersion, ID: m.ID, Kind: string(m.Kind), State: m.State.String(), Title: m.Title,
		Text: m.Text, Link: m.Link, Escalation: m.Escalation, Events: []eventDocument{}}
	for _, e := range m.Events {
		one := eventDocument{Kind: string(e.Kind), Text: e.Text, At: e.At.UTC(), Was: e.Was.String()}
		if e.Kind == watch.AlarmEvent {
			s := standing(e.Standing)
			one.Alarm = &s
		}
		for _, member := range e.Members {
			one.Other = append(one.Other, standing(member))
		}
		d.Events = append(d.Events, one)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(d); err != nil { // no field can fail: numbers are finite
		return nil
	}
	return bytes.TrimSpace(b.Bytes())
}

func standing(s watch.Standing) standingDocument {
	return standingDocument{State: s.State.String(), Rule: s.Rule, AgentID: s.AgentID, Host: s.Host, Tags: s.Tags, CheckID: s.CheckID,
		Dimension: s.Dimension, Text: s.Text, Value: s.Value, Threshold: s.Threshold, Since: s.Since.UTC(), AckedBy: s.AckedBy, Flapping: s.Flapping}
}
