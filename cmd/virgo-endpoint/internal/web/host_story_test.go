package web

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/chart"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/cmd/virgo-endpoint/internal/store"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

// A story is what happened on a host: results every period from begin to noon. It was without a network from
// outage to outageEnd, so that those results came late, and off from down to downEnd.
type story struct {
	id                                       string
	begin                                    time.Time
	period                                   time.Duration
	outage, outageEnd, down, downEnd, reboot time.Time
}

// newStories returns a store with hosts.
func newStories(t testing.TB, stories ...story) *chart.Reader {
	t.Helper()
	path := filepath.Join(t.TempDir(), "endpoint.db")
	if _, err := store.Create(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	_, _, access := intaketest.NewToken(t, st)
	for _, s := range stories {
		s.tell(t, st, access)
		if _, err := st.TagAgent(t.Context(), s.id, []string{"web"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	return &chart.Reader{History: st, Store: st,
		Thresholds: func(string) []watch.Threshold {
			return []watch.Threshold{{CheckID: "filesystem", Metric: "used", Percent: true, Value: 90, Above: true, State: alarm.Warning, Rule: "disk"},
				{CheckID: "filesystem", Metric: "used", Percent: true, Value: 97, Above: true, State: alarm.Critical, Rule: "disk"},
				{CheckID: "load_average", Metric: "5m", Value: 8, Above: true, State: alarm.Warning, Rule: "load"},
				{CheckID: "memory", Metric: "total", Percent: true, Value: 90, Above: true, State: alarm.Warning, Rule: "memory"}}
		},
		Standing: func(id string) []watch.Standing {
			if id != "a" {
				return nil
			}
			return []watch.Standing{{Key: watch.Key{Rule: "disk", CheckID: "filesystem", Dimension: "/srv"}, State: alarm.Warning, Since: noon.Add(-40 * time.Minute), Text: "disk of /srv over 90 %: 91 %"}}
		},
		Changes: func(_ context.Context, f watch.ChangeFilter, fn func(watch.Change) error) error {
			for _, c := range []watch.Change{
				{Key: watch.Key{Rule: "disk", CheckID: "filesystem"}, At: noon.Add(-40 * time.Minute), State: alarm.Warning, Text: "disk of /srv over 90 %: 91 %"},
				{Key: watch.Key{Rule: "load", CheckID: "load_average"}, At: noon.Add(-145 * time.Minute), Until: noon.Add(-138 * time.Minute), State: alarm.Critical, Text: "load 11", Kind: watch.Late},
				{Key: watch.Key{Rule: "silent"}, At: noon.Add(-147 * time.Minute), Until: noon.Add(-129 * time.Minute), State: alarm.Silent},
			} {
				if err := fn(c); err != nil {
					return err
				}
			}
			return nil
		}}
}

// tell stores the results of a story.
func (s *story) tell(t testing.TB, st intaketest.Store, access intake.Access) {
	t.Helper()
	n := 0
	var results []intake.Result
	flush := func() {
		if len(results) == 0 {
			return
		}
		last := results[len(results)-1].Received
		_, err := st.Append(t.Context(), []intake.Arrival{{AgentID: s.id, Access: access, Received: last,
			Hello: &intake.Hello{Name: "web-" + s.id, Remote: "192.0.2.17:40112", ProcessVersion: "1.4.0",
				BundleVersion: "2.1.0", BundleState: "good"}, Results: results}})
		if err != nil {
			t.Fatal(err)
		}
		results = results[:0]
	}
	between := func(at, from, to time.Time) bool { return !from.IsZero() && !at.Before(from) && at.Before(to) }
	for at := s.begin; at.Before(noon); at = at.Add(s.period) {
		if between(at, s.down, s.downEnd) {
			continue
		}
		if at.Equal(s.outage) || at.Equal(s.outageEnd) {
			flush() // what a host sends at once arrives at one time
		}
		h := at.Sub(noon).Hours()
		up := at.Sub(s.begin).Seconds()
		if at.After(s.reboot) && !s.reboot.IsZero() {
			up = at.Sub(s.reboot).Seconds()
		}
		day := math.Sin(h/24*2*math.Pi) + 1
		noise := func(k float64) float64 { return math.Mod(math.Abs(math.Sin(h*977*k+k)*4391), 1) }
		busy := 12 + 22*day + 9*noise(1)
		if between(at, s.outage, s.outageEnd) {
			busy += 35
		}
		put := func(check, kind, metrics string) {
			r := intake.Result{ResultID: fmt.Sprint(s.id, check, n), CheckID: check, CheckType: kind, State: "available", Time: at, Received: at.Add(300 * time.Millisecond),
				Params: fmt.Appendf(nil, `{"min_check_period":%d,"metrics":[%s]}`, s.period.Milliseconds(), metrics)}
			if between(at, s.outage, s.outageEnd) {
				r.Late, r.Received = true, s.outageEnd.Add(time.Second)
			}
			if metrics == "" {
				r.State, r.Status = "unavailable", "Could not connect: connection refused"
				r.Params = fmt.Appendf(nil, `{"min_check_period":%d,"status":%q}`, s.period.Milliseconds(), r.Status)
			}
			n++
			results = append(results, r)
		}
		d := func(name string, v float64, unit string) string {
			return fmt.Sprintf(`%q:{"t":"double","v":"%.3f","u":%q}`, name, v, unit)
		}
		g := func(name string, v float64, unit string) string {
			return fmt.Sprintf(`%q:{"t":"gauge","v":"%d","u":%q}`, name, int64(v), unit)
		}
		in := func(dimension string, metrics ...string) string {
			if dimension == "" {
				return "[null,{" + strings.Join(metrics, ",") + "}]"
			}
			return fmt.Sprintf("[%q,{%s}]", dimension, strings.Join(metrics, ","))
		}
		put("cpu", "agent.cpu", in("", d("usage_average", busy, "percent"), d("user_percent_average", busy*.7, "percent"), d("sys_percent_average", busy*.2, "percent"),
			d("wait_percent_average", busy*.08, "percent"), d("irq_percent_average", 0.2, "percent"), d("stolen_percent_average", 0, "percent"),
			d("max_cpu_usage", math.Min(100, busy*1.6), "percent"), d("min_cpu_usage", busy*.4, "percent")))
		const gib = 1 << 30
		used := (9 + day + noise(2)/2) * gib
		put("memory", "agent.memory", in("", g("total", 31.2*gib, "bytes"), g("actual_used", used, "bytes"), g("actual_free", 31.2*gib-used, "bytes"), g("used", 28*gib, "bytes"),
			g("swap_total", 4*gib, "bytes"), g("swap_used", .3*gib, "bytes"), g("swap_page_in", 0, "bytes"), g("swap_page_out", 0, "bytes")))
		put("load_average", "agent.load_average", in("", d("1m", busy/12+noise(3), ""), d("5m", busy/12, ""), d("15m", busy/13, "")))
		srv := 170e6 + 5e5*math.Mod(at.Sub(s.begin).Hours(), 24)
		put("filesystem", "agent.filesystem", in("/", g("used", 41e6+1e5*noise(4), "kilobytes"), g("avail", 59e6, "kilobytes"), g("files", 6e6, "files"), g("free_files", 5.1e6, "files"))+","+
			in("/srv", g("used", srv, "kilobytes"), g("avail", 190e6-srv, "kilobytes"), g("files", 6e6, "files"), g("free_files", 3e6, "files")))
		put("disk", "agent.disk", in("nvme0n1", g("read_bytes", up*4e6*(1+noise(5)/1e4), "bytes"), g("write_bytes", up*9e6, "bytes"), g("reads", up*120, "operations"), g("writes", up*300, "operations"),
			g("time", up*180, "milliseconds"), d("service_time", .4+.2*noise(6), "milliseconds"), d("queue", .3*noise(7), ""))+","+
			in("loop0", g("read_bytes", 0, "bytes"), g("write_bytes", 0, "bytes"), g("time", 0, "milliseconds")))
		put("network", "agent.network", in("eth0", g("rx_bytes", up*2.1e6+3e5*math.Sin(h*9)*60, "bytes"), g("tx_bytes", up*5.4e6, "bytes"), g("rx_packets", up*2e3, "packets"), g("tx_packets", up*3e3, "packets"),
			g("rx_errors", 0, "errors"), g("tx_errors", 0, "errors"), g("rx_dropped", up*.01, "packets"))+","+in("docker0", g("rx_bytes", 0, "bytes"), g("tx_bytes", 0, "bytes")))
		put("virgo", "agent.virgo", in("", g("spool_results", 0, "results"), d("last_run_duration", .05+.01*noise(8), "seconds"), d("clock_offset", 12+noise(9), "milliseconds")))
		site := in("", d("duration", 120+80*noise(10), "milliseconds"), d("tt_firstbyte", 90+60*noise(10), "milliseconds"), d("tt_connect", 12, "milliseconds"), d("cert_end_in", 40*86400-up, "seconds"))
		if between(at, noon.Add(-80*time.Minute), noon.Add(-70*time.Minute)) {
			site = ""
		}
		put("shop", "remote.http", site)
		put("queue", "agent.plugin", in("mail", g("waiting", 40*noise(11), ""))+","+in("print", g("waiting", 9*noise(12), "")))
		put("redis", "agent.redis", "")
		if len(results) > 2000 {
			flush()
		}
	}
	flush()
}
