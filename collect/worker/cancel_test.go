package worker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/collect"
)

// connect joins an agent's side and a server that has the checks given, by pipes. sent is what the
// agent wrote, to be read after the server has ended; the function returned ends it and reports its
// error.
func connect(t *testing.T, types ...collect.Type) (p *process, sent *bytes.Buffer, end func() error) {
	t.Helper()
	registry, err := collect.NewRegistry(types...)
	if err != nil {
		t.Fatal(err)
	}
	server := Server{Open: func(Settings) (*collect.Registry, error) { return registry, nil }, HostInfo: testInfo}
	fromAgent, toServer := io.Pipe()
	fromServer, toAgent := io.Pipe()
	sent = new(bytes.Buffer)
	p = newProcess(nil)
	p.in = toServer
	served := make(chan error, 1)
	go func() {
		served <- server.Serve(context.Background(), io.TeeReader(fromAgent, sent), toAgent)
		toAgent.Close()
	}()
	go func() {
		p.readAnswers(fromServer, server.Version)
		close(p.ended)
	}()
	if err := writeLine(p.in, greeting{Protocol: protocolVersion, Settings: &Settings{}}); err != nil {
		t.Fatal(err)
	}
	return p, sent, func() error {
		toServer.Close()
		err := <-served
		<-p.ended
		return err
	}
}

// A request whose context ends is cancelled in the worker: the check there ends, and its report
// comes back.
func TestCancelReachesTheCheck(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(context.Context) (context.Context, context.CancelFunc)
		want error
	}{
		"cancelled": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Second, cancel)
			return ctx, cancel
		}, context.Canceled},
		"deadline": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Second)
		}, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var ended time.Time
				p, sent, stop := connect(t, collect.Type{Name: "t.waits", Checker: collect.CheckerFunc(
					func(ctx context.Context, _ collect.Request) (collect.Report, error) {
						<-ctx.Done()
						ended = time.Now()
						return collect.Report{Sample: []byte("ended in order")}, ctx.Err()
					})})
				ctx, cancel := c.end(t.Context())
				defer cancel()
				start := time.Now()
				req, err := checkRequest(requestFor("t.waits", nil), time.Hour)
				if err != nil {
					t.Fatal(err)
				}
				a, err := p.ask(ctx, req)
				if err != nil || !a.Ended || string(a.Report.collectReport().Sample) != "ended in order" {
					t.Errorf("%+v, %v", a, err)
				}
				if took := time.Since(start); took != time.Second {
					t.Errorf("the request ended after %v", took)
				}
				if err := stop(); err != nil {
					t.Error(err)
				}
				if took := ended.Sub(start); took != time.Second {
					t.Errorf("the check ended after %v", took)
				}
				if !strings.Contains(sent.String(), `{"id":1,"cancel":true}`) {
					t.Errorf("no cancel was sent: %s", sent)
				}
			})
		})
	}
}

// Only the request that is cancelled ends.
func TestCancelEndsNoOtherRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		p, _, stop := connect(t, collect.Type{Name: "t.waits", Checker: collect.CheckerFunc(
			func(ctx context.Context, _ collect.Request) (collect.Report, error) {
				select {
				case <-ctx.Done():
					return collect.Report{}, ctx.Err()
				case <-release:
					return collect.Report{Status: "released"}, nil
				}
			})})
		req, err := checkRequest(requestFor("t.waits", nil), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		other := make(chan answer, 1)
		go func() {
			a, err := p.ask(t.Context(), req)
			if err != nil {
				t.Error(err)
			}
			other <- a
		}()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if a, err := p.ask(ctx, req); err != nil || !a.Ended {
			t.Errorf("%+v, %v", a, err)
		}
		close(release)
		if a := <-other; a.Ended || a.Report.collectReport().Status != "released" {
			t.Errorf("the other request: %+v", a)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// A check that ignores its context does not delay the agent for longer than cancelGrace.
func TestCancelOfACheckThatDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		p, _, stop := connect(t, collect.Type{Name: "t.deaf", Checker: collect.CheckerFunc(
			func(context.Context, collect.Request) (collect.Report, error) {
				<-release
				return collect.Report{}, nil
			})})
		req, err := checkRequest(requestFor("t.deaf", nil), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if a, err := p.ask(ctx, req); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%+v, %v", a, err)
		}
		if took := time.Since(start); took != time.Second+cancelGrace {
			t.Errorf("took %v", took)
		}
		if len(p.waiting) != 0 {
			t.Error("the request is still waited for")
		}
		close(release)
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}
