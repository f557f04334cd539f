package transporttest

import (
	"encoding/json"
	"slices"
	"sync"

	"virgo/transport"
)

// A Stored result is one that the endpoint took.
type Stored struct {
	AgentID  string          `json:"agent_id"`
	ResultID string          `json:"result_id,omitempty"` // empty where the agent gave none
	Params   json.RawMessage `json:"params"`              // as posted
	Copies   int             `json:"copies"`              // how often it came, 1 where once
}

// books is what an endpoint remembers from one connection to the next.
type books struct {
	mu       sync.Mutex
	stored   []Stored
	byID     map[[2]string]*verdict
	results  int      // distinct results seen
	sessions int      // connections served
	methods  []string // of the agents' requests, in order
	answers  []transport.Frame
	hello    json.RawMessage
	faults   []error
}

// A verdict is what became of a result: its place in stored, or the error.
type verdict struct {
	at  int
	err *transport.Error
}

// take stores a result once and gives the answer, which is the same for every copy.
func (b *books) take(script *Script, agent string, params json.RawMessage) *transport.Error {
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
	v := &verdict{at: len(b.stored)}
	if refusal, ok := script.Reject[b.results]; ok {
		v.err = &refusal
	} else {
		b.stored = append(b.stored, Stored{agent, p.ResultID, slices.Clone(params), 1})
	}
	if p.ResultID != "" && (v.err == nil || !v.err.EndsSession()) {
		if b.byID == nil {
			b.byID = make(map[[2]string]*verdict)
		}
		b.byID[key] = v
	}
	return v.err
}

// Stored gives what was taken, in order.
func (e *Endpoint) Stored() []Stored {
	e.books.mu.Lock()
	defer e.books.mu.Unlock()
	return slices.Clone(e.books.stored)
}

// Sessions counts the connections that were served.
func (e *Endpoint) Sessions() int {
	e.books.mu.Lock()
	defer e.books.mu.Unlock()
	return e.books.sessions
}

// Methods lists what the agents asked, in order.
func (e *Endpoint) Methods() []string {
	e.books.mu.Lock()
	defer e.books.mu.Unlock()
	return slices.Clone(e.books.methods)
}

// Hello gives the params of the last hello; nil where there was none.
func (e *Endpoint) Hello() json.RawMessage {
	e.books.mu.Lock()
	defer e.books.mu.Unlock()
	return e.books.hello
}

// Answers gives what the agents answered to the endpoint's requests, in order.
func (e *Endpoint) Answers() []transport.Frame {
	e.books.mu.Lock()
	defer e.books.mu.Unlock()
	return slices.Clone(e.books.answers)
}

// Faults lists what an agent did that the protocol does not allow: a bad frame, a connection that ended
// within a frame, a request before hello. Connections that the script ended have none.
func (e *Endpoint) Faults() []error {
	e.books.mu.Lock()
	defer e.books.mu.Unlock()
	return slices.Clone(e.books.faults)
}

func (b *books) fault(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = append(b.faults, err)
}
