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
)

// errLimit is the cause of a check's context that ended at the check's own time limit.
var errLimit = errors.New("check's time limit")

// outcome turns what a check returned into what is kept of it.
func (r *Runner) outcome(a running, job Job, report Report, err error) Outcome {
	took := time.Since(a.started)
	o := r.failed(job, "", took)
	if len(report.Sample) <= MaxSampleBytes {
		o.Sample = report.Sample
	}
	if !report.Time.IsZero() {
		o.Result.Time = report.Time
	}
	switch ended := a.ctx.Err() != nil; {
	case err != nil && ended && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)):
		o.Result.Status = overran(a.ctx, a.timeout, took)
	case err != nil:
		o.Result.Status = CutStatus(err.Error())
	case report.Unavailable:
		o.Result.Status = CutStatus(report.Status)
	default:
		o.Result.State = Available
		o.Result.Status = CutStatus(report.Status)
		o.Result.Metrics = report.Metrics
		o.Result.bound()
	}
	if o.Result.Status == "" && o.Result.State == Available {
		o.Result.Status = StatusSuccess
	} else if o.Result.Status == "" {
		o.Result.Status = "check failed and does not say why"
	}
	return o
}

// bound holds an available result to what may be sent. A metric that cannot be read as its type says
// (NaN and infinities among them) is left out, because a gap is seen and a wrong figure is stored; the
// status says so where it says nothing else. A result past MaxMetrics or MaxResultBytes becomes
// unavailable.
func (r *Result) bound() {
	wrong := func(m Metric) bool { return !m.Valid() }
	if first := slices.IndexFunc(r.Metrics, wrong); first >= 0 {
		m := r.Metrics[first]
		kept := slices.DeleteFunc(slices.Clone(r.Metrics), wrong)
		if r.Status == "" {
			r.Status = CutStatus(fmt.Sprintf("success, but %d of %d metrics left out: %.64q is %.64q, which is no %.16s",
				len(r.Metrics)-len(kept), len(r.Metrics), m.Name, m.Value, m.Type))
		}
		r.Metrics = kept
	}
	tooMuch := ""
	if n := len(r.Metrics); n > MaxMetrics {
		tooMuch = fmt.Sprintf("check found %d metrics, more than the %d that a result can hold", n, MaxMetrics)
	} else if r.maxJSONBytes() > MaxResultBytes {
		if n := len(r.AppendJSON(nil)); n > MaxResultBytes {
			tooMuch = fmt.Sprintf("check found %d bytes of metrics, more than the %d that a result can hold", n, MaxResultBytes)
		}
	}
	if tooMuch != "" {
		r.State, r.Status, r.Metrics = Unavailable, tooMuch, nil
	}
}

// failed is the outcome of a check that has nothing but a status to show.
func (r *Runner) failed(job Job, status string, took time.Duration) Outcome {
	return Outcome{
		Result: Result{
			CheckID:        job.Check.ID,
			CheckType:      job.Check.Type,
			State:          Unavailable,
			Status:         CutStatus(status),
			Time:           r.now(),
			MinCheckPeriod: job.Check.Period,
		},
		Took: took,
	}
}

func (r *Runner) skipped(job Job) Outcome {
	o := r.failed(job, "check was not run: the run's time was up", 0)
	o.Skipped = true
	return o
}

// overran is the status of a check whose context ended before it did.
func overran(ctx context.Context, timeout, took time.Duration) string {
	switch cause := context.Cause(ctx); {
	case cause == errLimit:
		return "check timed out after " + plain(timeout)
	case errors.Is(cause, context.DeadlineExceeded):
		return "check timed out after " + plain(took) + ", at the end of the run"
	}
	return "check was stopped after " + plain(took) + ", as the run was"
}

// plain is a length of time in seconds, to the tenth: "5s", "0.5s", "90s".
func plain(d time.Duration) string {
	return strconv.FormatFloat(d.Round(100*time.Millisecond).Seconds(), 'f', -1, 64) + "s"
}

func unknownType(r *Registry, name string) string {
	if near := r.Suggest(name); near != "" {
		return fmt.Sprintf("unknown check type %q, did you mean %q?", name, near)
	}
	return fmt.Sprintf("unknown check type %q", name)
}

// panicked is the status of a check that ended with a panic, called while it unwinds; value is what
// recover returned, nil where the check ended its goroutine. It names the place, since the stack is
// gone once the result is read.
func panicked(value any) string {
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
