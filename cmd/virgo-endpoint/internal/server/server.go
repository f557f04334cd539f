package server

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport/receipt"
)

// Schedules returns the schedules of agents.
type Schedules interface {
	// For returns the result object of check_schedule.get for an agent, and the schedule's hash. An
	// error's text is sent to the agent, which keeps the schedule that it has.
	For(agentID string) (result json.RawMessage, hash string, err error)
}

// Options configure a Server. Log, Now and Limits have defaults; the other fields are required.
type Options struct {
	Intake    intake.Intake
	Schedules Schedules
	// TLS has the server's certificate.
	TLS *tls.Config
	// SignReceipt sets the endpoint's name in a receipt and signs it with that certificate's key.
	SignReceipt func(receipt.Receipt) ([]byte, error)
	// Log receives all messages, none of which contains a token; nil discards them.
	Log *slog.Logger
	// Now returns the endpoint's time, which is stored and sent to agents; nil means time.Now.
	Now func() time.Time
	// Limits bound the resources that peers may use.
	Limits Limits
}

// A Server serves agents' connections.
type Server struct {
	opt       Options
	committer *committer
	pending   *budget       // bytes of posts that are not stored yet
	large     chan struct{} // one element for each large frame that is being read
	receipts  sync.Mutex    // held while a receipt is made
	http      *http.Server
	httpConns *connListener // connections that speak HTTP

	draining  chan struct{} // closed when Shutdown begins
	mu        sync.Mutex
	closed    bool
	open      map[net.Conn]struct{} // every connection that counts against Limits.Connections
	listeners map[net.Listener]struct{}
	warned    time.Time // when the log last said that there are too many connections
	wg        sync.WaitGroup
}

// Listen listens for agents. TCP keep-alives find half-open connections within two minutes.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	lc := net.ListenConfig{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 30 * time.Second, Interval: 15 * time.Second, Count: 4,
	}}
	return lc.Listen(ctx, "tcp", address)
}

// New starts a server. Serve accepts connections for it, Shutdown ends it.
func New(opt Options) *Server {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	opt.Limits = opt.Limits.orDefaults()
	s := &Server{
		opt:       opt,
		committer: startCommitter(opt.Intake, opt.Log),
		pending:   newBudget(opt.Limits.PendingBytes),
		large:     make(chan struct{}, opt.Limits.LargeFrames),
		http:      newHTTPServer(opt.Log, opt.Limits),
		httpConns: newConnListener(),
		draining:  make(chan struct{}),
		open:      map[net.Conn]struct{}{},
		listeners: map[net.Listener]struct{}{},
	}
	s.wg.Go(func() { s.http.Serve(s.httpConns) })
	return s
}

// Serve accepts the listener's connections. It returns nil after Shutdown, and an error if accepting
// fails. It may be called for several listeners.
func (s *Server) Serve(l net.Listener) error {
	defer l.Close()
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.listeners[l] = struct{}{}
	s.mu.Unlock()
	for wait := time.Duration(0); ; {
		nc, err := l.Accept()
		if err == nil {
			wait = 0
			s.admit(nc)
			continue
		}
		if s.isDraining() {
			return nil
		}
		if errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("accepting connections: %w", err)
		}
		// Most likely there are no file descriptors left; some are freed when connections end.
		wait = min(max(2*wait, 5*time.Millisecond), time.Second)
		s.opt.Log.Error("accepting a connection failed", "error", err, "retry_in", wait)
		select {
		case <-time.After(wait):
		case <-s.draining:
			return nil
		}
	}
}

// admit starts a connection's goroutine, or closes the connection if too many are open.
func (s *Server) admit(nc net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		nc.Close()
		return
	case len(s.open) >= s.opt.Limits.Connections:
		nc.Close()
		if now := time.Now(); now.Sub(s.warned) >= time.Minute {
			s.warned = now
			s.opt.Log.Warn("too many connections: new ones are closed", "open", len(s.open))
		}
		return
	}
	s.open[nc] = struct{}{}
	s.wg.Go(func() { s.handle(nc) })
}

// release removes a closed connection.
func (s *Server) release(nc net.Conn) {
	nc.Close()
	s.mu.Lock()
	delete(s.open, nc)
	s.mu.Unlock()
}

// Shutdown stops accepting and reading. It returns when all requests that were read are stored and
// answered. If ctx is done first, it closes the connections without sending the answers, still stores
// the results that were read, and returns ctx's error.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.draining)
	for l := range s.listeners {
		l.Close()
	}
	for nc := range s.open {
		nc.SetReadDeadline(time.Unix(1, 0)) // ends a blocked read
	}
	s.mu.Unlock()

	ended := make(chan struct{})
	go func() {
		s.http.Shutdown(ctx)
		s.httpConns.Close()
		s.wg.Wait()
		close(ended)
	}()
	var err error
	select {
	case <-ended:
	case <-ctx.Done():
		err = fmt.Errorf("shutting down: %w", ctx.Err())
		s.mu.Lock()
		for nc := range s.open {
			nc.Close()
		}
		s.mu.Unlock()
		s.http.Close()
		<-ended
	}
	s.committer.close()
	return err
}
