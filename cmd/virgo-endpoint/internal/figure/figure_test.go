package figure

import (
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documented returns the metrics that CHECKS.md lists, by check type.
func documented(t *testing.T) map[string][]string {
	t.Helper()
	data, err := os.ReadFile("../../../../testdata/CHECKS.md")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	quoted := regexp.MustCompile("`([^`]+)`")
	for row := range strings.Lines(string(data)) {
		cells := strings.Split(strings.TrimSpace(row), " | ")
		if len(cells) != 3 || !strings.HasPrefix(row, "| `") {
			continue
		}
		for _, m := range quoted.FindAllStringSubmatch(cells[2], -1) {
			name := quoted.FindStringSubmatch(cells[0])[1]
			found[name] = append(found[name], m[1])
		}
	}
	return found
}

// described are the check types of the table.
func described() []string {
	return []string{"agent.cpu", "agent.memory", "agent.load_average", "agent.disk", "agent.filesystem", "agent.filesystem_state", "agent.network",
		"agent.process", "agent.file", "agent.systemd", "agent.virgo", "agent.redis", "agent.mysql", "agent.apache", "agent.postgres",
		"agent.memcached", "agent.nginx", "agent.mssql_buffer_manager", "remote.http", "remote.tcp", "remote.ping", "remote.dns"}
}

// A row whose metric has another name would lose its plot without a word.
func TestRowsNameMetricsThatThereAre(t *testing.T) {
	docs := documented(t)
	for _, name := range described() {
		k, ok := kinds(name)
		if !ok || len(k.plots) == 0 {
			t.Fatalf("%s is not described", name)
		}
		ids := map[string]bool{}
		known := func(metric string) bool {
			return slices.ContainsFunc(docs[name], func(doc string) bool {
				ok, _ := path.Match(doc, metric)
				return ok || doc == metric
			})
		}
		for _, p := range k.plots {
			if ids[p.id] || p.id == "" || p.title == "" || !strings.HasSuffix(p.sentence, ".") || len(p.lines) == 0 || len(p.lines) > MaxLines {
				t.Errorf("%s: %+v", name, p)
			}
			ids[p.id] = true
			metrics := []string{}
			for _, l := range p.lines {
				metrics = append(append(append(metrics, l.add...), l.take...), l.of...)
			}
			if p.top != "" {
				metrics = append(metrics, p.top)
			}
			for _, m := range metrics {
				if !known(m) {
					t.Errorf("%s, plot %s: CHECKS.md has no metric %q", name, p.id, m)
				}
			}
		}
		for _, m := range slices.Concat(k.hidden, k.counters) {
			if !known(m) && !slices.Contains(docs[name], m) && !strings.HasSuffix(m, ".*") {
				t.Errorf("%s: CHECKS.md has no metric %q", name, m)
			}
		}
	}
}

// text is a short form of frames for comparison.
func text(frames []Frame, list []Series) []string {
	var out []string
	for _, f := range frames {
		s := f.ID + " [" + f.Unit + "]"
		for _, l := range f.Lines {
			s += " " + l.Name + "="
			for _, i := range l.Add {
				s += list[i].Dimension + ":" + list[i].Metric
			}
			s += fmt.Sprintf("*%g", l.Factor)
			if l.Counter {
				s += "'"
			}
		}
		out = append(out, s)
	}
	return out
}

func TestArrange(t *testing.T) {
	for name, test := range map[string]struct {
		kind string
		list []Series
		want []string
	}{
		"a line for each file system": {"agent.filesystem",
			[]Series{{"/", "avail", "int64", "kilobytes"}, {"/", "used", "int64", "kilobytes"}, {"/srv", "avail", "int64", "kilobytes"}, {"/srv", "used", "int64", "kilobytes"}},
			[]string{"space/ [percent] /=/:used*100 /srv=/srv:used*100", "avail/ [bytes] /=/:avail*1024 /srv=/srv:avail*1024"}},
		"a plot for each interface": {"agent.network",
			[]Series{{"a", "rx_bytes", "gauge", "bytes"}, {"a", "tx_bytes", "gauge", "bytes"}, {"b", "rx_bytes", "gauge", "bytes"}},
			[]string{"traffic/a [bytes/s] received=a:rx_bytes*1' sent=a:tx_bytes*1'", "traffic/b [bytes/s] received=b:rx_bytes*1'"}},
		"time as a share of time": {"agent.disk", []Series{{"sda", "time", "int64", "milliseconds"}}, []string{"busy/sda [percent] sda=sda:time*0.1'"}},
		"counters of a service": {"agent.mysql",
			[]Series{{"", "handler.commit", "gauge", "queries"}, {"", "handler.rollback", "uint64", "queries"}, {"", "qcache.size", "uint64", "bytes"}},
			[]string{"metric/handler.commit [queries/s] handler.commit=:handler.commit*1' handler.rollback=:handler.rollback*1'", "metric/qcache.size [bytes] qcache.size=:qcache.size*1"}},
		"a plugin": {"agent.plugin",
			[]Series{{"", "pool_used", "int64", "KB"}, {"", "pool_free", "int64", "MB"}, {"", "hits", "uint64", "c"}, {"a", "temp", "double", "C"}, {"b", "temp", "double", "C"}, {"b", "x", "int64", ""}},
			[]string{"metric/pool_used [bytes] pool_used=:pool_used*1024 pool_free=:pool_free*1.048576e+06", "metric/hits [/s] hits=:hits*1'",
				"metric/temp/a [C] a=a:temp*1 b=b:temp*1", "metric/x/b [] x=b:x*1"}},
	} {
		got := text(Arrange(test.kind, test.list), test.list)
		for i := range got {
			got[i] = strings.Replace(got[i], "space// ", "space/ ", 1)
			got[i] = strings.Replace(got[i], "avail// ", "avail/ ", 1)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(test.want, "\n"))
		}
	}
}

// Whatever names a host invents: each series is in a plot, none has too many lines, and no two plots have one id.
func TestEverySeriesHasAPlot(t *testing.T) {
	var list []Series
	for _, dimension := range []string{"", "a", "ä/b", "c.d", "\x00"} {
		for _, metric := range []string{"used", "usage_average", "rx_bytes", "time", "total"} {
			list = append(list, Series{dimension, metric, "gauge", "bytes"})
		}
		for _, metric := range []string{"", "_", ".", "_a", "a_", "x.y", "x_y", "x.z", "a_total", "used", "usage_average", "rx_bytes", "m.total", "\x00", "%s", "<b>"} {
			for _, unit := range []string{"", "bytes", "percent", "%s"} {
				list = append(list, Series{dimension, metric + "/" + unit, "gauge", unit})
			}
		}
	}
	for _, name := range append(described(), "agent.plugin", "", "x") {
		k, _ := kinds(name)
		frames := Arrange(name, list)
		seen, ids := map[int]bool{}, map[string]bool{}
		for _, f := range frames {
			if ids[f.ID] {
				t.Errorf("%s: two plots %q", name, f.ID)
			}
			ids[f.ID] = true
			if len(f.Lines) == 0 || len(f.Lines) > MaxLines || f.Sentence == "" {
				t.Errorf("%s: %+v", name, f)
			}
			for _, l := range f.Lines {
				for _, i := range slices.Concat(l.Add, l.Take, l.Of) {
					seen[i] = true
				}
			}
		}
		for i, s := range list {
			if !seen[i] && !slices.Contains(k.hidden, s.Metric) && !partOfRow(&k, s.Metric) {
				t.Errorf("%s: no plot has %+v", name, s)
			}
		}
	}
}

// partOfRow: a share of which another metric is missing has no plot.
func partOfRow(k *kind, metric string) bool {
	return slices.ContainsFunc(k.plots, func(p plot) bool {
		return p.top == metric || slices.ContainsFunc(p.lines, func(l line) bool { return len(l.of) > 0 && slices.Contains(slices.Concat(l.add, l.take, l.of), metric) })
	})
}
