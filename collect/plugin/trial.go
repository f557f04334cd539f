package plugin

import (
	"bytes"
	"context"
	"io/fs"
	"os"

	"virgo/collect"
)

// A Trial runs plugins for their author: as the type agent.plugin does, with the same environment and
// limits, and it remembers of the last one what the author wants to know. It is a [collect.Checker].
type Trial struct {
	// Dir is the plugin folder, and Environ what the plugins find in their environment, as in [Type].
	Dir     string
	Environ []string
	// Trusted leaves out the look at who could change the folder and the file.
	Trusted bool
	// Stderr is where the plugin writes errors; nil: nowhere.
	Stderr *os.File

	// Format is the one that was named, or found by looking; empty where the plugin did not run to its end.
	Format string
	// Faults are what is wrong with its output, in the order of their lines.
	Faults []Fault
	// Exit is its exit code; Signal the number of the signal that ended it, or 0.
	Exit, Signal int
	printed      []byte
}

// Check runs the plugin that the details name.
func (t *Trial) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	name, _ := req.Check.Details.Text("format")
	f, err := newFormat(name, true)
	if err != nil {
		return collect.Report{}, err
	}
	t.Format, t.Faults, t.Exit, t.Signal, t.printed = "", nil, 0, 0, nil
	c := &checker{dir: t.Dir, environ: t.Environ, guard: guardedBy, stderr: t.Stderr}
	if t.Trusted {
		c.guard = func(string, fs.FileInfo) error { return nil }
	}
	return c.run(ctx, req.Check, &witness{f, t})
}

// Line is a line of the output, counted from 1; empty where there is none.
func (t *Trial) Line(n int) string {
	at := 1
	for line := range bytes.Lines(t.printed) {
		if at == n {
			return string(bytes.TrimSuffix(line, []byte("\n")))
		}
		at++
	}
	return ""
}

// A witness tells a trial what a format reads.
type witness struct {
	examinable
	trial *Trial
}

func (w *witness) line(text []byte) {
	w.trial.printed = append(append(w.trial.printed, text...), '\n')
	w.examinable.line(text)
}

func (w *witness) partial(text []byte) {
	w.trial.printed = append(w.trial.printed, text...)
	w.examinable.partial(text)
}

func (w *witness) report(e exit, cut bool) (collect.Report, error) {
	r, err := w.examinable.report(e, cut)
	w.trial.Exit, w.trial.Signal = e.code, e.signal
	w.trial.Format, w.trial.Faults = w.examinable.examined()
	return r, err
}
