package api

import (
	"bufio"
	"cmp"
	"context"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"virgo/cmd/virgo-endpoint/internal/live"
	"virgo/cmd/virgo-endpoint/internal/output/names"
	"virgo/cmd/virgo-endpoint/internal/report"
)

const (
	// maxScrapes bounds the documents of all hosts' figures that are made at a time: each takes some hundred bytes for a series.
	maxScrapes = 2
	// stalePeriods is after how many periods of its check a value is left out, so that Prometheus marks its series stale.
	stalePeriods = 3
	// staleUnknown is the same for a check whose period is not known.
	staleUnknown = 15 * time.Minute
)

// The names of what this endpoint says of hosts. No check has a metric of such a name here.
const (
	upName        = "virgo_up"
	lastSeenName  = "virgo_last_seen_timestamp_seconds"
	availableName = "virgo_check_available"
)

// Live has the latest values of all hosts; a live.Table is one.
type Live interface {
	// Each calls fn with each host, by id, until fn returns false.
	Each(now time.Time, fn func(h *live.Host, checks []live.Check, values []live.Sample) bool)
	// Left is how many values were not kept.
	Left() int64
}

type hostFiguresInput struct {
	Tag  string `query:"tag" maxLength:"64" doc:"Only hosts with this tag."`
	Type string `query:"type" maxLength:"256" doc:"Only values of checks of this type, for example agent.cpu."`
}

func (a *API) registerHostFigures() {
	op := operation("/metrics/hosts", "get-host-metrics", "The latest values of all hosts, in Prometheus' text format", selfTag)
	op.Description = "Names and units are as Prometheus has them: percent is a ratio, kilobytes are bytes, counters end with _total. " +
		"A value that is older than three periods of its check is left out."
	op.Responses = map[string]*huma.Response{"200": {Description: "Values", Content: map[string]*huma.MediaType{
		metricsType: {Schema: &huma.Schema{Type: huma.TypeString}},
	}}}
	huma.Register(a.huma, op, a.hostFigures)
}

func (a *API) hostFigures(_ context.Context, in *hostFiguresInput) (*huma.StreamResponse, error) {
	if a.Live == nil {
		return nil, huma.Error503ServiceUnavailable("this endpoint does not keep the latest values")
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		_, w := humago.Unwrap(hc)
		select {
		case a.scrapes <- struct{}{}:
			defer func() { <-a.scrapes }()
		default:
			tooMany(w)
			return
		}
		families := gatherFigures(a.Live, in, a.Now())
		w.Header().Set("Content-Type", metricsType)
		out := bufio.NewWriter(w)
		for _, name := range slices.Sorted(maps.Keys(families)) {
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTime)) // where there is none, none is needed
			families[name].write(out, name)
		}
		_ = out.Flush() // whoever went away needs nothing more
	}}, nil
}

// A family is all series of one name.
type family struct {
	help    string
	counter bool
	series  []hostSeries
}

// A hostSeries is one series of a host; its check is nil for one of the host.
type hostSeries struct {
	agent, host, check, typ, dimension string
	// label is the name of the dimension's label. A host can give a metric of its own the name of another's, so it is not the family's.
	label string
	value float64
}

// gatherFigures collects what is written, by name.
func gatherFigures(table Live, in *hostFiguresInput, now time.Time) map[string]*family {
	families := map[string]*family{}
	known := map[names.Metric]names.Prometheus{}
	familyOf := func(name, help string, counter bool) *family {
		f := families[name]
		if f == nil {
			f = &family{help: help, counter: counter}
			families[name] = f
		}
		return f
	}
	own := func(name, help string, s hostSeries) {
		f := familyOf(name, help, false)
		f.series = append(f.series, s)
	}
	table.Each(now, func(h *live.Host, checks []live.Check, values []live.Sample) bool {
		if h.Health == report.Removed || h.Health == report.Revoked || in.Tag != "" && !slices.Contains(h.Tags, in.Tag) {
			return true
		}
		host := hostSeries{agent: h.ID, host: h.Name}
		if in.Type == "" {
			host.value = truth(h.Health != report.Silent && h.Health != report.Never)
			own(upName, "1 while the host is heard.", host)
			if !h.LastSeen.IsZero() {
				host.value = seconds(h.LastSeen)
				own(lastSeenName, "When the host was last heard.", host)
			}
		}
		for i := range checks {
			c := &checks[i]
			if in.Type == "" || in.Type == c.Type {
				if !c.Refused && !stale(c, now) {
					own(availableName, "1 if the check could be made.", hostSeries{h.ID, h.Name, c.ID, c.Type, "", "", truth(c.Available)})
				}
			}
		}
		for i := range values {
			v := &values[i]
			if in.Type != "" && in.Type != v.Type || stale(&v.Check, now) {
				continue
			}
			m := names.Metric{CheckType: v.Type, Name: v.Metric, Kind: v.Kind, Unit: v.Unit}
			p, ok := known[m]
			if !ok {
				p = names.ToPrometheus(m)
				known[m] = p
			}
			if p.Name == upName || p.Name == lastSeenName || p.Name == availableName {
				continue
			}
			f := familyOf(p.Name, v.Metric+" of "+v.Type, p.Counter)
			f.series = append(f.series, hostSeries{h.ID, h.Name, v.ID, v.Type, v.Dimension, names.Label(v.Type), v.Value * p.Factor})
		}
		return true
	})
	return families
}

// stale reports whether a check says nothing about now any more.
func stale(c *live.Check, now time.Time) bool {
	after := stalePeriods * c.Period
	if after == 0 {
		after = staleUnknown
	}
	return now.Sub(c.Time) > after
}

// write writes a family. Nothing of it is there twice: of equal series the first counts.
func (f *family) write(b *bufio.Writer, name string) {
	kind := "gauge"
	if f.counter {
		kind = "counter"
	}
	b.WriteString("# HELP " + name + " " + helpEscapes.Replace(f.help) + "\n# TYPE " + name + " " + kind + "\n")
	slices.SortStableFunc(f.series, func(a, b hostSeries) int {
		return cmp.Or(cmp.Compare(a.agent, b.agent), cmp.Compare(a.check, b.check), cmp.Compare(a.dimension, b.dimension))
	})
	for i := range f.series {
		s := &f.series[i]
		if i > 0 && s.agent == f.series[i-1].agent && s.check == f.series[i-1].check && s.dimension == f.series[i-1].dimension {
			continue
		}
		b.WriteString(name + "{")
		label(b, "agent", s.agent)
		b.WriteByte(',')
		label(b, "host", s.host)
		if s.check != "" {
			b.WriteByte(',')
			label(b, "check", s.check)
			b.WriteByte(',')
			label(b, "type", s.typ)
		}
		if s.dimension != "" {
			b.WriteByte(',')
			label(b, s.label, s.dimension)
		}
		b.WriteString("} " + exposed(s.value) + "\n")
	}
}

var helpEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`)

func label(b *bufio.Writer, name, value string) {
	b.WriteString(name + `="` + labelEscapes.Replace(value) + `"`)
}

// exposed is a value as Prometheus reads it: whole ones with all digits.
func exposed(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
