package admin

import (
	"context"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/cmd/virgo-endpoint/internal/watch/watchtest"
	"virgo/schedule"
)

var epoch = time.UnixMilli(1_700_000_000_000)

// A site is an Admin with everything in memory, but files in a folder.
type site struct {
	*Admin
	t       *testing.T
	control *watchtest.Memory
	mu      sync.Mutex
	time    time.Time
}

func (s *site) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.time
}

// pass lets time go on, so that no actor has made too many changes.
func (s *site) pass() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.time = s.time.Add(time.Minute)
}

const goodSchedule = "- {id: cpu, type: agent.cpu}\n"

func newSite(t *testing.T) *site {
	t.Helper()
	dir := folder.Dir(t.TempDir())
	if err := os.MkdirAll(dir.SchedulesDir(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir.SchedulesDir(), "default.yaml"), []byte(goodSchedule), 0o600); err != nil {
		t.Fatal(err)
	}
	store := &intaketest.Memory{}
	s := &site{t: t, time: epoch, control: &watchtest.Memory{}}
	s.control.Now = s.now
	s.Admin = New(Options{Dir: dir, Keys: store, Agents: store, Alarms: s.control.Alarms(), Audit: s.control.Audit(),
		People: s.control.People(), Settings: s.control.Settings(), Silences: s.control.Silences(), HostInfo: s.control.HostInfo(), Now: s.now,
		CheckRules: func(name string, data []byte) []schedule.Problem {
			if string(data) == "bad" {
				return []schedule.Problem{{Err: errors.New("bad rule")}}
			}
			return nil
		},
		Hash: func(_ context.Context, password string) (string, error) { return "hash of " + password, nil }})
	for i, id := range []string{"web1", "web2"} {
		if _, err := store.AddKey(t.Context(), id, ed25519.PublicKey(intaketest.Key(byte(i+1))), epoch); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.control.Alarms().Save(t.Context(), watch.AlarmsStep{States: []watch.Saved{{Standing: watch.Standing{Key: aKey(),
		AgentID: "web1", State: 1, Since: epoch}, Machine: []byte("m")}}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func aKey() watch.Key { return watch.Key{Rule: "disk", Agent: 1, CheckID: "root", Dimension: "/"} }

// actor is a person with scopes.
func actor(scopes ...watch.Scope) watch.Actor {
	return watch.Actor{Kind: "person", Name: "ann", Remote: "192.0.2.7", Scopes: scopes}
}

// token makes a token of kind admin, and returns who uses it.
func (s *site) token(life time.Duration, scopes ...watch.Scope) watch.Actor {
	s.t.Helper()
	_, t, err := s.Keys.AddToken(s.t.Context(), intake.TokenSpec{Kinds: intake.Admin, Scopes: watch.ScopeNames(scopes), Expires: s.now().Add(life)}, s.now())
	if err != nil {
		s.t.Fatal(err)
	}
	return watch.Actor{Kind: "token", Name: t.ID, Remote: "192.0.2.8", Scopes: scopes}
}

// log returns the audit log, oldest first.
func (s *site) log() []watch.Entry {
	s.t.Helper()
	var list []watch.Entry
	err := s.control.Audit().Entries(s.t.Context(), watch.EntryFilter{}, func(e watch.Entry) error {
		list = append(list, e)
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	slices.Reverse(list)
	return list
}
