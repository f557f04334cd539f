package link

import (
	"context"
	"encoding/json"

	"virgo/spool"
	"virgo/transport"
)

// Greet opens a session with this host's own id, to [Session.Call] in it, and returns the answer to hello.
// If the endpoint has forgotten this host's key, a second one has the token. [Session.Leave] must be called
// in any case.
func (s *Session) Greet(ctx context.Context) (transport.Welcome, error) {
	w, err := s.hello(ctx)
	if s.triesAnew(err) {
		s.Close()
		w, err = s.hello(ctx)
	}
	return w, err
}

func (s *Session) hello(ctx context.Context) (transport.Welcome, error) {
	if err := s.open(ctx, ctx); err != nil {
		return transport.Welcome{}, err
	}
	return s.welcome(ctx)
}

// Call sends a request in the session that [Session.Greet] opened, and returns its result.
func (s *Session) Call(ctx context.Context, method string, params []byte) (json.RawMessage, error) {
	return s.conn.Call(ctx, method, params)
}

// Leave ends the session, in order unless it failed, and stores what was learned about the endpoint. The
// error is that of the spool.
func (s *Session) Leave(ctx context.Context, failed bool) error {
	if s.conn != nil && !failed {
		s.goodbye(ctx)
	}
	s.Close()
	ctx, cancel := FinalContext(ctx)
	defer cancel()
	return s.cfg.Spool.Update(ctx, func(tx *spool.Tx) error {
		if s.unsaved {
			return s.state.put(tx)
		}
		return s.state.numbers.save(tx)
	})
}
