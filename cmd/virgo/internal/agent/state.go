package agent

import (
	"context"
	"slices"

	"virgo/schedule"
	"virgo/spool"
)

// The keys of the spool's state in which the agent keeps what it must remember between runs.
const (
	agentSpace  = "agent"
	scheduleKey = "schedule" // schedule.Cached
	linkKey     = "link"     // LinkState
	runKey      = "run"      // RunState
	sampleSpace = "samples"  // by check id, the checker's own bytes
)

// LinkState is what is remembered of the way to the endpoint. The zero value: nothing was tried yet.
type LinkState struct {
	// LastMS is when results were last acknowledged, ms since the epoch; 0 means never.
	LastMS int64 `json:"last_ms,omitempty"`
	// TookMS is how long that delivery had taken when its last acknowledgement came.
	TookMS int64 `json:"took_ms,omitempty"`
	// Endpoint that took them, as configured.
	Endpoint string `json:"endpoint,omitempty"`
	// Resumed says that its TLS session went on from an earlier one.
	Resumed bool `json:"tls_resumed,omitempty"`
	// TicketMS is when the ticket that is kept came.
	TicketMS int64 `json:"-"`
	// OffsetMS is the endpoint's clock minus this host's, seen in the last heartbeat; nil: never seen.
	OffsetMS *int64 `json:"offset_ms,omitempty"`
	// FailingSinceMS is when delivery started to fail; 0 while it works. Error is the last reason.
	FailingSinceMS int64  `json:"failing_since_ms,omitempty"`
	Error          string `json:"error,omitempty"`
	// Told are the kinds of failure, as words with blanks between them, that a person was told of since then.
	Told string `json:"-"`
	// Hold keeps runs from trying; it is forgotten when a delivery succeeds.
	Hold Hold `json:"hold"`
	// LossRefusedMS is when the endpoint LossRefusedBy last refused a report of losses.
	LossRefusedMS int64  `json:"-"`
	LossRefusedBy string `json:"-"`
	// Asked counts what endpoints asked.
	Asked Asked `json:"-"`
	// Features that each endpoint announced, by endpoint as configured.
	Features map[string][]string `json:"features,omitempty"`
}

// RunState is what is remembered of the last run that finished.
type RunState struct {
	StartedMS int64 `json:"started_ms"`
	// TookMS up to the moment that the results were kept.
	TookMS int64 `json:"took_ms"`
	// Checks that ran, and how many of them were unavailable.
	Checks      int `json:"checks"`
	Unavailable int `json:"unavailable"`
	// PeakBytes is the run's peak resident memory; 0 where the system does not tell.
	PeakBytes int64 `json:"peak_bytes,omitempty"`
	// Dropping says that this run's results pushed older ones out: the next one need not say it again.
	Dropping bool `json:"dropping,omitempty"`
}

// State is all that the agent remembers, as `virgo status` and `virgo schedule show` want it.
type State struct {
	Cached schedule.Cached
	// HasCached is false on a host that never had a schedule from an endpoint.
	HasCached bool
	Link      LinkState
	Run       RunState
	ticket    []byte // see tickets
}

// getter is the reading half of a transaction.
type getter interface {
	Get(space, key string) []byte
}

// ReadState reads what is remembered. What cannot be read counts as not there: it is a memory of
// past runs, and no run may fail for it.
func ReadState(tx getter) State {
	var st State
	if b := tx.Get(agentSpace, scheduleKey); b != nil {
		if c, err := schedule.ParseCached(b); err == nil {
			st.Cached, st.HasCached = c, true
		}
	}
	st.Link = parseLink(tx.Get(agentSpace, linkKey))
	st.readTicket(tx)
	st.Run = parseRun(tx.Get(agentSpace, runKey))
	return st
}

// State reads what is remembered, in a transaction of its own.
func (a *Agent) State(ctx context.Context) (State, error) {
	var st State
	err := a.Spool.View(ctx, func(tx *spool.Tx) error {
		st = ReadState(tx)
		return nil
	})
	return st, err
}

// setFeatures notes what an endpoint announced and says whether that is news.
func (l *LinkState) setFeatures(endpoint string, names []string) bool {
	if old, known := l.Features[endpoint]; known && slices.Equal(old, names) {
		return false
	}
	if l.Features == nil || len(l.Features) >= maxRememberedEndpoints {
		l.Features = make(map[string][]string)
	}
	l.Features[endpoint] = names
	return true
}

// maxRememberedEndpoints bounds LinkState.Features over changes of the configuration.
const maxRememberedEndpoints = 16
