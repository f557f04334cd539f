package service

import (
	"regexp"

	"virgo/collect"
)

func nginxType() collect.Type {
	const url = "http://127.0.0.1/nginx_status"
	return collect.Type{
		Name:    "agent.nginx",
		Summary: "an nginx web server, by the page of its stub_status: connections, requests",
		Details: pageDetails(url),
		Telling: []string{"active_connections", "requests", "reading", "writing", "waiting"},
		Checker: checkPage(url, nginxReport),
	}
}

// nginxReport reads a page of stub_status (https://nginx.org/en/docs/http/ngx_http_stub_status_module.html):
//
//	Active connections: 291
//	server accepts handled requests
//	 16630948 16630948 31070465
//	Reading: 6 Writing: 179 Waiting: 106
//
// Error: *garbageError.
func nginxReport(body []byte) (collect.Report, error) {
	const number = `\s+(\d+)`
	page := regexp.MustCompile(`^\s*Active connections:` + number +
		`\s+server accepts handled requests` + number + number + number +
		`\s+Reading:` + number + `\s+Writing:` + number + `\s+Waiting:` + number + `\s*$`)
	figures := page.FindSubmatch(body)
	if figures == nil {
		return collect.Report{}, newGarbage("that of stub_status", body)
	}
	var f collect.Figures
	for i, is := range []struct{ name, unit string }{
		{"active_connections", "connections"},
		{"accepts", "connections"},
		{"handled", "connections"},
		{"requests", "requests"},
		{"reading", "connections"},
		{"writing", "connections"},
		{"waiting", "connections"},
	} {
		f.Add(is.name, collect.Uint64, string(figures[i+1]), is.unit)
	}
	return collect.Report{Metrics: f.Metrics}, nil
}
