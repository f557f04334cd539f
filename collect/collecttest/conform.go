// Package collecttest is the conformance suite that the checks of every family pass, with what
// their tests share. Its metrics and details are compared with testdata/CHECKS.md ([ReadContract]).
package collecttest

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

// A Subject is a type of check and what is expected of it on the host of the test.
type Subject struct {
	Type collect.Type
	// Details with which it is available here.
	Details schedule.Details
	// Metrics that it may report, by name, with type and unit as CHECKS.md has them.
	Metrics map[string]Metric
	// Optional names those that may be absent.
	Optional []string
	// Status reports whether the status of an available check is right; nil: only "success" is.
	Status func(status string) bool
	// Wrong are details that it rejects, and its status then.
	Wrong []Wrong
}

// A Metric is the type and unit of a metric in CHECKS.md.
type Metric struct {
	Type collect.MetricType
	Unit string
}

// Wrong are details that a check rejects, and its status.
type Wrong struct {
	Details schedule.Details
	Status  string
}

// Conform runs the suite. Checks that take two samples take about two seconds.
func Conform(t *testing.T, s Subject) {
	if Confined() {
		runConfined(t, s)
		return
	}
	if s.Type.KernelOnly {
		t.Run("kernel only", func(t *testing.T) { kernelOnly(t, s) })
	}
	t.Run("type", func(t *testing.T) { describes(t, s) })
	t.Run("works", func(t *testing.T) { works(t, s) })
	t.Run("refuses", func(t *testing.T) { refuses(t, s) })
	t.Run("cancelled", func(t *testing.T) { cancelled(t, s) })
}

// describes tests that a type's description is complete and true.
func describes(t *testing.T, s Subject) {
	if s.Type.Summary == "" || s.Type.Summary[len(s.Type.Summary)-1] == '.' {
		t.Errorf("summary %q", s.Type.Summary)
	}
	for _, text := range s.Type.KeyMetrics {
		figure := collect.ParseFigure(text)
		for _, name := range append(figure.Of, figure.Metric) {
			if _, ok := s.Metrics[name]; !ok {
				t.Errorf("metric %q of the key figure %q is not reported", name, text)
			}
		}
	}
	for _, d := range s.Type.Details {
		if d.Name == "" || d.Summary == "" {
			t.Errorf("detail %+v", d)
		}
	}
	ReadContract(t).Metrics(t, s.Type.Name, s.Metrics)
}

// works tests that the check reports what it should, without a sample, with the sample of the run
// before, and with invalid ones.
func works(t *testing.T, s Subject) {
	first := run(t, t.Context(), s, s.Details, nil)[0]
	reports(t, s, first)
	previous := [][]byte{
		first.Sample, {}, {0}, []byte("garbage that is not a sample, and longer than any"), bytes.Repeat([]byte{0xff}, 200),
	}
	for n := range first.Sample {
		previous = append(previous, first.Sample[:n])
	}
	if len(first.Sample) > 0 {
		previous = append(previous, append(slices.Clone(first.Sample), 0))
		newer := slices.Clone(first.Sample)
		newer[1]++
		previous = append(previous, newer)
	}
	original := slices.Clone(first.Sample)
	for _, o := range run(t, t.Context(), s, s.Details, previous) {
		reports(t, s, o)
		if (o.Sample == nil) != (first.Sample == nil) {
			t.Errorf("the first run returned a sample of %d bytes, another %d", len(first.Sample), len(o.Sample))
		}
	}
	if !bytes.Equal(original, first.Sample) {
		t.Error("a check changed the sample it was given")
	}
}

func reports(t *testing.T, s Subject, o collect.Outcome) {
	t.Helper()
	r := o.Result
	right := r.Status == collect.StatusSuccess
	if s.Status != nil {
		right = s.Status(r.Status)
	}
	if r.State != collect.Available || !right {
		t.Fatalf("%s: %q", r.State, r.Status)
	}
	data := r.AppendJSON(nil)
	if !json.Valid(data) {
		t.Errorf("not JSON: %q", data)
	}
	back, err := collect.ParseResult(data)
	if err != nil {
		t.Error(err)
	}
	// The wire has milliseconds.
	r.Time, back.Time = r.Time.Truncate(time.Millisecond).Local(), back.Time.Local()
	if r.Time = time.UnixMilli(r.Time.UnixMilli()); !reflect.DeepEqual(back, r) {
		t.Errorf("sent     %+v\nreceived %+v", r, back)
	}
	missing := maps.Clone(s.Metrics)
	for _, m := range r.Metrics {
		want, ok := s.Metrics[m.Name]
		if !ok || m.Type != want.Type || m.Unit != want.Unit {
			t.Errorf("%s: %s in %q, want %s in %q", m.Name, m.Type, m.Unit, want.Type, want.Unit)
		}
		if !m.Valid() {
			t.Errorf("%s: %q is not a %s", m.Name, m.Value, m.Type)
		}
		delete(missing, m.Name)
	}
	for _, name := range s.Optional {
		delete(missing, name)
	}
	if len(missing) > 0 {
		t.Errorf("not reported: %v", slices.Sorted(maps.Keys(missing)))
	}
}

// refuses tests that wrong details become a result that says so.
func refuses(t *testing.T, s Subject) {
	for _, w := range s.Wrong {
		o := run(t, t.Context(), s, w.Details, nil)[0]
		if r := o.Result; r.State != collect.Unavailable || r.Status != collect.TruncateStatus(w.Status) || len(r.Metrics) > 0 {
			t.Errorf("%v: %s, %q, want %q", w.Details, o.Result.State, o.Result.Status, w.Status)
		}
	}
}

// cancelled tests that a check whose context is done returns without waiting. The clock of a
// synctest bubble advances only while everything in it waits.
func cancelled(t *testing.T, s Subject) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		start := time.Now()
		_, err := s.Type.Checker.Check(ctx, request(s, s.Details, nil))
		if waited := time.Since(start); waited != 0 {
			t.Errorf("waited %v", waited)
		}
		if err == nil {
			t.Error("no error")
		}
	})
}

func request(s Subject, d schedule.Details, previous []byte) collect.Request {
	return collect.Request{Check: check(s, d), Previous: previous, Now: time.Now}
}

func check(s Subject, d schedule.Details) schedule.Check {
	return schedule.Check{ID: "conform", Type: s.Type.Name, Details: d, Period: time.Minute, Timeout: time.Minute}
}

// run runs the check once for each previous sample, all at the same time, or once without a sample.
func run(t *testing.T, ctx context.Context, s Subject, d schedule.Details, previous [][]byte) []collect.Outcome {
	t.Helper()
	registry, err := collect.NewRegistry(s.Type)
	if err != nil {
		t.Fatal(err)
	}
	if previous == nil {
		previous = [][]byte{nil}
	}
	jobs := make([]collect.Job, len(previous))
	for i := range jobs {
		jobs[i] = collect.Job{Check: check(s, d), Previous: previous[i]}
	}
	outcomes := make([]collect.Outcome, len(jobs))
	runner := collect.Runner{Registry: registry, Concurrency: len(jobs)}
	runner.Run(ctx, jobs, func(i int, o collect.Outcome) { outcomes[i] = o })
	return outcomes
}
