package server

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

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/peertest"
	"virgo/transport"
	"virgo/transport/receipt"
)

// An agent that knows only the original protocol: its id is another text than its source, its results have
// neither id nor time.
func TestAgentOfTheExistingProtocol(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "foreign.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	site := newSite(t)
	p := site.start(t).dial(t)
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		p.Write(strings.Replace(line, "TOKEN", site.token, 1) + "\n")
		if f := p.Read(); f.ID != i || f.Error != nil || f.V != "1" || f.Target != "guid-1" ||
			f.Source != "endpoint" {
			t.Errorf("%s\nis answered %+v", line, f)
		}
	}
	list := site.results(t, intake.Filter{})
	if len(list) != 1 || list[0].AgentID != "web1" || list[0].CheckID != "chAAAAA" ||
		list[0].ResultID != "" || !list[0].Time.Equal(list[0].Received) {
		t.Errorf("stored: %+v", list)
	}
}

// The frames that package transport sends.
func TestFramesOfPackageTransport(t *testing.T) {
	site := newSite(t)
	p := site.start(t).dial(t)
	for _, name := range []string{"handshake.hello", "heartbeat.post", "check_schedule.get", "check_metrics.post"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "transport", "testdata",
			"frames", name+".request.json"))
		if err != nil {
			t.Fatal(err)
		}
		line := strings.Replace(strings.Join(strings.Fields(string(text)), " "), "not-a-token", site.token, 1)
		p.Write(line + "\n")
		if f := p.Read(); f.Error != nil || f.Method != "" {
			t.Errorf("%s\nis answered %+v", line, f)
		}
	}
	if list := site.results(t, intake.Filter{}); len(list) != 1 || list[0].ResultID == "" {
		t.Errorf("stored: %+v", list)
	}
}

// Invalid UTF-8 is stored as U+FFFD, so that what is stored can always be shown.
func TestInvalidUTF8(t *testing.T) {
	site := newSite(t)
	p := site.start(t).dial(t)
	p.Hello("a", site.token)
	p.OK("a", "check_metrics.post", strings.Replace(peertest.Metric("r", "c"), "success", "a\xffb", 1))
	list := site.results(t, intake.Filter{})
	if len(list) != 1 || list[0].Status != "a\uFFFDb" || !bytes.Contains(list[0].Params, []byte("a\uFFFDb")) {
		t.Errorf("stored: %+v", list)
	}
}

// FuzzRequest sends frames after a good hello: each request gets one answer, and nothing panics. Its coverage
// also depends on the committer's goroutine, so run it with -fuzzminimizetime=10x, or the fuzzer minimizes
// inputs that it cannot reproduce.
func FuzzRequest(f *testing.F) {
	site := newSite(f)
	log := slog.New(slog.DiscardHandler)
	server := New(Options{
		Intake: site.store, Schedules: folder.NewSchedules(site.dir.SchedulesDir(), log, time.Now),
		SignReceipt: func(receipt.Receipt) ([]byte, error) { return []byte("{}"), nil },
	})
	f.Cleanup(func() { server.Shutdown(f.Context()) })
	hello := peertest.Frame(1, "a", "handshake.hello", peertest.Hello("a", site.token))
	f.Add([]byte(peertest.Frame(2, "a", "check_metrics.post", peertest.Metric("r1", "c"))))
	f.Add([]byte(peertest.Frame(2, "a", "heartbeat.post", `{"timestamp":1}`) +
		peertest.Frame(3, "b", "check_schedule.get", "null")))
	f.Add([]byte(`{"v":"1","id":7,"source":"a","target":"","error":{"code":1,"message":"m"}}`))
	f.Add([]byte(peertest.Frame(2, "b", "handshake.hello", peertest.KeyParams("b", site.token,
		peertest.Public(peertest.Key(1)), 1, strings.Repeat("A", 86)+"=="))))
	f.Add([]byte(`{"v":"9","id":"7","source":"","method":"x"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &conn{srv: server, place: &place{stage: gone}, log: log, sessions: map[string]*session{},
			answers: make(chan answer, server.opt.Limits.InProgress), writerEnded: make(chan struct{})}
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
			if err := checkAnswer(&out, in); err != nil {
				t.Fatalf("the answer to %+v: %v", in, err)
			}
		}
	})
}

// checkAnswer checks that the last of out's frames answers in.
func checkAnswer(out io.Reader, in transport.Frame) error {
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
