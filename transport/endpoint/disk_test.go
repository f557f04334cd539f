package endpoint

import (
	"fmt"
	"strings"
	"testing"
)

// A full disk is answered with an error that leaves the results with their agents, and when there is
// room again all goes on.
func TestFullDisk(t *testing.T) {
	site := newSite(t)
	var store *Store
	r := site.start(t, func(o *Options) { store = o.Store })
	pages := func(n int) {
		t.Helper()
		if _, err := store.write.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", n)); err != nil {
			t.Fatal(err)
		}
	}
	p := r.dial(t)
	p.hello("a", site.token)
	p.ok("a", "check_metrics.post", large(10))
	pages(1) // SQLite takes it as "no more than there are now"
	large := strings.Replace(large(100_000), `"result_id":"large"`, `"result_id":"r%d"`, 1)
	p.refused(503, "a", "check_metrics.post", fmt.Sprintf(large, 1))
	p.refused(503, "a", "check_metrics.post", fmt.Sprintf(large, 1))
	if n := len(results(t, site.store(t), ResultFilter{})); n != 1 {
		t.Errorf("%d are stored", n)
	}
	if log := r.log.String(); !strings.Contains(log, "results could not be stored") || !strings.Contains(log, "full") {
		t.Errorf("log:\n%s", log)
	}
	pages(1_000_000)
	p.ok("a", "check_metrics.post", fmt.Sprintf(large, 1))
	if n := len(results(t, site.store(t), ResultFilter{})); n != 2 {
		t.Errorf("%d are stored", n)
	}
}
