package remote

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"strings"
	"testing"

	"virgo/collect"
	"virgo/collect/collecttest"
	"virgo/schedule"
)

// metricsOfType returns metrics of the same type and unit.
func metricsOfType(t collect.MetricType, unit string, names string) map[string]collecttest.Metric {
	m := map[string]collecttest.Metric{}
	for name := range strings.FieldsSeq(names) {
		m[name] = collecttest.Metric{Type: t, Unit: unit}
	}
	return m
}

func mergeMetrics(all ...map[string]collecttest.Metric) map[string]collecttest.Metric {
	sum := map[string]collecttest.Metric{}
	for _, m := range all {
		maps.Copy(sum, m)
	}
	return sum
}

// TestConform: metrics, types and units are those of CHECKS.md.
func TestConform(t *testing.T) {
	site := serveTLS(t, newCertificate(certOptions{}), func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })
	talk := serveTCP(t, "127.0.0.1:0", func(conn net.Conn) { fmt.Fprint(conn, "hello\r\nworld\r\n"); discardAll(conn) })
	server := serveDNS(t, answerRecords(t, "www.example. 60 IN A 10.0.0.1"))
	certificates := mergeMetrics(metricsOfType(collect.Uint32, "seconds", "cert_start cert_end"), metricsOfType(collect.Int32, "seconds", "cert_end_in"),
		metricsOfType(collect.String, "", "cert_issuer cert_subject cert_subject_alternative_names cert_error"))
	subjects := map[string]collecttest.Subject{
		"remote.http": {
			Details: schedule.Details{"url": site.URL, "body": "h(.*)o", "body_matches": map[string]any{"key": "l+"}},
			Metrics: mergeMetrics(certificates, metricsOfType(collect.String, "", "code body_match body_match_key"), metricsOfType(collect.Int32, "bytes", "bytes"),
				metricsOfType(collect.Uint32, "bytes", "truncated"), metricsOfType(collect.Uint32, "milliseconds", "duration tt_resolve tt_connect tt_ssl tt_firstbyte")),
			Wrong: []collecttest.Wrong{{Details: nil, Status: "Missing url parameter"}},
		},
		"remote.tcp": {
			Details: schedule.Details{"target": "127.0.0.1", "port": talk.port, "banner_match": "h.", "send_body": "x", "body_match": "w."},
			Metrics: mergeMetrics(certificates, metricsOfType(collect.String, "", "banner banner_match body_match"),
				metricsOfType(collect.Uint32, "milliseconds", "duration tt_connect tt_firstbyte")),
			Optional: []string{"cert_start", "cert_end", "cert_end_in", "cert_issuer", "cert_subject", "cert_subject_alternative_names", "cert_error"},
			Wrong:    []collecttest.Wrong{{Details: nil, Status: "Missing target parameter"}},
		},
		"remote.ping": {
			Details: schedule.Details{"target": "127.0.0.1", "count": "1"},
			Metrics: mergeMetrics(metricsOfType(collect.Double, "percent", "available"), metricsOfType(collect.Int32, "count", "count"),
				metricsOfType(collect.Double, "milliseconds", "average minimum maximum")),
			Wrong: []collecttest.Wrong{{Details: nil, Status: "Missing target parameter"}},
		},
		"remote.dns": {
			Details: schedule.Details{"query": "www.example", "server": server},
			Metrics: mergeMetrics(metricsOfType(collect.Double, "milliseconds", "tt_resolve"), metricsOfType(collect.String, "", "answer"), metricsOfType(collect.Uint32, "count", "count")),
			Wrong:   []collecttest.Wrong{{Details: nil, Status: "Missing query parameter"}},
		},
	}
	for _, typ := range Types(Options{}) {
		s, ok := subjects[typ.Name]
		if !ok {
			t.Errorf("%s has no subject for the suite", typ.Name)
		}
		s.Type = typ
		t.Run(typ.Name, func(t *testing.T) {
			if r := run(t, typ, s.Details, 0); typ.Name == "remote.ping" && strings.HasSuffix(r.Status, pingNotPermitted) {
				collecttest.Lacks(t, "this user may not ping")
			}
			collecttest.Conform(t, s)
		})
	}
}
