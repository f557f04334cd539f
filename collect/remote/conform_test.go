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

func several(t collect.MetricType, unit string, names string) map[string]collecttest.Metric {
	m := map[string]collecttest.Metric{}
	for name := range strings.FieldsSeq(names) {
		m[name] = collecttest.Metric{Type: t, Unit: unit}
	}
	return m
}

func together(all ...map[string]collecttest.Metric) map[string]collecttest.Metric {
	sum := map[string]collecttest.Metric{}
	for _, m := range all {
		maps.Copy(sum, m)
	}
	return sum
}

// The tables are those of CHECKS.md.
func TestConform(t *testing.T) {
	site := secure(t, certificateFor(wants{}), func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })
	talk := speak(t, "127.0.0.1:0", func(conn net.Conn) { fmt.Fprint(conn, "hello\r\nworld\r\n"); untilClosed(conn) })
	server := nameServer(t, zone(t, "www.example. 60 IN A 10.0.0.1"))
	certificates := together(several(collect.Uint32, "seconds", "cert_start cert_end"), several(collect.Int32, "seconds", "cert_end_in"),
		several(collect.String, "", "cert_issuer cert_subject cert_subject_alternative_names cert_error"))
	subjects := map[string]collecttest.Subject{
		"remote.http": {
			Details: schedule.Details{"url": site.URL, "body": "h(.*)o", "body_matches": map[string]any{"key": "l+"}},
			Metrics: together(certificates, several(collect.String, "", "code body_match body_match_key"), several(collect.Int32, "bytes", "bytes"),
				several(collect.Uint32, "bytes", "truncated"), several(collect.Uint32, "milliseconds", "duration tt_resolve tt_connect tt_ssl tt_firstbyte")),
			Wrong: []collecttest.Wrong{{Details: nil, Status: "Missing url parameter"}},
		},
		"remote.tcp": {
			Details: schedule.Details{"target": "127.0.0.1", "port": talk.port, "banner_match": "h.", "send_body": "x", "body_match": "w."},
			Metrics: together(certificates, several(collect.String, "", "banner banner_match body_match"),
				several(collect.Uint32, "milliseconds", "duration tt_connect tt_firstbyte")),
			Optional: []string{"cert_start", "cert_end", "cert_end_in", "cert_issuer", "cert_subject", "cert_subject_alternative_names", "cert_error"},
			Wrong:    []collecttest.Wrong{{Details: nil, Status: "Missing target parameter"}},
		},
		"remote.ping": {
			Details: schedule.Details{"target": "127.0.0.1", "count": "1"},
			Metrics: together(several(collect.Double, "percent", "available"), several(collect.Int32, "count", "count"),
				several(collect.Double, "milliseconds", "average minimum maximum")),
			Wrong: []collecttest.Wrong{{Details: nil, Status: "Missing target parameter"}},
		},
		"remote.dns": {
			Details: schedule.Details{"query": "www.example", "server": server},
			Metrics: together(several(collect.Double, "milliseconds", "tt_resolve"), several(collect.String, "", "answer"), several(collect.Uint32, "count", "count")),
			Wrong:   []collecttest.Wrong{{Details: nil, Status: "Missing query parameter"}},
		},
	}
	for _, typ := range Types(Options{}) {
		s, held := subjects[typ.Name]
		if !held {
			t.Errorf("%s is not held to the suite", typ.Name)
		}
		s.Type = typ
		t.Run(typ.Name, func(t *testing.T) {
			if r := run(t, typ, s.Details, 0); typ.Name == "remote.ping" && strings.HasSuffix(r.Status, echoNeeds) {
				collecttest.Lacks(t, "this user may not ping")
			}
			collecttest.Conform(t, s)
		})
	}
}
