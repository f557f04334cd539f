package service

import (
	"regexp"

	"virgo/collect"
)

func nginxType() collect.Type {
	const url = "http://127.0.0.1/nginx_status"
	return collect.Type{
		Name:       "agent.nginx",
		Summary:    "an nginx web server, from its stub_status page: connections, requests",
		Details:    pageDetails(url),
		KeyMetrics: []string{"active_connections", "requests/s", "reading", "writing", "waiting"},
		Checker:    checkPage(url, nginxReport),
	}
}

// nginxReport parses a stub_status page
// (https://nginx.org/en/docs/http/ngx_http_stub_status_module.html):
//
//	Active connections: 291
//	server accepts handled requests
//	 16630948 16630948 31070465
//	Reading: 6 Writing: 179 Waiting: 106
//
// Tengine adds a column request_time, which is left out.
//
// Error: *garbageError.
func nginxReport(body []byte) (collect.Report, error) {
	const number = `\s+(\d+)`
	page := regexp.MustCompile(`^\s*Active connections:` + number +
		`\s+server accepts handled requests(?: request_time)?` + number + number + number + `(?:[ \t]+\d+)?` +
		`\s+Reading:` + number + `\s+Writing:` + number + `\s+Waiting:` + number + `\s*$`)
	fields := page.FindSubmatch(body)
	if fields == nil {
		return collect.Report{}, newProtocolError("that of stub_status", body)
	}
	var f collect.MetricBuilder
	for i, m := range []struct{ name, unit string }{
		{"active_connections", "connections"},
		{"accepts", "connections"},
		{"handled", "connections"},
		{"requests", "requests"},
		{"reading", "connections"},
		{"writing", "connections"},
		{"waiting", "connections"},
	} {
		f.Add(m.name, collect.Uint64, string(fields[i+1]), m.unit)
	}
	return collect.Report{Metrics: f.Metrics}, nil
}
