package service

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"virgo/collect"
	"virgo/schedule/number"
)

func apacheType() collect.Type {
	const url = "http://127.0.0.1/server-status?auto"
	return collect.Type{
		Name:       "agent.apache",
		Summary:    "an Apache web server, from its mod_status page: requests, workers",
		Details:    pageDetails(url),
		KeyMetrics: []string{"busy_workers", "idle_workers", "total_accesses/s"},
		Checker:    checkPage(url, apacheReport),
	}
}

// apacheReport parses a mod_status page in its machine-readable form (?auto): lines "Name: value",
// from 2.4 on below a line with the name of the server's host. With ExtendedStatus Off the server
// omits its counters. Of two lines with the same name the first counts. Error: *protocolError.
func apacheReport(body []byte) (collect.Report, error) {
	text := string(body)
	first, _, _ := strings.Cut(text, "\n")
	lines := make(map[string]string)
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ": ")
		if _, duplicate := lines[name]; ok && !duplicate {
			lines[name] = value
		}
	}
	board, ok := lines["Scoreboard"]
	lighttpd := lines["BusyServers"] != "" // lighttpd's mod_status, whose scoreboard has other letters
	if lighttpd {
		lines["BusyWorkers"], lines["IdleWorkers"] = lines["BusyServers"], lines["IdleServers"]
	}
	if _, workers := lines["BusyWorkers"]; !ok || !workers {
		return collect.Report{}, newProtocolError("that of mod_status, whose address ends in ?auto", body)
	}
	var f collect.MetricBuilder
	integer := func(name, line, unit string, t collect.MetricType) {
		if n, err := strconv.ParseUint(lines[line], 10, 64); err == nil {
			f.Add(name, t, strconv.FormatUint(n, 10), unit)
			return
		}
		// From 2.4 on some of them have decimals.
		if n, ok := number.Parse(lines[line]); ok && n >= 0 && n < 1<<63 {
			f.Add(name, t, strconv.FormatUint(uint64(math.Round(n)), 10), unit)
		}
	}
	double := func(name, line, unit string) (float64, bool) {
		n, ok := number.Parse(lines[line])
		if !ok {
			return 0, false
		}
		f.Double(name, n, unit)
		return n, true
	}
	integer("total_accesses", "Total Accesses", "requests", collect.Gauge)
	integer("total_kbytes", "Total kBytes", "kilobytes", collect.Uint64)
	uptime := "Uptime"
	if _, extended := lines[uptime]; !extended { // with ExtendedStatus Off; from 2.4 on
		uptime = "ServerUptimeSeconds"
	}
	integer("uptime", uptime, "seconds", collect.Uint64)
	integer("bytes_per_second", "BytesPerSec", "bytes", collect.Uint64)
	integer("bytes_per_request", "BytesPerReq", "bytes", collect.Uint64)
	integer("busy_workers", "BusyWorkers", "workers", collect.Uint64)
	integer("idle_workers", "IdleWorkers", "workers", collect.Uint64)
	double("cpu_load", "CPULoad", "percent")
	var report collect.Report
	if rate, ok := double("requests_per_second", "ReqPerSec", "requests"); ok {
		report.Status = fmt.Sprintf("Handling %.2f requests per second", rate)
	}
	if !lighttpd {
		apacheScoreboard(&f, board)
	}
	if first = strings.TrimRight(first, "\r"); first != "" && !strings.Contains(first, ":") {
		f.Text("vhost", first)
	}
	report.Metrics = f.Metrics
	report.Status = joinStatus(report.Status, leftOutStatus(knownApacheMetrics(), f.Metrics))
	return report, nil
}

// apacheScoreboard adds the number of workers in each state. The scoreboard has a character for
// each worker (httpd's modules/generators/mod_status.c).
func apacheScoreboard(f *collect.MetricBuilder, board string) {
	for _, state := range apacheStates() {
		f.Uint64(state.name, uint64(strings.Count(board, state.mark)), "workers")
	}
}

// knownApacheMetrics returns the names of the metrics that every Apache reports with ExtendedStatus
// On; others have no CPU load, and older ones no line with the host.
func knownApacheMetrics() []string {
	known := []string{
		"total_accesses", "total_kbytes", "uptime", "bytes_per_second", "busy_workers", "idle_workers", "requests_per_second",
	}
	for _, state := range apacheStates() {
		known = append(known, state.name)
	}
	return known
}

// An apacheState is the state of a worker, and its letter on the scoreboard.
type apacheState struct{ mark, name string }

func apacheStates() []apacheState {
	return []apacheState{
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
	}
}
