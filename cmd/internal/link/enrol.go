package link

import (
	"context"

	"virgo/spool"
)

// An Enrolment is what one configured endpoint said to this host.
type Enrolment struct {
	// Endpoint as configured, Reached as it was reached: for an SRV name with the target; empty if no
	// connection was made.
	Endpoint, Reached string
	// Err is why it did not accept this host; nil: it did.
	Err error
	// Confirmed means that it has this host's key, so it needs no token; Problem is why it does not, in
	// its own words.
	Confirmed bool
	Problem   string
}

// Enrol opens a session with each configured endpoint and ends it in order, so that each can register
// this host's key, and stores what they said. all means that no endpoint needs a token any more. The
// error is that of the spool.
func Enrol(ctx context.Context, cfg *Config) (list []Enrolment, all bool, err error) {
	st, err := cfg.State(ctx)
	if err != nil {
		return nil, false, err
	}
	key := ""
	for _, endpoint := range cfg.Endpoints {
		one := *cfg
		one.Endpoints, one.DropToken = []string{endpoint}, nil
		s := NewSession(&one, st)
		e := Enrolment{Endpoint: endpoint, Err: s.greet(ctx)}
		s.Close()
		st = s.State()
		e.Reached = s.endpoint
		if s.identity.key != "" {
			key = s.identity.key
		}
		e.Confirmed = e.Err == nil && key != "" && st.Confirmed[s.endpoint] == key
		if e.Err == nil {
			e.Problem = st.KeyProblem
		}
		list = append(list, e)
	}
	all = cfg.AllConfirmed(st.Status, key)
	st.TokenDropped = all
	err = cfg.Spool.Update(ctx, func(tx *spool.Tx) error { return st.put(tx) })
	return list, all, err
}

// greet is one session from hello to goodbye, in which nothing is sent. If the endpoint has forgotten the
// key, there is a second one with the token.
func (s *Session) greet(ctx context.Context) error {
	err := s.greetOnce(ctx)
	if s.triesAnew(err) {
		s.Close()
		err = s.greetOnce(ctx)
	}
	return err
}

func (s *Session) greetOnce(ctx context.Context) error {
	if err := s.open(ctx, ctx); err != nil {
		return err
	}
	if _, err := s.welcome(ctx); err != nil {
		return err
	}
	s.goodbye(ctx)
	return nil
}

// NoteTokenStored stores that setup left a token, so that it is deleted when no endpoint needs it.
func NoteTokenStored(ctx context.Context, cfg *Config) error {
	return cfg.Spool.Update(ctx, func(tx *spool.Tx) error {
		st := ReadState(tx).Status
		if !st.TokenDropped {
			return nil
		}
		st.TokenDropped = false
		return putStatus(tx, st)
	})
}
