package endpoint

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestStoreIsMadeOnce(t *testing.T) {
	// Characters that mean something in a SQLite URI are part of the name here.
	path := filepath.Join(t.TempDir(), "a b%20c#d", "endpoint.db")
	if runtime.GOOS != "windows" {
		path = filepath.Join(t.TempDir(), "a?mode=memory&b%20c#d", "endpoint.db")
	}
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenStore(t.Context(), path); !errors.Is(err, ErrNoStore) {
		t.Fatalf("opening nothing: %v", err)
	}
	for _, want := range []bool{true, false} {
		made, err := CreateStore(t.Context(), path)
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
	s, err := OpenStore(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "user_version": "2"} {
		var got string
		if err := s.write.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", pragma, got, err, want)
		}
	}
	if _, err := s.read.Exec("DELETE FROM tokens"); err == nil {
		t.Error("a reading connection could write")
	}
}

func TestStoreOfALaterVersion(t *testing.T) {
	site := newSite(t)
	db, err := sql.Open("sqlite", site.folder.StoreFile())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, err := OpenStore(t.Context(), site.folder.StoreFile()); !errors.Is(err, ErrNewerStore) {
		t.Fatalf("got %v", err)
	}
}

func TestMigrationsOfTwoProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "endpoint.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	errs := make(chan error)
	for range 8 {
		go func() {
			s, err := OpenStore(context.Background(), path)
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

// put commits arrivals as the committer does.
func put(t *testing.T, s *Store, batch ...*arrival) {
	t.Helper()
	st, err := s.prepare(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer st.close()
	if err := s.commit(t.Context(), st, batch); err != nil {
		t.Fatal(err)
	}
}

func TestCommit(t *testing.T) {
	site := newSite(t)
	s := site.store(t)
	key, err := s.authenticate(t.Context(), site.token)
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := s.AddToken(t.Context(), "other", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	gone, err := s.authenticate(t.Context(), other)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := s.Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.RevokeToken(t.Context(), tokens[1].ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	now := time.UnixMilli(1_700_000_000_123)
	arrive := func(agent, id string, token int64) *arrival {
		return &arrival{agentID: agent, token: token, received: now, result: &Result{
			ResultID: id, CheckID: "c", CheckType: "agent.cpu", State: "available", Status: "success", Time: now.Add(-time.Second), Params: []byte("{}"),
		}}
	}
	hello := &arrival{agentID: "a", token: key, received: now, hello: &sighting{name: "n", processVersion: "1", bundleVersion: "2", remote: "r"}}
	batch := []*arrival{
		hello,
		arrive("a", "1", key), arrive("a", "1", key), // a copy in one batch
		arrive("b", "1", key),                      // another agent's: another result
		arrive("a", "", key), arrive("a", "", key), // without ids: both
		arrive("c", "1", gone),
	}
	put(t, s, batch...)
	for i, want := range []bool{false, true, false, true, true, true, false} {
		if batch[i].stored != want {
			t.Errorf("arrival %d: stored %v", i, batch[i].stored)
		}
	}
	if !errors.Is(batch[6].err, ErrBadToken) {
		t.Errorf("with a revoked token: %v", batch[6].err)
	}
	again := arrive("a", "1", key)
	put(t, s, again)
	if again.stored || again.err != nil {
		t.Errorf("a copy later: stored %v, %v", again.stored, again.err)
	}
	agents, err := s.Agents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(agents) != 2 || agents[0].ID != "a" || agents[0].Results != 3 || agents[0].Name != "n" || agents[1].Results != 1 {
		t.Errorf("agents: %+v", agents)
	}
	list := results(t, s, ResultFilter{})
	if len(list) != 4 || !list[0].Received.Equal(now) || !list[0].Time.Equal(now.Add(-time.Second)) {
		t.Errorf("results: %+v", list)
	}
	tokens, err = s.Tokens(t.Context())
	if err != nil || !tokens[0].LastUsed.Equal(now) || !tokens[1].LastUsed.IsZero() {
		t.Errorf("tokens: %+v, %v", tokens, err)
	}
}

func TestResultFilter(t *testing.T) {
	site := newSite(t)
	s := site.store(t)
	key, err := s.authenticate(t.Context(), site.token)
	if err != nil {
		t.Fatal(err)
	}
	var batch []*arrival
	for i := range 10 {
		batch = append(batch, &arrival{agentID: string(rune('a' + i%2)), token: key, received: time.UnixMilli(100), result: &Result{
			CheckID: "c" + string(rune('0'+i%5)), CheckType: "t", State: "available", Time: time.UnixMilli(int64(1000 - i)), Params: []byte("{}"),
		}})
	}
	put(t, s, batch...)
	for _, test := range []struct {
		filter ResultFilter
		want   []int64 // times in ms
	}{
		{ResultFilter{}, []int64{991, 992, 993, 994, 995, 996, 997, 998, 999, 1000}},
		{ResultFilter{Limit: 3}, []int64{998, 999, 1000}},
		{ResultFilter{AgentID: "b"}, []int64{991, 993, 995, 997, 999}},
		{ResultFilter{AgentID: "b", Limit: 2}, []int64{997, 999}},
		{ResultFilter{CheckID: "c1"}, []int64{994, 999}},
		{ResultFilter{Since: time.UnixMilli(998)}, []int64{998, 999, 1000}},
		{ResultFilter{AgentID: "nobody"}, nil},
	} {
		var got []int64
		for _, r := range results(t, s, test.filter) {
			got = append(got, r.Time.UnixMilli())
		}
		if len(got) != len(test.want) {
			t.Errorf("%+v: %v", test.filter, got)
			continue
		}
		for i := range got {
			if got[i] != test.want[i] {
				t.Errorf("%+v: %v, want %v", test.filter, got, test.want)
				break
			}
		}
	}
}

// However large the store, the newest few are found by walking an index from its end.
func TestResultsAreFoundByTime(t *testing.T) {
	s := newSite(t).store(t)
	for _, f := range []ResultFilter{{Limit: 5}, {AgentID: "a", Limit: 5}, {CheckID: "c", Limit: 5}, {Since: time.UnixMilli(5), AgentID: "a"}, {}} {
		query, args := f.query()
		rows, err := s.read.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
		if err != nil {
			t.Fatal(err)
		}
		var plan []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, detail)
		}
		rows.Close()
		text := strings.Join(plan, "; ")
		// Only what LIMIT left is sorted once more.
		sorted := strings.Index(text, "TEMP B-TREE")
		if !strings.Contains(text, "results USING INDEX results_by_time") || f.Limit == 0 && sorted >= 0 || strings.Count(text, "TEMP B-TREE") > 1 {
			t.Errorf("%+v: %s", f, text)
		}
	}
}
