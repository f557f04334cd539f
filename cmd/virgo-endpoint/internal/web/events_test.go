package web

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/live"
	"virgo/cmd/virgo-endpoint/internal/login"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// A wire is what a server gives a handler to write to: it notes deadlines.
type wire struct {
	mu          sync.Mutex
	header      http.Header
	text        bytes.Buffer
	read, write []time.Time
	gone        bool
}

func (w *wire) Header() http.Header { return w.header }
func (w *wire) WriteHeader(int)     {}
func (w *wire) Flush()              {}

func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gone {
		return 0, http.ErrHandlerTimeout
	}
	return w.text.Write(p)
}

func (w *wire) SetReadDeadline(t time.Time) error {
	w.read = append(w.read, t)
	return nil
}

func (w *wire) SetWriteDeadline(t time.Time) error {
	w.write = append(w.write, t)
	return nil
}

func (w *wire) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

func TestStreamOutlastsTheBoundsOfARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := fleet(1)
		s := newSite(t, Options{Login: somebody(watch.View), Hosts: hosts, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		w := &wire{header: http.Header{}}
		done := make(chan bool)
		go func() {
			s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/events?view=hosts", nil).WithContext(ctx))
			close(done)
		}()
		time.Sleep(3 * quietTime) // of the bubble: it takes no time
		synctest.Wait()
		if got := strings.Count(w.String(), ":\n\n"); got < 3 {
			t.Errorf("%d comments in a quiet minute: %q", got, w.String())
		}
		hosts.change(1, func(r *live.Row) { r.Name = "new\nevent: name" })
		synctest.Wait()
		text := w.String()
		if !strings.Contains(text, "event: rows\ndata: <tr id=\"h1\"") || strings.Contains(text, "\nevent: name") {
			t.Errorf("told: %q", text)
		}
		if len(w.read) != 1 || !w.read[0].IsZero() {
			t.Errorf("reading is bounded by %v", w.read)
		}
		if last := w.write[len(w.write)-1]; !last.IsZero() {
			t.Errorf("a quiet stream ends at %v", last)
		}
		s.Stop()
		<-done
	})
}

func TestStreamEndsWithTheSession(t *testing.T) {
	for _, end := range []Login{nobody(), fakeLogin{err: &login.RefusedError{Code: http.StatusForbidden}}} {
		synctest.Test(t, func(t *testing.T) {
			ann := &changingLogin{now: somebody(watch.View)}
			s := newSite(t, Options{Login: ann, Hosts: fleet(1)})
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			done := make(chan bool)
			go func() {
				s.ServeHTTP(&wire{header: http.Header{}}, httptest.NewRequest(http.MethodGet, "/events?view=hosts", nil).WithContext(ctx))
				close(done)
			}()
			synctest.Wait()
			ann.set(end)
			if <-done; ctx.Err() != nil {
				t.Error("it goes on")
			}
		})
	}
}

// A changingLogin is one that somebody may log out of.
type changingLogin struct {
	Login
	mu  sync.Mutex
	now Login
}

func (l *changingLogin) set(to Login) {
	l.mu.Lock()
	l.now = to
	l.mu.Unlock()
}

func (l *changingLogin) Who(r *http.Request) (watch.Actor, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now.Who(r)
}

func TestStreamsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, Options{Login: somebody(watch.View), Hosts: fleet(1)})
		var all sync.WaitGroup
		for range maxStreamsOfPerson {
			all.Go(func() {
				s.ServeHTTP(&wire{header: http.Header{}}, httptest.NewRequest(http.MethodGet, "/events?view=hosts", nil))
			})
		}
		synctest.Wait()
		if res := get(t, s, "/events?view=hosts"); res.StatusCode != http.StatusTooManyRequests {
			t.Errorf("one more: %d", res.StatusCode)
		}
		s.Stop()
		all.Wait()
		if s.streams.all != 0 || len(s.streams.of) != 0 {
			t.Errorf("%d streams are left, %v", s.streams.all, s.streams.of)
		}
	})
}

func TestManyChangesAreLoadedAnew(t *testing.T) {
	hosts := fleet(maxRowsTold + 1)
	s := newSite(t, Options{Login: somebody(watch.View), Hosts: hosts})
	for _, c := range []struct {
		name   string
		change live.Change
	}{
		{"all", live.Change{Resync: true}},
		{"many", live.Change{Hosts: numbers(maxRowsTold + 1)}},
		{"a host is gone", live.Change{Hosts: []intake.AgentNumber{9999}}},
	} {
		w := &wire{header: http.Header{}}
		q := newRequest(s, w, httptest.NewRequest(http.MethodGet, "/events?view=hosts", nil))
		last := ""
		if err := q.tellHosts(c.change, &events{w: w, control: http.NewResponseController(w), ctx: t.Context()}, &last); err != nil {
			t.Fatal(err)
		}
		if w.String() != "event: resync\ndata: \n\n" {
			t.Errorf("%s: %.100q", c.name, w.String())
		}
	}
}

func numbers(n int) (list []intake.AgentNumber) {
	for i := range n {
		list = append(list, intake.AgentNumber(i+1))
	}
	return list
}

// Each line of data is one of data to a browser, whatever ends of lines a host's text has.
func TestTextsTellNoEvents(t *testing.T) {
	w := &wire{header: http.Header{}}
	to := &events{w: w, control: http.NewResponseController(w), ctx: t.Context()}
	if err := to.send("rows", "a\r\nb\rev: x\r\revent: resync\nc"); err != nil {
		t.Fatal(err)
	}
	if want := "event: rows\ndata: a\ndata: b\ndata: ev: x\ndata: \ndata: event: resync\ndata: c\n\n"; w.String() != want {
		t.Errorf("%q, want %q", w.String(), want)
	}
}
