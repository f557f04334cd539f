package link

import (
	"context"
	"maps"
	"slices"
	"strings"

	"virgo/cmd/internal/installed"
	"virgo/cmd/internal/lines"
	"virgo/schedule"
	"virgo/spool"
	"virgo/transport"
)

// StateSpace is the space of the spool's state for packages run and link.
const StateSpace = "agent"

const (
	scheduleKey = "schedule" // schedule.Cached
	statusKey   = "link"     // Status
)

// ticketSpace is the space in which an earlier version stored sealed TLS session tickets.
const ticketSpace = "tickets"

// deleteTickets deletes the TLS session tickets that an earlier version stored.
func deleteTickets(tx *spool.Tx) error {
	return tx.Each(ticketSpace, func(endpoint string, _ []byte) error {
		return tx.Delete(ticketSpace, endpoint)
	})
}

// Status is the stored state of the sessions with the endpoint. The zero value: no delivery was
// tried.
type Status struct {
	// LastMS is when results were last acknowledged, ms since the epoch; 0 means never.
	LastMS int64
	// TookMS is the time in ms from the start of that delivery to its last acknowledgement.
	TookMS int64
	// Endpoint acknowledged them, as configured.
	Endpoint string
	// OffsetMS is the endpoint's clock minus this host's in ms, by the last heartbeat; nil:
	// unknown.
	OffsetMS *int64
	// FailingSinceMS is when delivery began to fail, ms since the epoch; 0 while it works. Error is
	// the last reason.
	FailingSinceMS int64
	Error          string
	// Reported are the reasons of failure that were printed since then, as words separated by
	// spaces.
	Reported string
	// Backoff is the time in which runs do not try to deliver; a delivery that succeeds ends it.
	Backoff transport.Backoff
	// LossRefusedMS is when the endpoint LossRefusedBy last refused a report of losses, ms since
	// the epoch; 0: never.
	LossRefusedMS int64
	LossRefusedBy string
	// Questions counts the requests of endpoints.
	Questions Questions
	// Features are the features that each endpoint announced, by endpoint as configured.
	Features map[string][]string
	// Confirmed are the fingerprints of this host's key, by the endpoint that confirmed it.
	Confirmed map[string]string
	// TokenDropped means that the token that setup left was deleted, because every configured endpoint
	// has confirmed the key.
	TokenDropped bool
	// KeyProblem is why the last endpoint did not register the key, in its own words.
	KeyProblem string
	// Behind counts the sessions whose number an endpoint had seen already, the last at BehindMS, ms
	// since the epoch.
	Behind   int64
	BehindMS int64
	// BundleToldMS and ProgramToldMS are when an endpoint last said that there is another version of the bundle of
	// scripts, or of the program, ms since the epoch; 0: never.
	BundleToldMS, ProgramToldMS int64
}

// Questions counts the requests of endpoints since the state was created. Refused requests count
// only as Refused.
type Questions struct {
	Tests, Targets, HostInfos, Refused int64
}

// State is all stored state about the endpoint.
type State struct {
	Status
	// Cached is the last good schedule; HasCached is false on a host that never had one.
	Cached    schedule.Cached
	HasCached bool
	// Bundle is the installed bundle of scripts.
	Bundle installed.Summary
	// Programs is when another version of the agent's own programs was asked for.
	Programs installed.Renewal
	numbers  numbers
}

// A Reader reads values in a transaction; nil: there is none.
type Reader interface {
	Get(space, key string) []byte
}

// ReadState reads the stored state. A part that cannot be read counts as absent, because no run
// should fail for it.
func ReadState(tx Reader) State {
	st := State{Status: parseStatus(tx.Get(StateSpace, statusKey))}
	st.numbers.last = parseSession(tx.Get(StateSpace, sessionKey))
	st.numbers.stored = st.numbers.last
	st.Bundle = installed.ReadSummary(tx)
	st.Programs = installed.ReadPrograms(tx)
	if b := tx.Get(StateSpace, scheduleKey); b != nil {
		if c, err := schedule.ParseCached(b); err == nil {
			st.Cached, st.HasCached = c, true
		}
	}
	return st
}

// State reads the stored state in a transaction of its own.
func (c *Config) State(ctx context.Context) (st State, err error) {
	err = c.Spool.View(ctx, func(tx *spool.Tx) error {
		st = ReadState(tx)
		return nil
	})
	return st, err
}

// put stores the status and the numbers of the sessions.
func (st *State) put(tx Store) error {
	if err := st.numbers.save(tx); err != nil {
		return err
	}
	return putStatus(tx, st.Status)
}

func putStatus(tx Store, s Status) error {
	return tx.Put(StateSpace, statusKey, lines.Append(nil, &s))
}

func parseStatus(b []byte) (s Status) {
	lines.Parse(b, &s)
	s.Backoff.Failures = max(0, min(s.Backoff.Failures, transport.MaxFailures))
	return s
}

// Fields names the fields and their stored keys.
func (s *Status) Fields(c *lines.Codec) {
	lines.Number(c, "last_ms", &s.LastMS)
	lines.Number(c, "took_ms", &s.TookMS)
	lines.Text(c, "endpoint", &s.Endpoint)
	c.OptionalNumber("offset_ms", &s.OffsetMS)
	lines.Number(c, "failing_since_ms", &s.FailingSinceMS)
	lines.Text(c, "error", &s.Error)
	lines.Text(c, "told", &s.Reported)
	lines.Number(c, "held_since_ms", &s.Backoff.SinceMS)
	lines.Number(c, "held_until_ms", &s.Backoff.UntilMS)
	lines.Text(c, "held_for", &s.Backoff.Reason)
	lines.Number(c, "held_times", &s.Backoff.Failures)
	lines.Number(c, "held_by", &s.Backoff.Settings)
	lines.Number(c, "loss_refused_ms", &s.LossRefusedMS)
	lines.Text(c, "loss_refused_by", &s.LossRefusedBy)
	lines.Number(c, "asked_tests", &s.Questions.Tests)
	lines.Number(c, "asked_targets", &s.Questions.Targets)
	lines.Number(c, "asked_host_infos", &s.Questions.HostInfos)
	lines.Number(c, "asked_refused", &s.Questions.Refused)
	lines.Number(c, "behind", &s.Behind)
	lines.Number(c, "behind_ms", &s.BehindMS)
	lines.Text(c, "key_problem", &s.KeyProblem)
	lines.Number(c, "bundle_told_ms", &s.BundleToldMS)
	lines.Number(c, "program_told_ms", &s.ProgramToldMS)
	c.Bool("token_dropped", &s.TokenDropped)
	c.Texts("confirmed", s.confirmedTexts, s.addConfirmedText)
	c.Texts("features", s.featureTexts, s.addFeatureText)
}

// confirmedTexts returns a text for each endpoint: the fingerprint, a blank and the endpoint.
func (s *Status) confirmedTexts() (texts []string) {
	for _, endpoint := range slices.Sorted(maps.Keys(s.Confirmed)) {
		texts = append(texts, s.Confirmed[endpoint]+" "+endpoint)
	}
	return texts
}

func (s *Status) addConfirmedText(text string) {
	key, endpoint, _ := strings.Cut(text, " ")
	s.setConfirmed(endpoint, key)
}

// setConfirmed stores which key an endpoint confirmed, empty for none, and reports whether that changed.
func (s *Status) setConfirmed(endpoint, key string) bool {
	if s.Confirmed[endpoint] == key {
		return false
	}
	if key == "" {
		delete(s.Confirmed, endpoint)
		return true
	}
	if s.Confirmed == nil || len(s.Confirmed) >= maxEndpoints {
		s.Confirmed = make(map[string]string)
	}
	s.Confirmed[endpoint] = key
	return true
}

// featureTexts returns a text for each endpoint: its name and its features, separated by spaces.
// None of them contains a space, except the name of an SRV record's target: "name (host:port)".
func (s *Status) featureTexts() (texts []string) {
	for _, endpoint := range slices.Sorted(maps.Keys(s.Features)) {
		texts = append(texts, endpoint+" "+strings.Join(s.Features[endpoint], " "))
	}
	return texts
}

func (s *Status) addFeatureText(text string) {
	words := strings.Split(text, " ")
	endpoint, names := words[0], words[1:]
	if strings.HasPrefix(endpoint, "_") && len(names) > 0 && strings.HasPrefix(names[0], "(") {
		endpoint, names = endpoint+" "+names[0], names[1:]
	}
	s.setFeatures(endpoint, slices.DeleteFunc(names, func(w string) bool { return w == "" }))
}

// maxEndpoints bounds Status.Features and Status.Confirmed, which would grow with each change of the configuration.
const maxEndpoints = 16

// setFeatures stores the features that an endpoint announced and reports whether they changed.
func (s *Status) setFeatures(endpoint string, names []string) bool {
	if old, known := s.Features[endpoint]; known && slices.Equal(old, names) {
		return false
	}
	if s.Features == nil || len(s.Features) >= maxEndpoints {
		s.Features = make(map[string][]string)
	}
	s.Features[endpoint] = names
	return true
}
