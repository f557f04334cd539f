package trial

import (
	"context"
	"errors"
	"runtime/metrics"
	"time"

	"virgo/collect"
	"virgo/collect/script"
	"virgo/schedule"
	"virgo/schedule/policy"
)

// A Run is one run of a script.
type Run struct {
	Type    string // script.NAME
	Details schedule.Details
	Saved   []byte // what the script saved before
	Now     time.Time
}

// An Outcome is what came of it.
type Outcome struct {
	Unavailable bool             `json:"unavailable,omitempty"`
	Status      string           `json:"status,omitempty"`
	Metrics     []collect.Metric `json:"metrics,omitempty"`
	Saved       []byte           `json:"saved,omitempty"` // JSON
	// Error is why there is none: the script is broken, was refused something, or its time
	// was up. Empty: it ran.
	Error   string               `json:"error,omitempty"`
	Failed  *script.Error        `json:"failed,omitempty"` // the script is broken
	Refused *policy.RefusedError `json:"refused,omitempty"`
	Log     []string             `json:"log,omitempty"`
	Used    script.Used          `json:"used"`
	// Allocated is how many bytes were allocated in all, most of which may have been freed.
	Allocated uint64 `json:"allocated"`
}

// Fault returns why the check is unavailable, if it is.
func (o *Outcome) Fault() (string, bool) {
	if o.Error != "" {
		return o.Error, true
	}
	return o.Status, o.Unavailable
}

// Report returns it as a check's report.
func (o *Outcome) Report() collect.Report {
	return collect.Report{Unavailable: o.Unavailable, Status: o.Status, Metrics: o.Metrics, Sample: o.Saved}
}

// Do runs a script of the source once. The error is that of a file that cannot be loaded.
func Do(ctx context.Context, opt script.Options, source script.Source, run Run) (*Outcome, error) {
	o := &Outcome{}
	opt.Sources = []script.Source{source}
	opt.Log = func(line string) { o.Log = append(o.Log, line) }
	opt.Trace = func(t script.Trace) {
		o.Used = t.Used
		errors.As(t.Err, &o.Failed)
	}
	types, failed := script.Types(opt)
	for _, t := range types {
		if t.Name != run.Type {
			continue
		}
		before := allocated()
		report, err := t.Checker.Check(ctx, collect.Request{
			Check:    schedule.Check{ID: run.Type, Type: run.Type, Details: run.Details},
			Previous: run.Saved, Now: func() time.Time { return run.Now },
		})
		o.Allocated = allocated() - before
		o.Unavailable, o.Status, o.Metrics, o.Saved = report.Unavailable, report.Status, report.Metrics, report.Sample
		if err != nil {
			o.Error = err.Error()
			errors.As(err, &o.Refused)
		}
		return o, nil
	}
	return nil, errors.Join(failed...)
}

// allocated returns how many bytes this process has allocated since it started.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
