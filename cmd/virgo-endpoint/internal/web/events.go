package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/live"
	"virgo/cmd/virgo-endpoint/internal/login"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// Bounds of streams.
const (
	maxStreams         = 64
	maxStreamsOfPerson = 8
	// eventTime is how long a browser may take to read an event; one that takes longer is gone.
	eventTime = 10 * time.Second
	// quietTime is the longest time without a byte: proxies close what is quiet for longer.
	quietTime = 20 * time.Second
	// sessionTime is how often it is asked whether the person is still logged in.
	sessionTime = time.Minute
)

// errTooManyStreams is returned when a person, or all, watch more pages than is bearable.
var errTooManyStreams = errors.New("too many pages are watched at a time")

// A stream tells a browser of changes until its context is done.
type stream func(s *Site, q *request, to *events) error

// streamsByView are what /events?view=NAME tells.
func (s *Site) streamsByView() map[string]stream {
	all := map[string]stream{"host": watchHost, "hosts": watchHosts, "first": watchFirst}
	if s.Alarms != nil {
		all["alarms"] = watchAlarms
	}
	return all
}

func eventsView() view {
	return view{pattern: "GET /events", stream: true, serve: func(s *Site, q *request) error {
		follow, ok := s.streamsByView()[q.URL.Query().Get("view")]
		if !ok {
			return notFound("There is no such stream.")
		}
		if err := s.streams.enter(q.actor.Name); err != nil {
			q.w.Header().Set("Retry-After", "60")
			return &answer{http.StatusTooManyRequests, "Too many", err.Error()}
		}
		defer s.streams.leave(q.actor.Name)
		ctx, cancel := context.WithCancel(q.Context())
		defer cancel()
		asked := q.Request
		go func() { // ends with the stream
			s.watchSession(ctx, asked)
			cancel()
		}()
		q.Request = q.WithContext(ctx)
		h := q.w.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("X-Accel-Buffering", "no") // nginx would wait for more
		to := &events{w: q.w, control: http.NewResponseController(q.w), ctx: ctx}
		// The server's bound of a request would end the stream after seconds.
		if err := to.control.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
		if err := to.comment(); err != nil {
			return nil
		}
		if err := follow(s, q, to); err != nil && to.err == nil && ctx.Err() == nil {
			s.Log.Error("a page could not be told of changes", "error", err)
		} // else the browser is gone, or this server ends
		return nil
	}}
}

// watchSession returns when the person is not logged in any more, or the site ends.
func (s *Site) watchSession(ctx context.Context, r *http.Request) {
	every := time.NewTicker(sessionTime)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.streams.stopped:
			return
		case <-every.C:
			// A store that cannot be read for a moment ends no stream.
			var refused *login.RefusedError
			if _, err := s.Login.Who(r); errors.Is(err, watch.ErrNoSession) || errors.As(err, &refused) {
				return
			}
		}
	}
}

// Stop ends all streams, so that a server can shut down.
func (s *Site) Stop() { s.streams.stop.Do(func() { close(s.streams.stopped) }) }

// streams counts who watches.
type streams struct {
	stop    sync.Once
	stopped chan struct{}

	mu  sync.Mutex
	all int
	of  map[string]int
}

func (s *streams) enter(person string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= maxStreams || s.of[person] >= maxStreamsOfPerson {
		return errTooManyStreams
	}
	if s.of == nil {
		s.of = map[string]int{}
	}
	s.all++
	s.of[person]++
	return nil
}

func (s *streams) leave(person string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.of[person]--; s.of[person] == 0 {
		delete(s.of, person)
	}
}

// events writes to one browser.
type events struct {
	w       http.ResponseWriter
	control *http.ResponseController
	ctx     context.Context
	// err is why the browser cannot be written to; nil if it can.
	err error
}

// lineEnds makes all ends of lines the same. A browser takes \r alone as one, too: a host's text with it could tell events.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// send tells one event. The data may have several lines.
func (e *events) send(name, data string) error {
	var text strings.Builder
	text.WriteString("event: " + name + "\n")
	for line := range strings.SplitSeq(lineEnds.Replace(data), "\n") {
		text.WriteString("data: " + line + "\n")
	}
	text.WriteString("\n")
	return e.write(text.String())
}

// comment tells nothing, and finds out whether the browser is there.
func (e *events) comment() error { return e.write(":\n\n") }

func (e *events) write(text string) error {
	e.err = e.writeNow(text)
	return e.err
}

func (e *events) writeNow(text string) error {
	if err := e.control.SetWriteDeadline(time.Now().Add(eventTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := e.w.Write([]byte(text)); err != nil {
		return err
	}
	if err := e.control.Flush(); err != nil {
		return err
	}
	// The server's own deadline would end the stream in a quiet time.
	if err := e.control.SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// follow calls tell for each change of hosts, until the browser is gone, and keeps the connection alive in quiet times.
func (s *Site) follow(to *events, tell func(live.Change) error) error {
	changes := s.Hosts.Subscribe(to.ctx)
	quiet := time.NewTicker(quietTime)
	defer quiet.Stop()
	for {
		var err error
		select {
		case <-to.ctx.Done():
			return to.ctx.Err()
		case <-quiet.C:
			err = to.comment()
		case c, ok := <-changes:
			if !ok {
				return nil
			}
			err = tell(c)
		}
		if err != nil {
			return err
		}
	}
}
