package trial

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect"
	"virgo/collect/script"
	"virgo/schedule"
	"virgo/schedule/scriptbundle"
)

// trialOf is the t of one test.
type trialOf struct {
	ctx    context.Context
	folder Folder
	script string // its name without .lua
	opt    script.Options
	runs   int
	last   *Outcome
	// metricsOfAll are those of all runs.
	metricsOfAll []collect.Metric
}

func (t *trialOf) object(l *lua.LState) *lua.LTable {
	object := l.NewTable()
	for name, method := range map[string]func(*lua.LState){
		"run": t.run, "metric": t.metric, "no_metric": t.noMetric, "metrics": t.metrics, "status": t.status,
		"unavailable": t.unavailable, "failed": t.failed, "saved": t.saved, "equal": equal,
	} {
		object.RawSetString(name, l.NewFunction(func(l *lua.LState) int {
			if l.Get(1) != object {
				l.RaiseError("write t:%s(…), with a colon", name)
			}
			if name != "run" && name != "equal" && t.runs == 0 {
				l.RaiseError("t:%s comes after t:run", name)
			}
			method(l)
			return 0
		}))
	}
	return object
}

// run runs the script with what a test captured.
func (t *trialOf) run(l *lua.LState) {
	spec, err := goValue(l.OptTable(2, l.NewTable()), maxValueDepth)
	if err != nil {
		l.RaiseError("%s", err.Error())
	}
	all, ok := spec.(map[string]any)
	if !ok {
		l.RaiseError("t:run wants a table by names")
	}
	captured, err := reader{t.folder}.captured(all)
	if err != nil {
		l.RaiseError("%s", err.Error())
	}
	run := Run{Type: scriptbundle.TypePrefix + t.script, Now: time.Unix(1_700_000_000, 0).UTC()}
	if now, ok := all["now"].(float64); ok {
		run.Now = time.UnixMicro(int64(now * 1e6)).UTC()
	}
	if saved, ok := all["saved"]; ok {
		if run.Saved, err = json.Marshal(saved); err != nil {
			l.RaiseError("saved: %s", err.Error())
		}
	}
	if run.Details, err = details(all["details"]); err != nil {
		l.RaiseError("%s", err.Error())
	}
	t.runs++
	opt := t.opt
	opt.World, opt.System = captured.World(), captured.facts.OS
	if t.last, err = Do(t.ctx, opt, t.folder, run); err != nil {
		l.RaiseError("%s", err.Error())
	}
	t.metricsOfAll = append(t.metricsOfAll, t.last.Metrics...)
	if len(captured.absent) > 0 {
		l.RaiseError("the script asked for what the test does not capture: %s", strings.Join(captured.absent, "; "))
	}
}

// details returns those of a schedule: numbers are texts, as parsers of schedules have them.
func details(v any) (schedule.Details, error) {
	text, err := json.Marshal(v)
	if err != nil || v == nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var parsed schedule.Details
	if err := d.Decode(&parsed); err != nil {
		return nil, fmt.Errorf("details is not a table by names")
	}
	return parsed, nil
}

// available ends the test if the script did not come to its end.
func (t *trialOf) available(l *lua.LState) {
	if text, ok := t.last.Fault(); ok {
		l.RaiseError("the check is unavailable: %s", text)
	}
}

func (t *trialOf) find(name, dimension string) (collect.Metric, bool) {
	for _, m := range t.last.Metrics {
		if m.Name == name && m.Dimension == dimension {
			return m, true
		}
	}
	return collect.Metric{}, false
}

// metric compares a metric: its value, unless that is nil, and its unit if there is one.
func (t *trialOf) metric(l *lua.LState) {
	t.available(l)
	name, dimension := l.CheckString(2), l.OptString(4, "")
	m, ok := t.find(name, dimension)
	if !ok {
		l.RaiseError("there is no metric %s; there are %s", called(name, dimension), t.list())
	}
	if want := l.Get(3); want != lua.LNil && !sameMetric(m, want) {
		l.RaiseError("the metric %s is %s, not %s",
			called(name, dimension), m.Value, lua.LVAsString(l.ToStringMeta(want)))
	}
	if unit := l.OptString(5, m.Unit); unit != m.Unit {
		l.RaiseError("the unit of %s is %q, not %q", called(name, dimension), m.Unit, unit)
	}
}

func sameMetric(m collect.Metric, want lua.LValue) bool {
	if n, ok := want.(lua.LNumber); ok {
		got, err := strconv.ParseFloat(m.Value, 64)
		return err == nil && sameNumber(got, float64(n))
	}
	if b, ok := want.(lua.LBool); ok {
		return m.Type == collect.Bool && m.Value == strconv.FormatBool(bool(b))
	}
	return m.Value == lua.LVAsString(want)
}

func called(name, dimension string) string {
	if dimension == "" {
		return strconv.Quote(name)
	}
	return fmt.Sprintf("%q of %q", name, dimension)
}

// maxListed bounds how many metrics a failure lists.
const maxListed = 20

func (t *trialOf) list() string {
	var all []string
	for _, m := range t.last.Metrics {
		if len(all) == maxListed {
			all = append(all, "…")
			break
		}
		all = append(all, called(m.Name, m.Dimension)+" = "+m.Value)
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

func (t *trialOf) noMetric(l *lua.LState) {
	name, dimension := l.CheckString(2), l.OptString(3, "")
	if m, ok := t.find(name, dimension); ok {
		l.RaiseError("there is the metric %s = %s", called(name, dimension), m.Value)
	}
}

func (t *trialOf) metrics(l *lua.LState) {
	t.available(l)
	if got, want := len(t.last.Metrics), l.CheckInt(2); got != want {
		l.RaiseError("there are %d metrics, not %d: %s", got, want, t.list())
	}
}

func (t *trialOf) status(l *lua.LState) {
	t.available(l)
	if got, want := t.last.Status, l.CheckString(2); got != want {
		l.RaiseError("the status is %q, not %q", got, want)
	}
}

func (t *trialOf) unavailable(l *lua.LState) {
	got, ok := t.last.Fault()
	if !ok {
		l.RaiseError("the check is available: %q", t.last.Status)
	}
	if t.last.Failed != nil {
		l.RaiseError("the script failed: %s", t.last.Failed.Error())
	}
	if want := l.OptString(2, got); got != want {
		l.RaiseError("it is unavailable with %q, not %q", got, want)
	}
}

// failed wants an error of the script itself that contains a text.
func (t *trialOf) failed(l *lua.LState) {
	failed := t.last.Failed
	if failed == nil {
		l.RaiseError("the script did not fail: %s", t.last.Status)
	}
	if want := l.OptString(2, ""); !strings.Contains(failed.Error(), want) {
		l.RaiseError("the script failed with %q, which does not contain %q", failed.Error(), want)
	}
}

func (t *trialOf) saved(l *lua.LState) {
	want, err := goValue(l.Get(2), maxValueDepth)
	if err != nil {
		l.RaiseError("%s", err.Error())
	}
	var got any
	_ = json.Unmarshal(t.last.Saved, &got) // nothing that was saved is nil
	if !sameValue(got, want) {
		l.RaiseError("it saved %s, not %s", valueText(got), valueText(want))
	}
}

func equal(l *lua.LState) {
	got, err := goValue(l.Get(2), maxValueDepth)
	want, err2 := goValue(l.Get(3), maxValueDepth)
	if err != nil || err2 != nil || !sameValue(got, want) {
		l.RaiseError("got %s, want %s", valueText(got), valueText(want))
	}
}
