package service

import (
	"errors"
	"testing"
)

const nginxTable = `
	uint64 connections active_connections accepts handled reading writing waiting
	uint64 requests requests`

func TestNginxPages(t *testing.T) {
	for file, want := range map[string]string{
		"documentation": `active_connections 291
			accepts 16630948
			handled 16630948
			requests 31070465
			reading 6
			writing 179
			waiting 106`,
		"1.22.1": `active_connections 1
			accepts 2
			handled 2
			requests 2
			reading 0
			writing 1
			waiting 0`,
		"1.18.0": `active_connections 1
			accepts 1
			handled 1
			requests 1
			reading 0
			writing 1
			waiting 0`,
		"1.26.3": `active_connections 1
			accepts 1
			handled 1
			requests 1
			reading 0
			writing 1
			waiting 0`,
	} {
		t.Run(file, func(t *testing.T) {
			report, err := nginxReport(readTestdata(t, "nginx/"+file+".txt"))
			if err != nil {
				t.Fatal(err)
			}
			checkMetrics(t, report.Metrics, nginxTable, want)
		})
	}
}

// TestTenginePage: Tengine's page has one column more.
func TestTenginePage(t *testing.T) {
	report, err := nginxReport([]byte("Active connections: 1 \nserver accepts handled requests request_time\n 5000000000 1140 1141 75806 \nReading: 0 Writing: 7 Waiting: 42 \n"))
	if err != nil {
		t.Fatal(err)
	}
	checkMetrics(t, report.Metrics, nginxTable, `active_connections 1
		accepts 5000000000
		handled 1140
		requests 1141
		reading 0
		writing 7
		waiting 42`)
}

func TestInvalidNginxPages(t *testing.T) {
	page := string(readTestdata(t, "nginx/documentation.txt"))
	for _, page := range []string{"", "<html>", page[:40], page[:len(page)-6], page + page, "x" + page} {
		var protocol *protocolError
		if report, err := nginxReport([]byte(page)); !errors.As(err, &protocol) {
			t.Errorf("%q: %v, %v", page, report, err)
		}
	}
}

func FuzzNginxPage(f *testing.F) {
	f.Add(readTestdata(f, "nginx/documentation.txt"))
	f.Add(readTestdata(f, "nginx/1.22.1.txt"))
	f.Fuzz(func(t *testing.T, page []byte) {
		report, err := nginxReport(page)
		if (err == nil) != (len(report.Metrics) == 7) {
			t.Errorf("%d metrics, %v", len(report.Metrics), err)
		}
	})
}
