package endtoend

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/peertest"
	"virgo/cmd/virgo-endpoint/internal/server"
)

// sharedToken is the token of ../store/testdata/store-v2.db, which a version without keys wrote: all hosts had
// the same one.
const sharedToken = "virgo_I9dHHkywNbBF8PQMfjkVkoNCOFhddXnQ3QTbXUudHns"

// An endpoint and hosts of before keys are upgraded one after the other, in whatever order. A host that has
// not been upgraded goes on as before; one that has registers its key with its next session; from then on
// nobody else is served under its id.
func TestAgentsOfBeforeAreCarriedOver(t *testing.T) {
	s := newSite(t)
	old, err := os.ReadFile(filepath.Join("..", "store", "testdata", "store-v2.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"-wal", "-shm", ""} {
		os.Remove(s.dir.StoreFile() + suffix)
	}
	write(t, s.dir.StoreFile(), string(old))
	var log strings.Builder
	addr, stop := s.start(t, func(o *server.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })

	// Not upgraded.
	for _, agent := range []string{"web1", "db1"} {
		p := s.dial(t, addr)
		p.Hello(agent, sharedToken)
		p.OK(agent, "check_metrics.post", peertest.Metric(agent+"/0000000000000001-4", "c"))
		p.OK(agent, "check_metrics.post", peertest.Metric(agent+"/0000000000000001-1", "c")) // stored before the upgrade
	}
	still := s.dial(t, addr)
	still.Hello("web1", sharedToken)

	// Upgraded: the first one wins, and needs no token any more.
	p := s.dial(t, addr)
	if g := p.Enter("web1", sharedToken, peertest.Key(1), 1); !g.Registered {
		t.Fatalf("%+v", g)
	}
	p.OK("web1", "check_metrics.post", peertest.Metric("web1/0000000000000001-5", "c"))
	p = s.dial(t, addr)
	p.Enter("web1", "", peertest.Key(1), 2)

	// A session of before on the same id is over; another host does not get in, and is reported.
	still.Refused(401, "web1", "check_metrics.post", peertest.Metric("web1/0000000000000001-6", "c"))
	still.Ended()
	p = s.dial(t, addr)
	p.Denied("otherKey", "web1", "handshake.hello", p.KeyHello("web1", sharedToken, peertest.Key(2), 1))
	text := p.Denied("keyRequired", "web1", "handshake.hello", peertest.Hello("web1", sharedToken))
	if !strings.Contains(text, "virgo-endpoint agents reset web1 ") {
		t.Error(text)
	}

	// The others go on, and hosts that were not known need a token of their own.
	p = s.dial(t, addr)
	p.Hello("db1", sharedToken)
	for _, refusal := range []string{
		p.Refused(401, "new1", "handshake.hello", peertest.Hello("new1", sharedToken)),
		p.Denied("notEnrolled", "new1", "handshake.hello", p.KeyHello("new1", sharedToken, peertest.Key(3), 1)),
	} {
		if !strings.Contains(refusal, "of an earlier version") {
			t.Error(refusal)
		}
	}
	stop()
	i := s.identity(t, "web1")
	if w := i.Warnings(i.OtherKeys.Last); !i.Known || i.OtherKeys.Count != 1 || len(w) != 1 || w[0].Type != "otherKey" {
		t.Errorf("%+v: %+v", i, w)
	}
	for _, want := range []string{"agent enrolled", "hello refused", "another key"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %q:\n%s", want, &log)
		}
	}
	var results []string
	err = s.store(t).Results(t.Context(), intake.Filter{AgentID: "web1"}, func(r intake.Result) error {
		results = append(results, r.ResultID[len("web1/0000000000000001-"):])
		return nil
	})
	if got, _ := json.Marshal(results); err != nil || len(results) != 5 {
		t.Errorf("%s, %v", got, err)
	}
}
