package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
)

func TestConformance(t *testing.T) {
	intaketest.Run(t, func(t *testing.T) intaketest.Opener {
		path := newPath(t)
		return func(t *testing.T) intaketest.Store { return openAt(t, path) }
	})
}

// newPath is the path of an empty store.
func newPath(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "endpoint.db")
	if _, err := Create(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	return path
}

func openAt(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func newStore(t testing.TB) *Store { return openAt(t, newPath(t)) }

func TestCreateMakesAStoreOnce(t *testing.T) {
	// Characters that mean something in a SQLite URI are part of the name here.
	path := filepath.Join(t.TempDir(), "a b%20c#d", "endpoint.db")
	if runtime.GOOS != "windows" {
		path = filepath.Join(t.TempDir(), "a?mode=memory&b%20c#d", "endpoint.db")
	}
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path); !errors.Is(err, ErrNotFound) {
		t.Fatalf("opening nothing: %v", err)
	}
	for _, want := range []bool{true, false} {
		made, err := Create(t.Context(), path)
		if err != nil || made != want {
			t.Fatalf("made %v, %v; want %v", made, err, want)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	s := openAt(t, path)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2",
		"foreign_keys": "1", "user_version": "8"} {
		var got string
		if err := s.write.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", pragma, got, err, want)
		}
	}
	if _, err := s.read.Exec("DELETE FROM tokens"); err == nil {
		t.Error("a reading connection could write")
	}
}

func TestOpenRefusesALaterVersion(t *testing.T) {
	path := newPath(t)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, err := Open(t.Context(), path); !errors.Is(err, ErrNewer) {
		t.Fatalf("got %v", err)
	}
}

func TestConcurrentMigrations(t *testing.T) {
	path := filepath.Join(t.TempDir(), "endpoint.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	errs := make(chan error)
	for range 8 {
		go func() {
			s, err := Open(context.Background(), path)
			if err == nil {
				err = s.Close()
			}
			errs <- err
		}()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// Without space a host does not enrol, and its token is not used up; once there is some, it does.
func TestEnrolmentOnAFullDisk(t *testing.T) {
	s := newStore(t)
	secret, _, err := s.AddToken(t.Context(), intake.TokenSpec{Kinds: intake.Enrol, Uses: 1}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	// An id that does not fit into the pages that there are.
	claim := intake.Claim{AgentID: strings.Repeat("a", intake.MaxIDBytes), Token: secret, Key: intaketest.Key(1), Proven: true,
		Session: 1, Now: time.Now(), Remote: strings.Repeat("x", 20_000)}
	if _, err := s.write.ExecContext(t.Context(), "PRAGMA max_page_count = 1"); err != nil { // as few as there are
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.Admit(t.Context(), claim); err == nil || !strings.Contains(err.Error(), "full") {
			t.Errorf("got %v", err)
		}
		tokens, err := s.Tokens(t.Context())
		agents, err2 := s.Agents(t.Context(), "")
		if err != nil || err2 != nil || tokens[0].UsesLeft != 1 || len(agents) != 0 {
			t.Errorf("%+v, %+v, %v, %v", tokens, agents, err, err2)
		}
	}
	if _, err := s.write.ExecContext(t.Context(), "PRAGMA max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	if a, err := s.Admit(t.Context(), claim); err != nil || !a.Enrolled {
		t.Errorf("%+v, %v", a, err)
	}
}

// A batch with an arrival that cannot be stored is not stored at all.
func TestAppendIsAtomic(t *testing.T) {
	s := newStore(t)
	_, _, key := intaketest.NewToken(t, s)
	good := intake.Arrival{AgentID: "a", Access: key, Received: time.Now(), Results: []intake.Result{{CheckID: "c", Params: []byte("{}")}}}
	bad := intake.Arrival{AgentID: "b", Access: key, Results: good.Results} // without a time
	for _, batch := range [][]intake.Arrival{{good, bad}, {bad, good}, {good, good, bad, good}} {
		if outcomes, err := s.Append(t.Context(), batch); err == nil || outcomes != nil {
			t.Errorf("%+v, %v", outcomes, err)
		}
		if n := len(intaketest.Results(t, s, intake.Filter{})); n != 0 {
			t.Errorf("%d results of a failed batch are stored", n)
		}
		if agents, err := s.Agents(t.Context(), ""); err != nil || len(agents) != 0 {
			t.Errorf("agents of a failed batch: %+v, %v", agents, err)
		}
	}
}

func TestTokenIsNowhereOnDisk(t *testing.T) {
	path := newPath(t)
	s := openAt(t, path)
	secret, _, err := s.AddToken(t.Context(), intake.TokenSpec{Kinds: intake.Enrol}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	random, ok := strings.CutPrefix(secret, tokenPrefix)
	if !ok || len(random) != 43 {
		t.Errorf("the token has %d bytes", len(secret))
	}
	if _, err := s.Admit(t.Context(), intake.Claim{AgentID: "a", Token: secret, Key: intaketest.Key(1), Proven: true, Now: time.Now()}); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) < 2 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(random)) {
			t.Errorf("it is in %s", file)
		}
	}
}
