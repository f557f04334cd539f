package service

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/collect/collecttest"
	"virgo/schedule"
)

func TestHTTPJSON(t *testing.T) {
	t.Parallel()
	id := newIdentity(t)
	n := startNginx(t, id, document)
	typ := httpJSONType()
	plain := "http://127.0.0.1:" + n.port
	metrics := map[string]any{
		"depth": map[string]any{"path": "/queue/depth", "type": "gauge", "unit": "jobs"}, "version": "/version", "up": map[string]any{"path": "/up"},
	}
	at := schedule.Details{"url": plain + "/page.json", "metrics": metrics}
	const table = "gauge jobs depth\n string - version\n bool - up"
	t.Run("conform", func(t *testing.T) {
		collecttest.Conform(t, collecttest.Subject{
			Type: typ, Details: at, Metrics: parseTable(table),
			Wrong: []collecttest.Wrong{
				{Details: schedule.Details{"metrics": metrics}, Status: "Missing url parameter"},
				{Details: schedule.Details{"url": plain}, Status: "Missing metrics parameter"},
				{Details: with(at, schedule.Details{"metrics": map[string]any{}}), Status: "Missing metrics parameter"},
				{Details: with(at, schedule.Details{"metrics": []any{"/a"}}), Status: `detail "metrics" is "a list", not an object`},
				{Details: with(at, schedule.Details{"metrics": `{"a":`}), Status: `detail "metrics" is "a text", not an object`},
				{Details: with(at, schedule.Details{"metrics": `{"a":"b"}`}),
					Status: `detail "metrics": metric "a": "b" is not a JSON pointer: it does not begin with /`},
				{Details: with(at, schedule.Details{"metrics": `{"a":7}`}), Status: `detail "metrics": metric "a": neither a JSON pointer nor an object with a path`},
				{Details: with(at, schedule.Details{"metrics": `{"a":{"type":"gauge"}}`}), Status: `detail "metrics": metric "a": no path`},
				{Details: with(at, schedule.Details{"metrics": `{"a":{"path":"/a","type":"float"}}`}), Status: `detail "metrics": metric "a": "float" is not a metric type`},
				{Details: with(at, schedule.Details{"metrics": `{"a":{"path":"/a","units":"B"}}`}), Status: `detail "metrics": metric "a": unknown key "units", known are path, type and unit`},
				{Details: with(at, schedule.Details{"headers": `{"X Key":"k3y of a test"}`}), Status: `detail "headers": "X Key" is not a header`},
				{Details: with(at, schedule.Details{"headers": map[string]any{"X-Key": "k3y\r\nX-Other: a"}}), Status: `detail "headers": "X-Key" is not a header`},
				{Details: with(at, schedule.Details{"metrics": `{"a":"/gone"}`}), Status: "1 of 1 metrics left out: a (no /gone)"},
				{Details: with(at, schedule.Details{"url": plain + "/none.json"}), Status: "HTTP status 404 (Not Found) from " + plain + "/none.json"},
				{Details: with(at, schedule.Details{"url": plain + "/keyed.json"}), Status: "HTTP status 418 (I'm a teapot) from " + plain + "/keyed.json"},
				{Details: with(at, schedule.Details{"url": plain + "/closed"}), Status: "Could not authenticate. Missing password?"},
				{Details: with(at, schedule.Details{"url": plain + "/closed", "username": "watch", "password": "wr0ng"}),
					Status: "Could not authenticate. Invalid password."},
			},
		})
	})
	for name, right := range map[string]schedule.Details{
		"metrics as text":   with(at, schedule.Details{"metrics": `{"depth":{"path":"/queue/depth","type":"gauge","unit":"jobs"},"version":"/version","up":"/up"}`}),
		"headers":           with(at, schedule.Details{"url": plain + "/keyed.json", "headers": map[string]any{"X-Key": "k3y of a test"}}),
		"headers as text":   with(at, schedule.Details{"url": plain + "/keyed.json", "headers": `{"x-key":"k3y of a test"}`}),
		"authority":         with(at, schedule.Details{"url": "https://127.0.0.1:" + n.tlsPort + "/page.json", "ca_file": id.certFile}),
		"socket":            with(at, schedule.Details{"url": "http://localhost/page.json", "socket": n.socket}),
		"socket in the URL": with(at, schedule.Details{"url": "http://unix:" + n.socket + ":/page.json"}),
	} {
		r := runCheck(t, typ, right, time.Minute)
		if r.State != collect.Available {
			t.Errorf("%s: %s", name, r.Status)
		}
		checkMetrics(t, r.Metrics, table, "depth 12\n version 1.2.3\n up true")
	}
	r := runCheck(t, typ, with(at, schedule.Details{"url": plain + "/closed", "username": "watch", "password": "s3cret"}), time.Minute)
	if !strings.HasPrefix(r.Status, "Answer of "+plain+`/closed is not JSON: "Active connections: `) {
		t.Errorf("%q", r.Status)
	}
}

func TestHTTPJSONTooManyMetrics(t *testing.T) {
	t.Parallel()
	many := make(map[string]any)
	for i := range maxSelectors + 1 {
		many[fmt.Sprint(i)] = "/a"
	}
	unavailable(t, httpJSONType(), schedule.Details{"url": "http://127.0.0.1/", "metrics": many},
		fmt.Sprintf(`detail "metrics" has %d metrics, more than %d`, maxSelectors+1, maxSelectors))
}

// TestHTTPJSONRedactsHeaders: a header may be a secret, so no status shows it.
func TestHTTPJSONRedactsHeaders(t *testing.T) {
	t.Parallel()
	port := serveText(t, "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nunknown key: k3y of a test !!!")
	unavailable(t, httpJSONType(), schedule.Details{"url": "http://127.0.0.1:" + port + "/a", "metrics": `{"a":"/b"}`, "headers": `{"Authorization":"k3y of a test"}`},
		"Answer of http://127.0.0.1:"+port+`/a is not JSON: "unknown key: *** !!!"`)
}
