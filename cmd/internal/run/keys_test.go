package run

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/spool"
	"virgo/transport/transporttest"
)

// withKey gives the host a key, and a token that is deleted when no endpoint needs it.
func (b *bench) withKey(token string) (left *string) {
	b.t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	b.Key = func() (ed25519.PrivateKey, error) { return key, nil }
	b.Token = func() (string, error) { return token, nil }
	b.DropToken = func() error { token = ""; return nil }
	return &token
}

func (b *bench) sessions() []uint64 {
	b.t.Helper()
	var all []uint64
	for _, raw := range b.endpoint.Hellos() {
		var p struct{ Session uint64 }
		if err := json.Unmarshal(raw, &p); err != nil {
			b.t.Fatal(err)
		}
		all = append(all, p.Session)
	}
	return all
}

// The number of the session is drawn in a transaction that the run makes anyway, and enrolment is settled
// with the results: not one commit more than before.
func TestKeysNeedNoFurtherCommit(t *testing.T) {
	script := transporttest.Script{
		Features: modern, Schedule: scheduleOf("a"), ScheduleHash: "1", Keys: true, Token: "T0KEN",
	}
	synctest.Test(t, func(t *testing.T) { // the endpoint's clock and the host's are the same
		b := newPipeBench(t, script)
		defer b.endpoint.Close()
		left := b.withKey("T0KEN")
		for range 3 {
			b.clock = time.Now()
			var points []string
			b.hook = func(point string) { points = append(points, point) }
			if rep := b.run(); rep.Delivery.Err != nil || rep.Delivery.Delivered == 0 {
				t.Errorf("%+v", rep.Delivery)
			}
			want := []string{"append.before", "append.after", "settle.before", "settle.after"}
			if len(b.endpoint.Hellos()) > 1 && !slices.Equal(points, want) {
				t.Errorf("the run came by %q, want %q", points, want)
			}
			time.Sleep(time.Minute)
		}
		sessions := b.sessions()
		if len(sessions) != 3 || !slices.IsSorted(sessions) || sessions[0] == 0 || sessions[1] == sessions[2] {
			t.Errorf("sessions %d", sessions)
		}
		if *left != "" || strings.Contains(string(b.endpoint.Hello()), "T0KEN") {
			t.Errorf("the token %q is left, the last hello is %s", *left, b.endpoint.Hello())
		}
		if st, err := b.State(t.Context()); err != nil || st.Behind != 0 {
			t.Errorf("%d sessions did not grow, %v", st.Behind, err)
		}
	})
}

// The numbers grow although run after run fails in the same way, which stores nothing about the delivery.
func TestSessionsGrowWhileTheDeliveryFails(t *testing.T) {
	working := transporttest.Script{Features: modern, Schedule: scheduleOf("a"), Keys: true}
	failing := transporttest.Script{Keys: true, Garbage: "garbage\n"}
	b := newBench(t, working)
	b.withKey("T0KEN")
	for _, script := range []transporttest.Script{working, failing, failing, failing, working} {
		b.endpoint.Set(script)
		b.run()
		b.clock = b.clock.Add(time.Minute)
	}
	sessions := b.sessions()
	for i := range sessions[1:] {
		if sessions[i+1] <= sessions[i] {
			t.Errorf("sessions %d", sessions)
		}
	}
	if len(sessions) != 5 {
		t.Errorf("sessions %d", sessions)
	}
}

// Nothing can be written: results go from memory, with a proof, and neither the session's number nor the
// confirmation are stored. The token is deleted all the same, because the endpoint has the key.
func TestKeysWithoutADisk(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Keys: true, Token: "T0KEN"})
	left := b.withKey("T0KEN")
	writeCheck(t, b.ChecksDir, "local")
	b.Spool = spool.Unreachable(errors.New("no space left on device"))
	for range 2 {
		if rep := b.run(); rep.Delivery.Err != nil || rep.Lost > 0 || rep.Delivery.Delivered != 1 {
			t.Fatalf("%+v", rep)
		}
		b.clock = b.clock.Add(time.Minute)
	}
	if *left != "" || len(b.endpoint.Keys()) != 1 {
		t.Errorf("token %q, %d keys", *left, len(b.endpoint.Keys()))
	}
}
