package web

import "virgo/cmd/virgo-endpoint/internal/watch"

// A view is one page.
type view struct {
	// pattern is one of http.ServeMux, such as "GET /hosts/{id}".
	pattern string
	// public views are shown to everybody.
	public bool
	// scope is what a person must be allowed to; empty: to read.
	scope watch.Scope
	// stream is true for one that lasts.
	stream bool
	// serve reads what is shown and calls request.render. An error is shown as a page: see request.fail.
	serve func(s *Site, q *request) error
}

// views has all pages. Each is a function in a file of its own, with a template of the same name; its styles and
// scripts are files of their own in assets/css, js and plots. A page that nav.go names is linked at the top once it
// is in this list.
func (s *Site) views() []view {
	list := []view{
		hostsView(),
		hostView(),
		infoView(),
		figureView(),
		compareView(),
		eventsView(),
		loginView(),
		logInView(),
		logOutView(),
		codeView(),
		firstPersonView(),
		firstView(),
		accountView(),
		passwordView(),
		logOutEverywhereView(),
	}
	if s.PublicTags != nil {
		list = append(list, statusView(), badgeView())
	}
	if s.Alarms != nil {
		list = append(list, alarmsView())
	}
	if s.API != nil {
		list = append(list, hostInfoView())
		list = append(list, changeViews()...)
	}
	return list
}

// missing answers what no view has.
var missing = view{serve: func(*Site, *request) error { return notFound("There is no such page.") }}
