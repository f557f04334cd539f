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
	"runtime"
	"sync"
	"sync/atomic"
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
	// Clients maps clients' certificates to agents; nil means that a certificate is for the agent whose
	// id is one of its names.
	Clients Clients
	// Upgrades are the bundles of checks that agents may fetch; nil: none.
	Upgrades Upgrades
	// Questions are what agents are asked; nil: nothing.
	Questions Questions
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
	parsing   chan struct{} // one element for each frame of many results that is read
	large     *largeFrames
	tokens    *tokens // what each token uses
	admission *admission
	total     chan struct{} // one element for each open connection
	turns     chan struct{} // one element for each handshake that computes
	log       *slog.Logger
	sums      *summing
	reports   reporter
	receipts  sync.Mutex // held while a receipt is made
	bundles   sync.Mutex // held while a piece of a bundle is verified and stored
	http      *http.Server
	downloads *downloads
	// downloading is done when Shutdown begins: their peers go on later with a range.
	downloading  context.Context
	endDownloads context.CancelFunc
	httpConns    *connListener // connections that speak HTTP

	next    chan *place  // to a goroutine of handleMany that waits
	resting atomic.Int64 // how many wait

	draining  chan struct{} // closed when Shutdown begins
	mu        sync.Mutex
	closed    bool
	open      map[*place]struct{} // every open connection
	listeners map[net.Listener]struct{}
	wg        sync.WaitGroup
}

// Listen listens for agents. There are no TCP keep-alives, which cost each session four system calls:
// Limits.Idle finds half-open connections.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	lc := net.ListenConfig{KeepAlive: -1}
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
	if opt.Upgrades == nil {
		opt.Upgrades = noUpgrades{}
	}
	if opt.Clients == nil {
		opt.Clients = equalNames{}
	}
	opt.Limits = opt.Limits.OrDefaults()
	sums := newSumming(opt.Log.Handler())
	log := slog.New(sums)
	s := &Server{
		opt:       opt,
		log:       log,
		sums:      sums,
		committer: startCommitter(opt.Intake, log),
		pending:   newBudget(opt.Limits.PendingBytes),
		large:     newLargeFrames(opt.Limits),
		tokens:    newTokens(opt.Limits),
		admission: newAdmission(opt.Limits, log),
		total:     make(chan struct{}, opt.Limits.Connections),
		turns:     make(chan struct{}, runtime.GOMAXPROCS(0)),
		parsing:   make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1)),
		downloads: newDownloads(opt.Limits),
		reports:   reporter{last: map[string]time.Time{}},
		httpConns: newConnListener(),
		next:      make(chan *place),
		draining:  make(chan struct{}),
		open:      map[*place]struct{}{},
		listeners: map[net.Listener]struct{}{},
	}
	s.http = s.newHTTPServer(log, opt.Limits)
	s.downloading, s.endDownloads = context.WithCancel(context.Background())
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
		if !s.room() {
			return nil
		}
		nc, err := l.Accept()
		if err == nil {
			wait = 0
			s.admit(nc)
			continue
		}
		<-s.total
		if s.isDraining() {
			return nil
		}
		if errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("accepting connections: %w", err)
		}
		// Most likely there are no file descriptors left; some are freed when connections end.
		wait = min(max(2*wait, 5*time.Millisecond), time.Second)
		s.log.Error("accepting a connection failed", "error", err, "retry_in", wait)
		select {
		case <-time.After(wait):
		case <-s.draining:
			return nil
		}
	}
}

// room waits until fewer than Limits.Connections are open; meanwhile new ones stay in the kernel's
// queue. It returns false when the server shuts down.
func (s *Server) room() bool {
	select {
	case s.total <- struct{}{}:
		return true
	default:
		s.log.Warn("too many connections: new ones wait until another ends", "open", cap(s.total))
	}
	select {
	case s.total <- struct{}{}:
		return true
	case <-s.draining:
		return false
	}
}

// admit starts a connection's goroutine.
func (s *Server) admit(nc net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		nc.Close()
		<-s.total
		return
	}
	p := s.admission.enter(nc)
	s.open[p] = struct{}{}
	s.wg.Add(1)
	select {
	case s.next <- p: // to a goroutine that has ended another connection
	default:
		go s.handleMany(p)
	}
}

// maxResting bounds the goroutines that wait for another connection.
const maxResting = 64

// handleMany handles a connection, and others after it: the stack of its goroutine has grown by then to what
// a handshake needs, which takes a new one several copies.
func (s *Server) handleMany(p *place) {
	for {
		s.handle(p)
		s.wg.Done()
		if s.resting.Add(1) > maxResting {
			s.resting.Add(-1)
			return
		}
		select {
		case p = <-s.next:
			s.resting.Add(-1)
		case <-s.draining:
			return
		}
	}
}

// release closes a connection and gives its place to others.
func (s *Server) release(p *place) {
	p.conn.Close()
	s.admission.leave(p)
	s.mu.Lock()
	delete(s.open, p)
	s.mu.Unlock()
	<-s.total
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
	s.endDownloads()
	for l := range s.listeners {
		l.Close()
	}
	for p := range s.open {
		p.conn.SetReadDeadline(time.Unix(1, 0)) // ends a blocked read
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
		for p := range s.open {
			p.conn.Close()
		}
		s.mu.Unlock()
		s.http.Close()
		<-ended
	}
	s.committer.close()
	s.admission.stop()
	s.sums.flush()
	return err
}
