package api

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/feed"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/live"
)

// withHosts fills the API's table with hosts.
func withHosts(t *testing.T, s *served) {
	t.Helper()
	put := func(agent, check, typ, state string, age time.Duration, metrics string) {
		t.Helper()
		_, err := s.store.Append(t.Context(), []intake.Arrival{{AgentID: agent, Access: s.access, Received: epoch.Add(-age),
			Hello: &intake.Hello{Name: strings.ToUpper(agent) + `"\`, Remote: "192.0.2.1:1"},
			Results: []intake.Result{{ResultID: check + state, CheckID: check, CheckType: typ, State: state, Time: epoch.Add(-age),
				Params: []byte(`{"min_check_period":60000,"metrics":[` + metrics + `]}`)}}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	put("a", "cpu", "agent.cpu", "available", 0, `[null,{"usage_average":{"t":"double","v":"12.5","u":"percent"},"model":{"t":"string","v":"x"}}]`)
	put("a", "fs", "agent.filesystem", "available", time.Minute, `["/",{"used":{"t":"int64","v":"3","u":"kilobytes"}}],["C:\\a\"b\n",{"used":{"t":"int64","v":"4","u":"kilobytes"}}]`)
	put("a", "old", "agent.plugin", "available", 4*time.Minute, `[null,{"n":{"t":"int64","v":"1"}}]`)
	put("a", "web", "remote.http", "unavailable", 0, "")
	put("b", "mine", "agent.plugin", "available", 0, `[null,{"a-b":{"t":"int64","v":"18014398509481984"},"a_b":{"t":"int64","v":"2"},"a.b_total":{"t":"int64","v":"3"}}]`)
	put("c", "cpu", "agent.cpu", "available", time.Hour, `[null,{"usage_average":{"t":"double","v":"1","u":"percent"}}]`)
	if _, err := s.store.TagAgent(t.Context(), "b", []string{"web"}, nil); err != nil {
		t.Fatal(err)
	}
	table := live.New(s.store, s.clock)
	if err := table.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := table.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.api.Live = table
}

func TestHostFigures(t *testing.T) {
	s := serve(t)
	if a := s.get("/metrics/hosts"); a.code != http.StatusServiceUnavailable {
		t.Errorf("without a table: %d", a.code)
	}
	withHosts(t, s)
	for query, want := range map[string]string{
		"": `# HELP virgo_check_available 1 if the check could be made.
# TYPE virgo_check_available gauge
virgo_check_available{agent="a",host="A\"\\",check="cpu",type="agent.cpu"} 1
virgo_check_available{agent="a",host="A\"\\",check="fs",type="agent.filesystem"} 1
virgo_check_available{agent="a",host="A\"\\",check="web",type="remote.http"} 0
virgo_check_available{agent="b",host="B\"\\",check="mine",type="agent.plugin"} 1
# HELP virgo_cpu_usage_ratio usage_average of agent.cpu
# TYPE virgo_cpu_usage_ratio gauge
virgo_cpu_usage_ratio{agent="a",host="A\"\\",check="cpu",type="agent.cpu"} 0.125
# HELP virgo_filesystem_used_bytes used of agent.filesystem
# TYPE virgo_filesystem_used_bytes gauge
virgo_filesystem_used_bytes{agent="a",host="A\"\\",check="fs",type="agent.filesystem",mountpoint="/"} 3072
virgo_filesystem_used_bytes{agent="a",host="A\"\\",check="fs",type="agent.filesystem",mountpoint="C:\\a\"b\n"} 4096
# HELP virgo_last_seen_timestamp_seconds When the host was last heard.
# TYPE virgo_last_seen_timestamp_seconds gauge
virgo_last_seen_timestamp_seconds{agent="a",host="A\"\\"} 1700000000
virgo_last_seen_timestamp_seconds{agent="b",host="B\"\\"} 1700000000
virgo_last_seen_timestamp_seconds{agent="c",host="C\"\\"} 1699996400
# HELP virgo_plugin_a_b a-b of agent.plugin
# TYPE virgo_plugin_a_b gauge
virgo_plugin_a_b{agent="b",host="B\"\\",check="mine",type="agent.plugin"} 1.8014398509481984e+16
# HELP virgo_plugin_a_b_total a.b_total of agent.plugin
# TYPE virgo_plugin_a_b_total counter
virgo_plugin_a_b_total{agent="b",host="B\"\\",check="mine",type="agent.plugin"} 3
# HELP virgo_up 1 while the host is heard.
# TYPE virgo_up gauge
virgo_up{agent="a",host="A\"\\"} 1
virgo_up{agent="b",host="B\"\\"} 1
virgo_up{agent="c",host="C\"\\"} 0
`,
		"?tag=none": "",
		"?tag=web&type=agent.plugin": `# HELP virgo_check_available 1 if the check could be made.
# TYPE virgo_check_available gauge
virgo_check_available{agent="b",host="B\"\\",check="mine",type="agent.plugin"} 1
# HELP virgo_plugin_a_b a-b of agent.plugin
# TYPE virgo_plugin_a_b gauge
virgo_plugin_a_b{agent="b",host="B\"\\",check="mine",type="agent.plugin"} 1.8014398509481984e+16
# HELP virgo_plugin_a_b_total a.b_total of agent.plugin
# TYPE virgo_plugin_a_b_total counter
virgo_plugin_a_b_total{agent="b",host="B\"\\",check="mine",type="agent.plugin"} 3
`,
	} {
		a := s.get("/metrics/hosts" + query)
		if a.code != http.StatusOK || string(a.body) != want {
			t.Errorf("%q: %d\n%s\nwant\n%s", query, a.code, a.body, want)
		}
	}
	s.pass(time.Hour)
	if a := s.get("/metrics/hosts?type=agent.cpu"); len(a.body) > 0 {
		t.Errorf("values of an hour ago are there:\n%s", a.body)
	}
}

// Whatever a host is called and sends, no line is anything else than Prometheus' text format, and no series is there twice.
func TestHostFiguresOfHostileNames(t *testing.T) {
	table := live.New(nil, func() time.Time { return epoch })
	hostile := []string{"a\nvirgo_up 1", `"} 1`, `\`, "\r\n#", "\u2028", "ä", strings.Repeat("x", 300), "", "{}"}
	var items []feed.Item
	for i, text := range hostile {
		r := &intake.Result{Seq: int64(i + 1), AgentID: text, CheckID: text, CheckType: text, State: "available", Time: epoch, Received: epoch}
		item := feed.Item{Agent: intake.AgentNumber(i + 1), Result: r}
		for _, dimension := range hostile {
			for _, name := range hostile {
				item.Metrics = append(item.Metrics, intake.Metric{Dimension: dimension, Name: name, Type: "double", Value: "1e300", Unit: text})
			}
		}
		items = append(items, item)
	}
	if err := table.Take(context.Background(), items); err != nil {
		t.Fatal(err)
	}
	s := serve(t)
	s.api.Live = table
	a := s.get("/metrics/hosts")
	sample := regexp.MustCompile(`^virgo[a-zA-Z0-9_]*\{[a-z]+="([^"\\\n]|\\["\\n])*"(,[a-z]+="([^"\\\n]|\\["\\n])*")*\} -?[0-9.e+-]+$`)
	seen := map[string]bool{}
	lines := strings.Split(strings.TrimSuffix(string(a.body), "\n"), "\n")
	for _, line := range lines {
		if !sample.MatchString(line) && !regexp.MustCompile(`^# (HELP|TYPE) virgo[a-zA-Z0-9_]* .*$`).MatchString(line) || seen[line] {
			t.Errorf("%d: %q", a.code, line)
		}
		seen[line] = true
	}
	if len(lines) < 100 {
		t.Errorf("%d lines", len(lines))
	}
}

// A host that gives a metric the name of another's takes nothing away from other hosts, and says nothing in this endpoint's name.
func TestNoHostHidesAnothersFigures(t *testing.T) {
	table := live.New(nil, func() time.Time { return epoch })
	item := func(n int64, typ, metric, dimension string) feed.Item {
		agent := fmt.Sprint("host", n)
		r := &intake.Result{Seq: n, AgentID: agent, CheckID: "c", CheckType: typ, State: "available", Time: epoch, Received: epoch}
		return feed.Item{Agent: intake.AgentNumber(n), Result: r, Metrics: []intake.Metric{{Dimension: dimension, Name: metric, Type: "gauge", Value: "7", Unit: "bytes"}}}
	}
	items := []feed.Item{item(1, "agent.network_receive", "bytes", "x"), item(2, "agent.network", "rx_bytes", "eth0"), item(3, "up", "{}", "x")}
	items[2].Metrics[0].Unit = ""
	items[0].Metrics[0].Name = "bytes_total"
	if err := table.Take(t.Context(), items); err != nil {
		t.Fatal(err)
	}
	s := serve(t)
	s.api.Live = table
	for _, query := range []string{"", "?type=up"} {
		body := string(s.get("/metrics/hosts" + query).body)
		if regexp.MustCompile(`virgo_up\{.*check=`).MatchString(body) {
			t.Errorf("%s\n%s", query, body)
		}
		if query == "" && !strings.Contains(body, `device="eth0"} 7`) {
			t.Errorf("the figures of host2 are missing:\n%s", body)
		}
	}
}

func TestFollowersInHealth(t *testing.T) {
	s := serve(t)
	s.api.Followers = func() []feed.Status {
		return []feed.Status{{Name: "alarm", Behind: 3, Lost: 4}, {Name: "prom", Behind: 9, Err: fmt.Errorf("away\x1b[31m"), Failing: epoch}}
	}
	health := string(s.get("/v1/health").body)
	if want := `"followers":[{"name":"alarm","behind_results":3,"lost_results":4,"failing_since_ms":null,"error":null},` +
		`{"name":"prom","behind_results":9,"lost_results":0,"failing_since_ms":1700000000000,"error":"away`; !strings.Contains(health, want) || strings.Contains(health, "\x1b") {
		t.Errorf("%s\nwant %s", health, want)
	}
	metrics := string(s.get("/metrics").body)
	for _, want := range []string{`virgo_endpoint_feed_behind_results{follower="alarm"} 3`, `virgo_endpoint_feed_lost_results_total{follower="alarm"} 4`,
		`virgo_endpoint_feed_failing{follower="prom"} 1`} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("%s is not in\n%s", want, metrics)
		}
	}
}
