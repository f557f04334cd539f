package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/live"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

func listOf(t *testing.T, hosts *fakeHosts, query string) *hostList {
	t.Helper()
	s := newSite(t, Options{Login: somebody(watch.View), Hosts: hosts, Now: func() time.Time { return noon }})
	return listHosts(hosts.rows, newRequest(s, httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/"+query, nil)))
}

func shownOf(l *hostList) string {
	var names []string
	for _, r := range l.Rows {
		if !r.Hidden {
			names = append(names, r.Name)
		}
	}
	return strings.Join(names, " ")
}

func TestTheAddressSelectsHosts(t *testing.T) {
	hosts := fleet(8)
	for _, c := range []struct{ query, want string }{
		{"", "web-fra-01 cache-fra-01 build-fra-01 db-fra-01 mail-fra-01 edge-fra-01 backup-fra-01 queue-fra-01"},
		{"?state=silent", "cache-fra-01 build-fra-01"},
		{"?state=nonsense&sort=nonsense", "web-fra-01 cache-fra-01 build-fra-01 db-fra-01 mail-fra-01 edge-fra-01 backup-fra-01 queue-fra-01"},
		{"?q=WEB", "web-fra-01"},
		{"?q=fra+mail", "mail-fra-01"},
		{"?tag=db", "db-fra-01"},
		{"?tag=db&state=ok", ""},
		{"?sort=name&state=ok", "backup-fra-01 edge-fra-01 queue-fra-01"},
		{"?sort=-name&state=ok", "queue-fra-01 edge-fra-01 backup-fra-01"},
		{"?sort=-disk&state=ok", "queue-fra-01 backup-fra-01 edge-fra-01"},
		{"?sort=disk&state=ok", "edge-fra-01 backup-fra-01 queue-fra-01"},
		{"?sort=-waiting", "web-fra-01 db-fra-01 mail-fra-01 edge-fra-01 backup-fra-01 queue-fra-01 cache-fra-01 build-fra-01"}, // unknown last
		{"?q=" + strings.Repeat("x", maxSearch+1) + "&state=warning", "db-fra-01"},
	} {
		if got := shownOf(listOf(t, hosts, c.query)); got != c.want {
			t.Errorf("%.40s: %s, want %s", c.query, got, c.want)
		}
	}
}

func TestStateOfAHost(t *testing.T) {
	for _, c := range []struct {
		row  live.Row
		want string
	}{
		{live.Row{Health: report.OK}, "ok"},
		{live.Row{Health: report.OK, State: alarm.Warning}, "warning"},
		{live.Row{Health: report.Unavailable, State: alarm.Critical}, "critical"},
		{live.Row{Health: report.Silent, State: alarm.Critical}, "silent"},
		{live.Row{Health: report.OK, State: alarm.Silent}, "silent"},
		{live.Row{Health: report.OK, State: alarm.Unknown}, "attention"},
		{live.Row{Health: report.Never}, "attention"},
		{live.Row{Health: report.Revoked, State: alarm.Critical}, "revoked"},
	} {
		if got := stateOf(&c.row); got != c.want {
			t.Errorf("%s, %v: %s, want %s", c.row.Health, c.row.State, got, c.want)
		}
	}
}

func TestHeading(t *testing.T) {
	for n, want := range map[int]string{1: "All is well: 1 host", 4: "All is well: 4 hosts", 20: "1 critical, 2 silent, 1 warning of 20 hosts"} {
		if got := listOf(t, fleet(n), "").Heading(); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

// A column stands where any host has its figure, and what is unknown is no zero.
func TestUnknownIsNoZero(t *testing.T) {
	hosts := fleet(1)
	hosts.rows[0].Figures = [live.Figures]live.Figure{}
	hosts.rows[0].Figures[live.Load] = live.Figure{Known: true, Text: "0.00", Share: 0}
	l := listOf(t, hosts, "")
	if len(l.Columns) != 1 || l.Columns[0].Key != "load" {
		t.Errorf("columns %v", l.Columns)
	}
	c := cellOf(&live.Figure{Value: 0, Share: -1}, "cpu")
	if c.Text != "–" || c.Value != "" || c.Width >= 0 {
		t.Errorf("unknown is %+v", c)
	}
}

// Texts of hosts are texts, wherever they stand.
func TestHostileHost(t *testing.T) {
	const evil = `"><script>alert(1)</script><a href="javascript:alert(1)" onclick=x>`
	hosts := &fakeHosts{rows: []live.Row{{Agent: 1, ID: "../" + evil, Name: evil, Tags: []string{evil}, Health: report.Silent, Situation: evil,
		Alarms: []live.Mark{{State: alarm.Critical, Text: evil, AckedBy: evil}}}}}
	for i := range hosts.rows[0].Figures {
		hosts.rows[0].Figures[i] = live.Figure{Known: true, Text: evil, Note: evil}
	}
	alarms := alarmsOf(hosts)
	alarms.standing = append(alarms.standing, watch.Standing{AgentID: evil, Host: evil, Text: evil, AckedBy: evil, State: alarm.Critical})
	alarms.changes = append(alarms.changes, watch.Change{Key: watch.Key{Agent: 7}, AgentID: evil, Host: evil, Text: evil, At: noon, State: alarm.Warning})
	s := newSite(t, Options{Login: somebody(watch.Admin), Hosts: hosts, Alarms: alarms, Now: func() time.Time { return noon }})
	for _, path := range []string{"/", "/?q=" + `%22%3E%3Cscript%3E`, "/?tag=%22%3E%3Cscript%3E", "/alarms", "/alarms?host=%22%3E%3Cscript%3E", "/login?next=%22%3E%3Cscript%3E"} {
		res := get(t, s, path)
		text := body(t, res)
		if res.StatusCode != 200 || strings.Contains(text, "<script>") || strings.Contains(text, `href="javascript`) || strings.Contains(text, " onclick=x>") {
			t.Errorf("%s: %d %s", path, res.StatusCode, text)
		}
	}
}

func TestLoginLeadsNowhereElse(t *testing.T) {
	for next, want := range map[string]string{
		"/alarms?tag=a": "/alarms?tag=a", "": "/", "//evil.example": "/", "https://evil.example": "/", `/\evil.example`: "/",
		"/\t/evil.example": "/", "javascript:alert(1)": "/", "alarms": "/", "/%2f/x": "/%2f/x",
	} {
		if got := nextOf(next); got != want {
			t.Errorf("%q leads to %q, want %q", next, got, want)
		}
	}
}

func BenchmarkHosts500(b *testing.B) { benchmarkHosts(b, 500) }
func BenchmarkHosts100(b *testing.B) { benchmarkHosts(b, 100) }

func benchmarkHosts(b *testing.B, n int) {
	s := newSite(b, Options{Login: somebody(watch.View), Hosts: fleet(n), Now: func() time.Time { return noon }})
	b.ReportAllocs()
	for b.Loop() {
		if res := get(b, s, "/", "Accept-Encoding", "gzip"); res.StatusCode != 200 {
			b.Fatal(res.Status)
		}
	}
}

// After a start of a large fleet nobody is told to add the first host.
func TestHostsThatAreNotReadYet(t *testing.T) {
	hosts := &fakeHosts{unread: true}
	s := newSite(t, Options{Login: somebody(watch.Admin), Hosts: hosts})
	res := get(t, s, "/")
	if text := body(t, res); res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Refresh") != "1" || strings.Contains(text, "first host") {
		t.Errorf("%d %v %s", res.StatusCode, res.Header, text)
	}
	hosts.unread = false
	if text := body(t, get(t, s, "/")); !strings.Contains(text, "Add the first host") {
		t.Error(text)
	}
}
