package collect

import (
	"context"
	"errors"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"virgo/schedule"
	"virgo/schedule/policy"
	"virgo/schedule/shorttext"
)

// errTimeout is the cause of a check's context that ended because of the check's own time limit.
var errTimeout = errors.New("check's time limit")

// A FailedError is the error of a check whose own code is broken, which says nothing of what it watches.
type FailedError struct {
	Kind string // load, error, memory, ...
	Text string
}

func (e *FailedError) Error() string { return e.Text }

// outcome returns the outcome of a check that returned.
func (r *Runner) outcome(a running, job Job, report Report, err error) Outcome {
	took := time.Since(a.started)
	o := r.failed(job, "", took)
	o.release = report.Release
	if len(report.Sample) <= MaxSampleBytes {
		o.Sample = report.Sample
	}
	if !report.Time.IsZero() {
		o.Result.Time = report.Time
	}
	var refused *policy.RefusedError
	switch ended := a.ctx.Err() != nil; {
	case err != nil && ended && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)):
		o.Result.Status = timeoutStatus(a.ctx, a.timeout, took)
	case errors.As(err, &refused):
		o.Result.Status, o.Result.Refused = TruncateStatus(refused.Error()), true
	case err != nil:
		o.Result.Status = TruncateStatus(r.mistake(job.Check, err))
		if failed := (*FailedError)(nil); errors.As(err, &failed) {
			o.Failed = failed.Kind
		}
	case report.Unavailable:
		o.Result.Status = TruncateStatus(report.Status)
	default:
		o.Result.State = Available
		o.Result.Status = TruncateStatus(report.Status)
		o.Result.Metrics = withoutControls(report.Metrics)
		o.Result.applyBounds()
	}
	o.Result.Status = shorttext.StripControls(o.Result.Status)
	if o.Result.Status == "" && o.Result.State == Available {
		o.Result.Status = StatusSuccess
	} else if o.Result.Status == "" {
		o.Result.Status = "check failed and does not say why"
	}
	return o
}

// mistake returns the status for the error of a check. If the details of a local check have a value that
// is always refused, it says so with the file and the line.
func (r *Runner) mistake(c schedule.Check, err error) string {
	if c.File != "" {
		if wrong := r.Registry.Mistakes(c); len(wrong) > 0 {
			return c.Where() + ": " + wrong[0].Error()
		}
	}
	return err.Error()
}

// withoutControls returns metrics without the control characters of terminals: names of files and
// answers of servers may hold some. It does not change its argument.
func withoutControls(metrics []Metric) []Metric {
	cloned := false
	for i, m := range metrics {
		clean := m
		clean.Dimension, clean.Name = shorttext.StripControls(m.Dimension), shorttext.StripControls(m.Name)
		clean.Unit = shorttext.StripControls(m.Unit)
		if m.Type == String {
			clean.Value = shorttext.StripControls(m.Value)
		}
		if clean == m {
			continue
		}
		if !cloned {
			metrics, cloned = slices.Clone(metrics), true
		}
		metrics[i] = clean
	}
	return metrics
}

// applyBounds makes an available result fit to be sent. A metric whose value is not of its type
// (such as NaN or an infinity) is removed, because a gap is noticed while a wrong figure would be
// stored; a status that is empty then reports it. A result that exceeds MaxMetrics or
// MaxResultBytes becomes unavailable.
func (r *Result) applyBounds() {
	invalid := func(m Metric) bool { return !m.Valid() }
	if first := slices.IndexFunc(r.Metrics, invalid); first >= 0 {
		m := r.Metrics[first]
		valid := slices.DeleteFunc(slices.Clone(r.Metrics), invalid)
		if r.Status == "" {
			r.Status = TruncateStatus(fmt.Sprintf("success, but %d of %d metrics left out: %.64q is %.64q, not a valid %.16s",
				len(r.Metrics)-len(valid), len(r.Metrics), m.Name, m.Value, m.Type))
		}
		r.Metrics = valid
	}
	tooMuch := ""
	if n := len(r.Metrics); n > MaxMetrics {
		tooMuch = fmt.Sprintf("check found %d metrics, more than the %d that a result can have", n, MaxMetrics)
	} else if r.maxJSONBytes() > MaxResultBytes {
		if n := len(r.AppendJSON(nil)); n > MaxResultBytes {
			tooMuch = fmt.Sprintf("check found %d bytes of metrics, more than the %d that a result can have", n, MaxResultBytes)
		}
	}
	if tooMuch != "" {
		r.State, r.Status, r.Metrics = Unavailable, tooMuch, nil
	}
}

// failed returns the outcome of a check that has only a status.
func (r *Runner) failed(job Job, status string, took time.Duration) Outcome {
	return Outcome{
		Result: Result{
			CheckID:        job.Check.ID,
			CheckType:      job.Check.Type,
			State:          Unavailable,
			Status:         TruncateStatus(status),
			Time:           r.now(),
			MinCheckPeriod: job.Check.Period,
		},
		Took: took,
	}
}

// refused returns the outcome of a check of an endpoint that the owner does not allow.
func (r *Runner) refused(job Job) Outcome {
	status := job.Check.Refusal
	if status == "" { // nobody has decided on it
		status = (&policy.RefusedError{Type: job.Check.Type}).Error()
	}
	o := r.failed(job, status, 0)
	o.Result.Refused = true
	return o
}

func (r *Runner) skipped(job Job) Outcome {
	o := r.failed(job, "check was not run: the run's time was up", 0)
	o.Skipped = true
	return o
}

// timeoutStatus returns the status of a check whose context ended before it did.
func timeoutStatus(ctx context.Context, timeout, took time.Duration) string {
	switch cause := context.Cause(ctx); {
	case cause == errTimeout:
		return "check timed out after " + formatSeconds(timeout)
	case errors.Is(cause, context.DeadlineExceeded):
		return "check timed out after " + formatSeconds(took) + ", at the end of the run"
	}
	return "check was stopped after " + formatSeconds(took) + ", as the run was"
}

// formatSeconds formats a duration in seconds with at most one decimal: "5s", "0.5s", "90s".
func formatSeconds(d time.Duration) string {
	return strconv.FormatFloat(d.Round(100*time.Millisecond).Seconds(), 'f', -1, 64) + "s"
}

func unknownType(r *Registry, name string) string {
	if near := r.Suggest(name); near != "" {
		return fmt.Sprintf("unknown check type %q, did you mean %q?", name, near)
	}
	if r.family != nil && strings.HasPrefix(name, r.prefix) {
		return fmt.Sprintf("unknown check type %q: neither this host's own scripts nor its bundle have it (virgo bundle list)", name)
	}
	return fmt.Sprintf("unknown check type %q", name)
}

// panicStatus returns the status of a check that panicked. It must be called while the panic
// unwinds the stack. value is the result of recover; nil if the check ended its goroutine. The
// status contains file and line, because the stack is not stored.
func panicStatus(value any) string {
	if value == nil {
		return "check ended without a result"
	}
	status := fmt.Sprintf("check panicked: %v", value)
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	unwinding := false
	for {
		f, more := frames.Next()
		inRuntime := strings.HasPrefix(f.Function, "runtime.")
		if unwinding && !inRuntime {
			return fmt.Sprintf("%.160s (%s:%d)", status, path.Base(f.File), f.Line)
		}
		unwinding = unwinding || inRuntime
		if !more {
			return status
		}
	}
}
