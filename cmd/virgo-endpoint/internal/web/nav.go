package web

import "virgo/cmd/virgo-endpoint/internal/watch"

// A navItem is a link at the top of each page.
type navItem struct {
	Path, Text string
	Current    bool
}

// pages are what the links at the top lead to; first those that are always seen, then those of the menu. A page is
// listed when it exists and the person may see it.
func (q *request) nav() (bar, menu []navItem) {
	known := map[string]bool{}
	for _, v := range q.site.views() {
		known[v.pattern] = true
	}
	add := func(list *[]navItem, path, text string, scope watch.Scope) {
		pattern := "GET " + path
		if path == "/" {
			pattern += "{$}"
		}
		if known[pattern] && q.may(scope) {
			*list = append(*list, navItem{path, text, q.URL.Path == path})
		}
	}
	add(&bar, "/", "Hosts", watch.ReadScope)
	add(&bar, "/alarms", "Alarms", watch.ReadScope)
	add(&bar, "/figure", "Figures", watch.ReadScope)
	add(&menu, "/compare", "Compare two hosts", watch.ReadScope)
	add(&menu, "/silences", "Silences", watch.ReadScope)
	add(&menu, "/rules", "Alarm rules", watch.ReadScope)
	add(&menu, "/schedules", "Schedules", watch.ReadScope)
	add(&menu, "/first", "Add a host", watch.ReadScope)
	add(&menu, "/outputs", "Outputs", watch.ReadScope)
	add(&menu, "/notifiers", "Notifiers", watch.NotifiersScope)
	add(&menu, "/tokens", "Tokens", watch.TokensScope)
	add(&menu, "/people", "People", watch.PeopleScope)
	add(&menu, "/audit", "Audit log", watch.AuditScope)
	return bar, menu
}
