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
	WindowRequests = 256              // posts in flight, several in one frame being one
	WindowBytes    = 256 << 10        // bytes of params of single posts in flight; a larger one is sent alone
	IdleTimeout    = 30 * time.Second // without an answer that is due, or without a byte taken
	MaxRequests    = 1000             // requests of the endpoint in one session

	maxRequestBytes        = MaxFrameBytes   // bytes of params of those that wait to be answered
	maxUnexpectedResponses = 16              // responses to no request, more than the answers
	settleTimeout          = 2 * time.Second // to settle what is acknowledged when the context has ended
	refusalTimeout         = 2 * time.Second // to read the endpoint's last answer after a failed write
	minHeartbeatPause      = time.Second     // between heartbeats in a long delivery
	maxUnsettled           = WindowRequests / 2
)

// SessionOptions configure a session. The zero value is right for an unknown endpoint.
type SessionOptions struct {
	// Pipelined means that the endpoint announced [FeaturePipelining] in an earlier session: posts
	// are then sent without waiting for the answer to hello.
	Pipelined bool
	// Multi and MultiLZ4 mean the same of [FeaturePostMulti] and [FeaturePostMultiLZ4].
	Multi, MultiLZ4 bool
	// Single sends each post in a frame of its own, whatever the endpoint announces.
	Single bool
	// Compress appends the LZ4 block for src to dst; nil: posts are sent plain.
	Compress func(dst, src []byte) []byte
	// Handler answers the endpoint's requests; nil answers each with 404.
	Handler Handler
	// WindowRequests and WindowBytes bound the posts in flight; zero means the constants, of bytes
	// [MultiWindowBytes] where several posts are in one frame.
	WindowRequests, WindowBytes int
	// IdleTimeout bounds the time until an answer arrives; zero means the constant.
	IdleTimeout time.Duration
	// Now is this host's clock, for hello and heartbeats; nil means time.Now.
	Now func() time.Time
	// Large, if not nil, is called once, before memory is allocated for a frame of more than 64 KiB,
	// on the session's own goroutine.
	Large func()
}

// A Session is one agent's session with an endpoint. Its methods must be called from one goroutine;
// a second one, the session's own, only reads, so that reading never waits for writing.
//
// An error ends the session, and so does a context that ends during a call. Later calls return the
// same error.
type Session struct {
	conn net.Conn
	w    *Writer
	opt  SessionOptions
	id   Identity

	// Of the caller's goroutine.
	nextID         ID
	lastHeartbeat  time.Time // when the last heartbeat was sent
	needsHeartbeat bool      // a request was sent after the last heartbeat
	unflushed      bool      // a request is in the write buffer
	params         []byte    // scratch
	timer          *time.Timer
	closed         bool

	wake         chan struct{} // something arrived
	receiverDone chan struct{} // closed when the receiver has ended

	mu       sync.Mutex // guards the rest
	window   window
	pace     pace
	inbox    inbox
	welcome  Welcome
	greeted  bool
	progress time.Time // when the endpoint last answered, or an answer became due
	offset   time.Duration
	offsetOK bool
	err      error
}

// Start begins a session on a connection, which the session then owns: it writes hello, which is
// sent with what follows. The context bounds the whole session. Close must be called in any case.
func Start(ctx context.Context, conn net.Conn, id Identity, opt SessionOptions) *Session {
	if opt.WindowRequests <= 0 {
		opt.WindowRequests = WindowRequests
	}
	if opt.IdleTimeout <= 0 {
		opt.IdleTimeout = IdleTimeout
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	s := &Session{
		conn:         conn,
		w:            NewWriter(stream{conn, opt.IdleTimeout}),
		opt:          opt,
		id:           id,
		wake:         make(chan struct{}, 1),
		receiverDone: make(chan struct{}),
		pace:         pace{bytes: firstMultiBytes},
	}
	unwatch := s.watch(ctx)
	go func() {
		defer close(s.receiverDone)
		defer unwatch()
		r := NewReader(conn)
		r.large = opt.Large
		s.receive(r)
	}()
	s.lastHeartbeat = time.Now()
	s.params = id.appendHello(s.params[:0], s.opt.Now().UnixMilli())
	if err := s.request(MethodHello, s.params, pending{kind: isHello}); err != nil {
		s.fail(err)
	}
	return s
}

// Welcome waits for the answer to hello. The error is [ErrAuth], [ErrVersion] or another kind.
func (s *Session) Welcome(ctx context.Context) (Welcome, error) {
	defer s.watch(ctx)()
	err := s.waitFor(ctx, func() bool { return s.greeted })
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.welcome, err
}

// Greeted returns the answer to hello if it has arrived, also after the session has failed.
func (s *Session) Greeted() (Welcome, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.welcome, s.greeted
}

// Call sends a request and waits for its result, nil where the endpoint sent none. An *[Error] of
// code 400 is an error of this request alone: the session goes on.
func (s *Session) Call(ctx context.Context, method string, params []byte) (json.RawMessage, error) {
	defer s.watch(ctx)()
	if err := s.waitFor(ctx, func() bool { return s.greeted || s.opt.Pipelined }); err != nil {
		return nil, err
	}
	if err := s.request(method, params, pending{kind: isCall}); err != nil {
		if !errors.Is(err, ErrUnsendable) {
			err = s.writeFailed(ctx, err)
		}
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	var a answer
	err := s.waitFor(ctx, func() (ok bool) {
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

// ClockOffset returns the endpoint's clock minus this host's, computed from the last answer to a
// heartbeat, with an error of at most half a round trip; false if there was none.
func (s *Session) ClockOffset() (time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.offset, s.offsetOK
}

// Close ends the session: it sends a last heartbeat if anything was sent since the previous one,
// answers all requests that the endpoint had queued, and sends close_notify. On a session that failed
// it only closes the connection and returns nil, because the error was returned before.
func (s *Session) Close(ctx context.Context) error {
	if s.closed {
		return nil
	}
	s.closed = true
	defer s.watch(ctx)()
	var err error
	if s.failure() == nil {
		if s.needsHeartbeat {
			err = s.heartbeat(ctx)
		}
		if err == nil {
			err = s.waitFor(ctx, func() bool { return s.window.count(isHeartbeat) == 0 })
		}
		if err == nil {
			if s.answerAll(ctx) == nil { // requests that came with the last answer
				s.flush(ctx)
			}
			s.conn.Close() // a *tls.Conn sends close_notify first
		}
	}
	s.fail(fmt.Errorf("%w: the session was closed", ErrConnectionLost))
	closeConn(s.conn)
	<-s.receiverDone
	return err
}
