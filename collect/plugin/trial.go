package plugin

import (
	"bytes"
	"context"
	"io"

	"virgo/collect"
)

// A Trial is a [collect.Checker] for authors of plugins. It runs a plugin as the type agent.plugin
// does, with the same environment and limits, and keeps the details of the last run.
type Trial struct {
	// Dir, Environ and Variables are those of [Options].
	Dir                string
	Environ, Variables []string
	// Trusted skips the check that nobody else can change the folder and the file.
	Trusted bool
	// Stderr gets the lines of the plugin's standard error, safe for a terminal; may be nil.
	Stderr io.Writer

	// Format is the format that was named or detected; empty if the plugin did not run to its end.
	Format string
	// Faults are the errors in the output, in the order of their lines.
	Faults []Fault
	// Exit is the exit code. Signal is the number of the signal that ended the plugin; 0: none.
	Exit, Signal int
	output       []byte
}

// Check runs the plugin that the details name.
func (t *Trial) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	name, _ := req.Check.Details.Text("format")
	f, err := newFormat(name, true)
	if err != nil {
		return collect.Report{}, err
	}
	t.Format, t.Faults, t.Exit, t.Signal, t.output = "", nil, 0, 0, nil
	c := &checker{dir: t.Dir, environ: t.Environ, variables: t.Variables, resolve: resolveOwned, stderr: t.Stderr}
	if t.Trusted {
		c.resolve = resolveAny
	}
	return c.run(ctx, req.Check, req.Guard, &outputRecorder{f, t})
}

// Line returns line n of the output, from 1; empty if there is none.
func (t *Trial) Line(n int) string {
	i := 1
	for line := range bytes.Lines(t.output) {
		if i == n {
			return string(bytes.TrimSuffix(line, []byte("\n")))
		}
		i++
	}
	return ""
}

// An outputRecorder keeps a copy of what a format reads for a trial.
type outputRecorder struct {
	diagnoser
	trial *Trial
}

func (w *outputRecorder) line(text []byte) {
	w.trial.output = append(append(w.trial.output, text...), '\n')
	w.diagnoser.line(text)
}

func (w *outputRecorder) partial(text []byte) {
	w.trial.output = append(w.trial.output, text...)
	w.diagnoser.partial(text)
}

func (w *outputRecorder) report(e exit, truncated bool) (collect.Report, error) {
	r, err := w.diagnoser.report(e, truncated)
	w.trial.Exit, w.trial.Signal = e.code, e.signal
	w.trial.Format, w.trial.Faults = w.diagnoser.diagnosis()
	return r, err
}
