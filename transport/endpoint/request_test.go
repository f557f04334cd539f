package endpoint

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/transport"
)

// What an agent says that knows only the existing protocol: its id is another text than its source, its
// results have neither id nor time.
func TestForeignAgent(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "foreign.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	site := newSite(t)
	p := site.start(t).dial(t)
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		p.write(strings.Replace(line, "TOKEN", site.token, 1) + "\n")
		if f := p.read(); f.ID != i || f.Error != nil || f.V != "1" || f.Target != "guid-1" || f.Source != "endpoint" {
			t.Errorf("%s\nis answered %+v", line, f)
		}
	}
	list := results(t, site.store(t), ResultFilter{})
	if len(list) != 1 || list[0].AgentID != "web1" || list[0].CheckID != "chAAAAA" || list[0].ResultID != "" || !list[0].Time.Equal(list[0].Received) {
		t.Errorf("stored: %+v", list)
	}
}

// The frames that package transport's agent sends.
func TestOurAgentsFrames(t *testing.T) {
	site := newSite(t)
	p := site.start(t).dial(t)
	for _, name := range []string{"handshake.hello", "heartbeat.post", "check_schedule.get", "check_metrics.post"} {
		text, err := os.ReadFile(filepath.Join("..", "testdata", "frames", name+".request.json"))
		if err != nil {
			t.Fatal(err)
		}
		line := strings.Replace(strings.Join(strings.Fields(string(text)), " "), "not-a-token", site.token, 1)
		p.write(line + "\n")
		if f := p.read(); f.Error != nil || f.Method != "" {
			t.Errorf("%s\nis answered %+v", line, f)
		}
	}
	if list := results(t, site.store(t), ResultFilter{}); len(list) != 1 || list[0].ResultID == "" {
		t.Errorf("stored: %+v", list)
	}
}

// Bytes that are no UTF-8 are kept as U+FFFD, so that what is stored can always be shown.
func TestTextThatIsNoUTF8(t *testing.T) {
	site := newSite(t)
	p := site.start(t).dial(t)
	p.hello("a", site.token)
	p.ok("a", "check_metrics.post", strings.Replace(metric("r", "c"), "success", "a\xffb", 1))
	list := results(t, site.store(t), ResultFilter{})
	if len(list) != 1 || list[0].Status != "a\uFFFDb" || !bytes.Contains(list[0].Params, []byte("a\uFFFDb")) {
		t.Errorf("stored: %+v", list)
	}
}

// FuzzRequest sends frames after a good hello: each request gets one answer, and nothing panics. What it
// covers depends on the committer's goroutine too, so give it -fuzzminimizetime=10x, or the fuzzer will
// try to make smaller what it cannot see twice.
func FuzzRequest(f *testing.F) {
	site := newSite(f)
	log := slog.New(slog.DiscardHandler)
	server, err := NewServer(Options{Store: site.store(f), Schedules: NewSchedules(site.folder.SchedulesDir(), log, time.Now)})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { server.Shutdown(f.Context()) })
	hello := frame(1, "a", "handshake.hello", helloOf("a", site.token))
	f.Add([]byte(frame(2, "a", "check_metrics.post", metric("r1", "c"))))
	f.Add([]byte(frame(2, "a", "heartbeat.post", `{"timestamp":1}`) + frame(3, "b", "check_schedule.get", "null")))
	f.Add([]byte(`{"v":"1","id":7,"source":"a","target":"","error":{"code":1,"message":"m"}}`))
	f.Add([]byte(`{"v":"9","id":"7","source":"","method":"x"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &conn{srv: server, log: log, sessions: map[string]*session{}, answers: make(chan answer, server.limits.UnderWay), broken: make(chan struct{})}
		r := transport.NewReader(io.MultiReader(strings.NewReader(hello), bytes.NewReader(data)))
		for {
			in, err := r.ReadFrame()
			if err != nil {
				return
			}
			if err := c.request(&in); err != nil {
				return
			}
			var out bytes.Buffer
			w := transport.NewWriter(&out)
			for len(c.answers) > 0 {
				a := <-c.answers
				if a.ready != nil {
					<-a.ready
				}
				if err := errors.Join(a.write(w), w.Flush()); err != nil {
					t.Fatalf("the answer to %+v: %v", in, err)
				}
			}
			if in.Method == "" {
				if out.Len() != 0 {
					t.Fatalf("a response was answered: %s", &out)
				}
				continue
			}
			if err := answers(&out, in); err != nil {
				t.Fatalf("the answer to %+v: %v", in, err)
			}
		}
	})
}

// answers looks whether the last of out's frames answers in.
func answers(out io.Reader, in transport.Frame) error {
	r := transport.NewReader(out)
	var last transport.Frame
	for {
		f, err := r.ReadFrame()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		last = f
	}
	if last.V != "1" || last.ID != in.ID || last.Method != "" || (last.Error == nil) == (last.Result == nil) {
		return fmt.Errorf("%+v", last)
	}
	return nil
}
