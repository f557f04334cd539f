package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Bounds of a session.
const (
	WindowRequests   = 256              // posts in flight
	WindowBytes      = 256 << 10        // bytes of params in flight; a larger post flies alone
	IdleTimeout      = 30 * time.Second // without an answer while one is due, or without a byte taken
	MaxRequests      = 1000             // requests of the endpoint's in one session
	maxRequestBytes  = MaxFrameBytes    // bytes of params of those that wait to be answered
	maxStrays        = 16               // answers to nothing that was asked
	settleGrace      = 2 * time.Second  // to settle what is acknowledged when the session's time is up
	farewell         = 2 * time.Second  // to read what the endpoint said before it hung up on a write
	minBeat          = time.Second      // between heartbeats in a long delivery
	settleAtOnceFrom = WindowRequests / 2
)

// SessionOptions are how a session behaves. The zero value is right for an endpoint that nothing is
// known of.
type SessionOptions struct {
	// Pipelined says that the endpoint announced [FeaturePipelining] the last time: posts then follow
	// hello without waiting for its answer.
	Pipelined bool
	// Handler answers the endpoint's requests; nil answers each with 404.
	Handler Handler
	// WindowRequests and WindowBytes bound what is in flight; zero means the constants.
	WindowRequests, WindowBytes int
	// IdleTimeout ends a session whose endpoint owes an answer; zero means [IdleTimeout].
	IdleTimeout time.Duration
	// Now is this host's clock, for hello and heartbeats; nil means time.Now.
	Now func() time.Time
	// Large, where set, is called before a frame of more than 64 KiB takes its memory, once, on the
	// session's own goroutine.
	Large func()
}

// A Session is one agent's conversation with an endpoint. Its methods are called by one goroutine, one
// after the other; a second one, the session's own, only reads. So whatever the endpoint sends and
// however much, reading never waits for writing.
//
// An error ends the session: what follows returns it again. So does a context that ends during a call.
type Session struct {
	conn net.Conn
	w    *Writer
	opt  SessionOptions
	id   Identity

	// The caller's side.
	nextID  ID
	beaten  time.Time // when the last heartbeat was sent
	unsaid  bool      // a request was sent after the last heartbeat
	waiting bool      // a request is in the writer's buffer
	params  []byte    // scratch
	timer   *time.Timer
	closed  bool

	wake chan struct{} // something arrived
	gone chan struct{} // the receiver is done

	mu       sync.Mutex // guards the rest
	window   window
	inbox    inbox
	welcome  Welcome
	greeted  bool
	progress time.Time // when the endpoint last answered, or came to owe an answer
	offset   time.Duration
	offsetOK bool
	err      error
}

// Start begins a session on a connection that it owns from now on: hello is written, and goes out with
// what follows. The context bounds the whole session; Close must be called in any case.
func Start(ctx context.Context, conn net.Conn, id Identity, opt SessionOptions) *Session {
	if opt.WindowRequests <= 0 {
		opt.WindowRequests = WindowRequests
	}
	if opt.WindowBytes <= 0 {
		opt.WindowBytes = WindowBytes
	}
	if opt.IdleTimeout <= 0 {
		opt.IdleTimeout = IdleTimeout
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	s := &Session{
		conn: conn,
		w:    NewWriter(stream{conn, opt.IdleTimeout}),
		opt:  opt,
		id:   id,
		wake: make(chan struct{}, 1),
		gone: make(chan struct{}),
	}
	unwatch := s.watch(ctx)
	go func() {
		defer close(s.gone)
		defer unwatch()
		r := NewReader(conn)
		r.large = opt.Large
		s.receive(r)
	}()
	s.beaten = time.Now()
	s.params = id.appendHello(s.params[:0], s.opt.Now().UnixMilli())
	if err := s.request(MethodHello, s.params, pending{kind: isHello}); err != nil {
		s.fail(err)
	}
	return s
}

// Welcome waits for the answer to hello. The error is [ErrAuth], [ErrVersion] or another kind.
func (s *Session) Welcome(ctx context.Context) (Welcome, error) {
	defer s.watch(ctx)()
	err := s.until(ctx, func() bool { return s.greeted })
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.welcome, err
}

// Call sends a request and waits for its result, which is nil where the endpoint sent none. An error of
// this request alone is an *[Error] of code 400, and the session goes on.
func (s *Session) Call(ctx context.Context, method string, params []byte) (json.RawMessage, error) {
	defer s.watch(ctx)()
	if err := s.until(ctx, func() bool { return s.greeted || s.opt.Pipelined }); err != nil {
		return nil, err
	}
	if err := s.request(method, params, pending{kind: isCall}); err != nil {
		if !errors.Is(err, ErrUnsendable) {
			err = s.broken(ctx, err)
		}
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	var a answer
	err := s.until(ctx, func() (ok bool) {
		a, ok = s.inbox.takeAnswer()
		return ok
	})
	if err == nil && a.err != nil {
		err = a.err
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	return a.result, nil
}

// ClockOffset gives the endpoint's clock minus this host's, as the last heartbeat's answer showed it, to
// half a round trip; false where there was none.
func (s *Session) ClockOffset() (time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.offset, s.offsetOK
}

// Close says goodbye and closes the connection: a last heartbeat if anything was asked since the one
// before, so that all that the endpoint had to ask has been seen and answered, then close_notify. On a
// session that failed it only closes, and returns nil: the error was returned before.
func (s *Session) Close(ctx context.Context) error {
	if s.closed {
		return nil
	}
	s.closed = true
	defer s.watch(ctx)()
	var err error
	if s.failed() == nil {
		if s.unsaid {
			err = s.heartbeat(ctx)
		}
		if err == nil {
			err = s.until(ctx, func() bool { return s.window.has(isBeat) == 0 })
		}
		if err == nil {
			if s.answerAll(ctx) == nil { // what came in the last instant
				s.flush(ctx)
			}
			s.conn.Close() // a *tls.Conn sends close_notify first
		}
	}
	s.fail(fmt.Errorf("%w: the session was closed", ErrCut))
	cut(s.conn)
	<-s.gone
	return err
}
