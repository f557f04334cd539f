package web

import (
	"virgo/cmd/virgo-endpoint/internal/live"
)

// A Setup is what a new host needs to know of this endpoint. None of it is secret.
type Setup struct {
	// Endpoint is the address that agents connect to, HOST:PORT, and Pin that of its key.
	Endpoint, Pin string
	// OnlyHere is true if the endpoint listens on loopback only: no other host reaches it.
	OnlyHere bool
	// Listen is how serve is called so that others do.
	Listen string
}

func firstView() view {
	return view{pattern: "GET /first", serve: func(s *Site, q *request) error { return q.showFirst() }}
}

// showFirst shows how a host is added.
func (q *request) showFirst() error {
	f := &firstHost{}
	if q.site.Setup != nil {
		f.Setup = q.site.Setup()
	}
	f.First = len(q.site.Hosts.Rows(q.now)) == 0
	title := "Add a host"
	if f.First {
		title = "The first host"
	}
	return q.render("first", title, f)
}

// A firstHost is what the page of the first host shows.
type firstHost struct {
	Setup
	// First is true where there is no host yet.
	First bool
}

// watchFirst tells of a host that was not there when the page was opened: first that it said hello, then that it has
// figures, so that its plots can be shown. On a page that was opened while there was no host, every host is new.
func watchFirst(s *Site, q *request, to *events) error {
	known := map[string]bool{} // whether it has figures
	if q.URL.Query().Get("empty") == "" {
		for _, r := range s.Hosts.Rows(s.Now()) {
			known[r.ID] = true
		}
	}
	tell := func(live.Change) error {
		for _, r := range s.Hosts.Rows(s.Now()) {
			had, before := known[r.ID]
			has := hasFigures(&r)
			if had || before && !has {
				continue
			}
			known[r.ID] = has
			name := "arrived"
			if has {
				name = "ready"
			}
			if err := to.send(name, r.ID); err != nil {
				return err
			}
		}
		return nil
	}
	if err := tell(live.Change{}); err != nil {
		return err
	}
	return s.follow(to, tell)
}

func hasFigures(r *live.Row) bool {
	for i := range r.Figures {
		if r.Figures[i].Known {
			return true
		}
	}
	return false
}
