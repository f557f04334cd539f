package service

import (
	"errors"
	"testing"
)

// apacheTable has the original agent's metrics.
const apacheTable = `
	gauge requests total_accesses
	uint64 kilobytes total_kbytes
	uint64 seconds uptime
	uint64 bytes bytes_per_second bytes_per_request
	uint64 workers busy_workers idle_workers
	double percent cpu_load
	double requests requests_per_second
	uint64 workers waiting starting reading sending keepalive dns closing logging gracefully_finishing idle open
	string - vhost`

func TestApachePages(t *testing.T) {
	for file, want := range map[string]struct{ status, metrics string }{
		"2.2": {"Handling 136.98 requests per second", `total_accesses 2000341
			total_kbytes 9412354
			uptime 14603
			bytes_per_second 660003
			bytes_per_request 4818
			busy_workers 12
			idle_workers 8
			cpu_load 0.2173
			requests_per_second 136.982
			waiting 8
			starting 1
			reading 1
			sending 4
			keepalive 3
			dns 1
			closing 1
			logging 1
			gracefully_finishing 1
			idle 1
			open 13`},
		"2.4.71": {"Handling 20.00 requests per second", `total_accesses 20
			total_kbytes 9
			uptime 1
			bytes_per_second 9216
			bytes_per_request 461
			busy_workers 1
			idle_workers 74
			requests_per_second 20
			waiting 74
			starting 0
			reading 0
			sending 1
			keepalive 0
			dns 0
			closing 0
			logging 0
			gracefully_finishing 0
			idle 0
			open 325
			vhost status.example.com`},
		"2.4.62": {"Handling 0.21 requests per second", `total_accesses 22
			total_kbytes 11
			uptime 105
			bytes_per_second 107
			bytes_per_request 512
			busy_workers 1
			idle_workers 74
			requests_per_second 0.2095
			waiting 74
			starting 0
			reading 0
			sending 1
			keepalive 0
			dns 0
			closing 0
			logging 0
			gracefully_finishing 0
			idle 0
			open 325
			vhost status.example.com`},
		"2.4-extended-off": {"success, but this server does not report 4 of 18 metrics: total_accesses, total_kbytes, bytes_per_second, requests_per_second", `uptime 4
			busy_workers 1
			idle_workers 74
			waiting 74
			starting 0
			reading 0
			sending 1
			keepalive 0
			dns 0
			closing 0
			logging 0
			gracefully_finishing 0
			idle 0
			open 325
			vhost status.example.com`},
	} {
		t.Run(file, func(t *testing.T) {
			report, err := apacheReport(readTestdata(t, "apache/"+file+".txt"))
			if err != nil {
				t.Fatal(err)
			}
			if report.Status != want.status {
				t.Errorf("status %q, want %q", report.Status, want.status)
			}
			checkMetrics(t, report.Metrics, apacheTable, want.metrics)
		})
	}
}

func TestInvalidApachePages(t *testing.T) {
	for _, page := range []string{"", "It works!\n", "<html><body>BusyWorkers</body></html>", "BusyWorkers: 1\n", "Scoreboard: ___\n"} {
		var protocol *protocolError
		if _, err := apacheReport([]byte(page)); !errors.As(err, &protocol) {
			t.Errorf("%q: %v", page, err)
		}
	}
}

// TestInvalidApacheNumbers: invalid numbers are omitted, and the others reported.
func TestInvalidApacheNumbers(t *testing.T) {
	report, err := apacheReport([]byte("Total Accesses: -1\nUptime: x\nCPULoad: NaN\nReqPerSec: -nan\nBytesPerSec: 1e300\nBytesPerReq: Inf\n" +
		"BusyWorkers: 1\nBusyWorkers: 2\nIdleWorkers: 2\nScoreboard: ?W\n"))
	if err != nil || report.Status != "success, but this server does not report 5 of 18 metrics: total_accesses, total_kbytes, uptime, bytes_per_second, requests_per_second" {
		t.Errorf("%q, %v", report.Status, err)
	}
	checkMetrics(t, report.Metrics, apacheTable, `busy_workers 1
		idle_workers 2
		waiting 0
		starting 0
		reading 0
		sending 1
		keepalive 0
		dns 0
		closing 0
		logging 0
		gracefully_finishing 0
		idle 0
		open 0`)
}

func FuzzApachePage(f *testing.F) {
	for _, file := range []string{"2.2", "2.4.62", "2.4.71", "2.4-extended-off"} {
		f.Add(readTestdata(f, "apache/"+file+".txt"))
	}
	f.Fuzz(func(t *testing.T, page []byte) {
		report, err := apacheReport(page)
		for _, m := range report.Metrics {
			if err != nil || !m.Valid() {
				t.Errorf("%+v, %v", m, err)
			}
		}
	})
}

// TestLighttpdPage: lighttpd's page is like Apache's, but its scoreboard has other letters.
func TestLighttpdPage(t *testing.T) {
	report, err := apacheReport([]byte("Total Accesses: 5000000000\nTotal kBytes: 7\nUptime: 60\nBusyServers: 3\nIdleServers: 125\nScoreboard: rrh_____\n"))
	if err != nil || report.Status != "success, but this server does not report 13 of 18 metrics: bytes_per_second, requests_per_second, "+
		"waiting, starting, reading, sending, keepalive, dns and 5 more" {
		t.Errorf("%q, %v", report.Status, err)
	}
	checkMetrics(t, report.Metrics, apacheTable, `total_accesses 5000000000
		total_kbytes 7
		uptime 60
		busy_workers 3
		idle_workers 125`)
}
