package transporttest

import (
	"encoding/json"
	"slices"
	"sync"

	"virgo/transport"
)

// A Stored is a result that the endpoint acknowledged.
type Stored struct {
	AgentID  string          `json:"agent_id"`
	ResultID string          `json:"result_id,omitempty"` // empty where the agent gave none
	Params   json.RawMessage `json:"params"`              // of check_metrics.post
	Copies   int             `json:"copies"`              // how often it was posted
}

// records are the results and requests that an endpoint received on all its connections.
type records struct {
	mu       sync.Mutex
	stored   []Stored
	byID     map[[2]string]*outcome
	results  int      // distinct results seen
	sessions int      // connections served
	methods  []string // of the agents' requests, in order
	multi    []MultiFrame
	answers  []transport.Frame
	hellos   []json.RawMessage
	// keys and lastSession are by agent id.
	keys        map[string]string
	lastSession map[string]uint64
	faults      []error
}

// An outcome is the answer to a result: its index in stored, or the error.
type outcome struct {
	at  int
	err *transport.Error
}

// take stores a result once and returns the answer, which is the same for every copy.
func (b *records) take(script *Script, agent string, params json.RawMessage) *transport.Error {
	var p struct {
		ResultID string `json:"result_id"`
	}
	if err := json.Unmarshal(params, &p); err != nil {
		return &transport.Error{Code: transport.CodeBadRequest, Message: "params: " + err.Error()}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	key := [2]string{agent, p.ResultID}
	if known := b.byID[key]; known != nil && p.ResultID != "" {
		if known.err == nil {
			b.stored[known.at].Copies++
		}
		return known.err
	}
	b.results++
	v := &outcome{at: len(b.stored)}
	if refusal, ok := script.Reject[b.results]; ok {
		v.err = &refusal
	} else {
		b.stored = append(b.stored, Stored{agent, p.ResultID, slices.Clone(params), 1})
	}
	if p.ResultID != "" && (v.err == nil || !v.err.EndsSession()) {
		if b.byID == nil {
			b.byID = make(map[[2]string]*outcome)
		}
		b.byID[key] = v
	}
	return v.err
}

// Stored returns the acknowledged results, in order.
func (e *Endpoint) Stored() []Stored {
	e.records.mu.Lock()
	defer e.records.mu.Unlock()
	return slices.Clone(e.records.stored)
}

// Sessions returns the number of connections that were served.
func (e *Endpoint) Sessions() int {
	e.records.mu.Lock()
	defer e.records.mu.Unlock()
	return e.records.sessions
}

// Methods returns the methods of the agents' requests, in order.
func (e *Endpoint) Methods() []string {
	e.records.mu.Lock()
	defer e.records.mu.Unlock()
	return slices.Clone(e.records.methods)
}

// Hello returns the params of the last hello; nil if there was none.
func (e *Endpoint) Hello() json.RawMessage {
	if all := e.Hellos(); len(all) > 0 {
		return all[len(all)-1]
	}
	return nil
}

// Hellos returns the params of every hello, in order.
func (e *Endpoint) Hellos() []json.RawMessage {
	e.records.mu.Lock()
	defer e.records.mu.Unlock()
	return slices.Clone(e.records.hellos)
}

// Answers returns the agents' responses to the endpoint's requests, in order.
func (e *Endpoint) Answers() []transport.Frame {
	e.records.mu.Lock()
	defer e.records.mu.Unlock()
	return slices.Clone(e.records.answers)
}

// Faults returns the violations of the protocol by agents: an invalid frame, a connection that ended
// within a frame, a request before hello. Connections that the script closed count none.
func (e *Endpoint) Faults() []error {
	e.records.mu.Lock()
	defer e.records.mu.Unlock()
	return slices.Clone(e.records.faults)
}

func (b *records) fault(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = append(b.faults, err)
}
