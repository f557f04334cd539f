package alarm

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// Of a backlog over more than a replay the newest part is judged; a line says so of the rest, once, and nothing is an error.
func TestLateResultsOfALongTime(t *testing.T) {
	e := newEndpoint(t, nil)
	usual := func() { e.put(t, "web1", e.result("root", "agent.filesystem", nil, disk(50)...)) }
	e.pass(t, 3*time.Minute, usual)
	var log bytes.Buffer
	e.opt.Log = slog.New(slog.NewTextHandler(&log, nil))
	begun := e.now.Add(-MaxReplay - 48*time.Hour)
	var backlog []intake.Result
	for m := range 20 {
		at := begun.Add(time.Duration(m) * time.Minute)
		backlog = append(backlog, e.result("root", "agent.filesystem", late(at), disk(50)...))
	}
	for m := range 20 {
		at := e.now.Add(time.Duration(m)*time.Minute - time.Hour)
		backlog = append(backlog, e.result("root", "agent.filesystem", late(at), disk(99)...))
	}
	e.put(t, "web1", backlog...)
	e.pass(t, 15*time.Minute, usual)
	if got := e.changes(t, watch.Late); len(got) != 1 {
		t.Errorf("recorded %q", got)
	}
	text := log.String()
	if strings.Count(text, "\n") != 1 || !strings.Contains(text, "level=INFO") || !strings.Contains(text, "agent=web1") ||
		!strings.Contains(text, "at most 31 days are judged at once") {
		t.Errorf("logged:\n%s", text)
	}
}
