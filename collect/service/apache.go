package service

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"virgo/collect"
)

func apacheType() collect.Type {
	const url = "http://127.0.0.1/server-status?auto"
	return collect.Type{
		Name:    "agent.apache",
		Summary: "an Apache web server, by the page of its mod_status: requests, workers",
		Details: pageDetails(url),
		Telling: []string{"requests_per_second", "busy_workers", "idle_workers", "total_accesses"},
		Checker: checkPage(url, apacheReport),
	}
}

// apacheReport reads a page of mod_status in its form for machines (?auto): lines "Name: value", from 2.4 on
// below a line with the name of the server's host. A server with ExtendedStatus Off leaves out what it would
// have to count. Of two lines with one name the first stands. Error: *garbageError.
func apacheReport(body []byte) (collect.Report, error) {
	text := string(body)
	first, _, _ := strings.Cut(text, "\n")
	lines := make(map[string]string)
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ": ")
		if _, twice := lines[name]; ok && !twice {
			lines[name] = value
		}
	}
	board, ok := lines["Scoreboard"]
	if _, workers := lines["BusyWorkers"]; !ok || !workers {
		return collect.Report{}, newGarbage("that of mod_status, whose address ends in ?auto", body)
	}
	var f collect.Figures
	whole := func(name, line, unit string, t collect.MetricType) {
		// From 2.4 on some have decimals.
		if n, err := strconv.ParseFloat(lines[line], 64); err == nil && n >= 0 && n < 1<<63 {
			f.Add(name, t, strconv.FormatUint(uint64(math.Round(n)), 10), unit)
		}
	}
	double := func(name, line, unit string) (float64, bool) {
		n, err := strconv.ParseFloat(lines[line], 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return 0, false
		}
		f.Double(name, n, unit)
		return n, true
	}
	whole("total_accesses", "Total Accesses", "requests", collect.Gauge)
	whole("total_kbytes", "Total kBytes", "kilobytes", collect.Uint64)
	uptime := "Uptime"
	if _, extended := lines[uptime]; !extended { // ExtendedStatus Off leaves this one, from 2.4 on
		uptime = "ServerUptimeSeconds"
	}
	whole("uptime", uptime, "seconds", collect.Uint64)
	whole("bytes_per_second", "BytesPerSec", "bytes", collect.Uint64)
	whole("bytes_per_request", "BytesPerReq", "bytes", collect.Uint64)
	whole("busy_workers", "BusyWorkers", "workers", collect.Uint64)
	whole("idle_workers", "IdleWorkers", "workers", collect.Uint64)
	double("cpu_load", "CPULoad", "percent")
	var report collect.Report
	if rate, ok := double("requests_per_second", "ReqPerSec", "requests"); ok {
		report.Status = fmt.Sprintf("Handling %.2f requests per second", rate)
	}
	apacheScoreboard(&f, board)
	if first = strings.TrimRight(first, "\r"); first != "" && !strings.Contains(first, ":") {
		f.Text("vhost", first)
	}
	report.Metrics = f.Metrics
	return report, nil
}

// apacheScoreboard adds how many slots of the scoreboard are in each state: a character each (httpd's
// modules/generators/mod_status.c).
func apacheScoreboard(f *collect.Figures, board string) {
	for _, state := range []struct{ mark, name string }{
		{"_", "waiting"},
		{"S", "starting"},
		{"R", "reading"},
		{"W", "sending"},
		{"K", "keepalive"},
		{"D", "dns"},
		{"C", "closing"},
		{"L", "logging"},
		{"G", "gracefully_finishing"},
		{"I", "idle"},
		{".", "open"},
	} {
		f.Uint64(state.name, uint64(strings.Count(board, state.mark)), "workers")
	}
}
