package endpoint

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options are what a Server works with. Store, Schedules and TLS have to be given.
type Options struct {
	Store     *Store
	Schedules *Schedules
	// TLS has the server's certificate; see [Certificate.TLSConfig].
	TLS *tls.Config
	// Log gets everything; nil discards it. No token is ever in it.
	Log *slog.Logger
	// Now tells the time that is stored and told to agents; nil means time.Now.
	Now func() time.Time
	// Limits bound what peers may take.
	Limits Limits
	// Hook is called at "before commit" and "after commit", for tests that end the process there.
	Hook func(point string)
}

// A Server serves agents' connections.
type Server struct {
	store     *Store
	schedules *Schedules
	tls       *tls.Config
	log       *slog.Logger
	now       func() time.Time
	limits    Limits
	committer *committer
	pending   *budget       // bytes of posts that are not committed
	large     chan struct{} // one in it for each large frame that is being read
	receipts  sync.Mutex    // held while one is made
	http      *http.Server
	letters   *handover // connections that speak HTTP

	draining chan struct{} // closed when Shutdown begins
	mu       sync.Mutex
	closed   bool
	open     map[net.Conn]struct{} // every connection that counts
	listener map[net.Listener]struct{}
	refused  time.Time // when the log last said that there are too many connections
	wg       sync.WaitGroup
}

// Listen listens for agents: half-open connections are found by TCP keep-alives within a minute or two.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	lc := net.ListenConfig{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 15 * time.Second, Count: 4}}
	return lc.Listen(ctx, "tcp", address)
}

// NewServer starts a server's inner works; Serve gives it connections, Shutdown ends it.
func NewServer(opt Options) (*Server, error) {
	s := &Server{
		store:     opt.Store,
		schedules: opt.Schedules,
		tls:       opt.TLS,
		log:       opt.Log,
		now:       opt.Now,
		limits:    opt.Limits.orDefaults(),
		draining:  make(chan struct{}),
		open:      map[net.Conn]struct{}{},
		listener:  map[net.Listener]struct{}{},
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	hook := opt.Hook
	if hook == nil {
		hook = func(string) {}
	}
	var err error
	if s.committer, err = startCommitter(s.store, s.log, hook); err != nil {
		return nil, err
	}
	s.pending = newBudget(s.limits.PendingBytes)
	s.large = make(chan struct{}, s.limits.LargeFrames)
	s.letters = newHandover()
	s.http = newHTTPServer(s.log, s.limits)
	s.wg.Go(func() { s.http.Serve(s.letters) })
	return s, nil
}

// Serve takes the listener's connections until Shutdown, and returns nil then; any other reason is an
// error. It may be called for several listeners.
func (s *Server) Serve(l net.Listener) error {
	defer l.Close()
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.listener[l] = struct{}{}
	s.mu.Unlock()
	for wait := time.Duration(0); ; {
		nc, err := l.Accept()
		if err == nil {
			wait = 0
			s.admit(nc)
			continue
		}
		select {
		case <-s.draining:
			return nil
		default:
		}
		if errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("accepting connections: %w", err)
		}
		// Out of file descriptors, most likely: it passes when connections end.
		wait = min(max(2*wait, 5*time.Millisecond), time.Second)
		s.log.Error("accepting a connection failed", "error", err, "next_try", wait)
		select {
		case <-time.After(wait):
		case <-s.draining:
			return nil
		}
	}
}

// admit starts a connection's goroutine, or closes the connection where there are too many.
func (s *Server) admit(nc net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		nc.Close()
		return
	case len(s.open) >= s.limits.Connections:
		nc.Close()
		if now := time.Now(); now.Sub(s.refused) >= time.Minute {
			s.refused = now
			s.log.Warn("too many connections: new ones are closed", "open", len(s.open))
		}
		return
	}
	s.open[nc] = struct{}{}
	s.wg.Go(func() { s.handle(nc) })
}

// release forgets a connection that was closed.
func (s *Server) release(nc net.Conn) {
	nc.Close()
	s.mu.Lock()
	delete(s.open, nc)
	s.mu.Unlock()
}

// Shutdown stops accepting and reading, answers what was read, and ends when all is committed and sent,
// or when ctx is done: then connections are closed with their answers unsent, what was taken is
// committed all the same, and ctx's error is returned.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.draining)
	for l := range s.listener {
		l.Close()
	}
	for nc := range s.open {
		nc.SetReadDeadline(time.Unix(1, 0)) // wakes its reader
	}
	s.mu.Unlock()

	ended := make(chan struct{})
	go func() {
		s.http.Shutdown(ctx)
		s.letters.Close()
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
