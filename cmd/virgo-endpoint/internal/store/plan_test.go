package store

import (
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// However large the table of a version without segments, its newest few results are found by walking an index
// from its end.
func TestResultsUseTheTimeIndex(t *testing.T) {
	s := openAt(t, fixture(t, "store-v3.db"))
	for _, f := range []intake.Filter{{}, {AgentID: "a"}, {CheckID: "c"}, {AgentID: "a", Since: time.UnixMilli(5)}} {
		for _, order := range []string{rowsByTime, newestFirst} {
			query, args := resultsQuery(f, 0, order)
			text := plan(t, s, query, args...)
			if !strings.Contains(text, "results USING INDEX results_by_time") || strings.Contains(text, "TEMP B-TREE") {
				t.Errorf("%+v: %s", f, text)
			}
		}
	}
}

func TestHeldUsesTheIndexOfIDs(t *testing.T) {
	text := plan(t, openAt(t, fixture(t, "store-v3.db")), heldIDs, 1, "a", "b", 1, 0)
	if !strings.Contains(text, "USING COVERING INDEX results_once (agent=? AND result_id>? AND result_id<?)") {
		t.Error(text)
	}
}

// plan is how SQLite executes a query.
func plan(t *testing.T, s *Store, query string, args ...any) string {
	t.Helper()
	rows, err := s.read.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, detail)
	}
	return strings.Join(steps, "; ")
}
