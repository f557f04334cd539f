package run

import (
	"context"
	"slices"
	"strings"
	"time"

	"virgo/cmd/internal/lines"
	"virgo/cmd/internal/link"
	"virgo/spool"
)

const (
	lastRunKey  = "run"     // in link.StateSpace: LastRun
	sampleSpace = "samples" // by check id, the checker's own bytes
)

// LastRun describes the last run that ended. The zero value: there was none.
type LastRun struct {
	StartedMS int64 `json:"started_ms"`
	// TookMS is the time from the start until the results were persisted.
	TookMS int64 `json:"took_ms"`
	// Checks is the number of checks that ran, Unavailable the number of those with state
	// unavailable.
	Checks      int `json:"checks"`
	Unavailable int `json:"unavailable"`
	// PeakBytes is the peak of the process's resident memory; 0 if unknown. It is read in the run's
	// last transaction, which settles its last acknowledgements, so that it needs no transaction of
	// its own. If no settlement is expected (nothing to deliver, or delivery is failing), it is
	// read in the transaction that persists the results. It is unknown in the run whose delivery is
	// the first to fail.
	PeakBytes int64 `json:"peak_bytes,omitempty"`
	// Dropping means that this run dropped results because the spool reached its bounds, so the
	// next run need not report it again.
	Dropping bool `json:"dropping,omitempty"`
	// Mistakes are those in the configuration, one line each, as far as they fit into maxMistakes.
	Mistakes string `json:"-"`
}

// maxMistakes bounds LastRun.Mistakes in bytes.
const maxMistakes = 4 << 10

// newMistakes returns the mistakes of a run that this earlier one did not have.
func (r LastRun) newMistakes(mistakes []string) []string {
	known := strings.Split(r.Mistakes, "\n")
	return slices.DeleteFunc(slices.Clone(mistakes), func(m string) bool { return slices.Contains(known, m) })
}

// joinMistakes returns the lines that fit into maxMistakes, in LastRun's form.
func joinMistakes(mistakes []string) string {
	text := strings.Join(mistakes, "\n")
	if len(text) <= maxMistakes {
		return text
	}
	text = text[:maxMistakes]
	return text[:max(0, strings.LastIndexByte(text, '\n'))]
}

// newLastRun describes a run whose checks have all ended. It reads the peak, which takes about 30
// µs, only if no settlement will.
func newLastRun(started, now time.Time, all []ended, willSettle bool) LastRun {
	r := LastRun{StartedMS: started.UnixMilli(), TookMS: now.Sub(started).Milliseconds()}
	for _, e := range all {
		if e.released {
			continue
		}
		r.Checks++
		if e.unavailable {
			r.Unavailable++
		}
	}
	if r.Checks == 0 || !willSettle {
		r.PeakBytes = peakBytes()
	}
	return r
}

// Fields names the fields and their stored keys.
func (r *LastRun) Fields(c *lines.Codec) {
	lines.Number(c, "started_ms", &r.StartedMS)
	lines.Number(c, "took_ms", &r.TookMS)
	lines.Number(c, "checks", &r.Checks)
	lines.Number(c, "unavailable", &r.Unavailable)
	lines.Number(c, "peak_bytes", &r.PeakBytes)
	c.Bool("dropping", &r.Dropping)
	lines.Text(c, "mistakes", &r.Mistakes)
}

// State is all state that the agent stores between runs.
type State struct {
	link.State
	Run LastRun
}

// ReadState reads the stored state. A part that cannot be read counts as absent, because no run
// should fail for it.
func ReadState(tx link.Reader) State {
	st := State{State: link.ReadState(tx)}
	lines.Parse(tx.Get(link.StateSpace, lastRunKey), &st.Run)
	return st
}

// State reads the stored state in a transaction of its own.
func (a *Agent) State(ctx context.Context) (st State, err error) {
	err = a.Spool.View(ctx, func(tx *spool.Tx) error {
		st = ReadState(tx)
		return nil
	})
	return st, err
}

// updatePeak stores the run again with the current peak of the process, in the transaction of a
// settlement. It does not overwrite the record of a later run.
func (r LastRun) updatePeak(tx *spool.Tx) error {
	if r.StartedMS == 0 {
		return nil
	}
	var stored LastRun
	lines.Parse(tx.Get(link.StateSpace, lastRunKey), &stored)
	if stored.StartedMS != r.StartedMS {
		return nil
	}
	if r.PeakBytes = peakBytes(); r.PeakBytes == stored.PeakBytes {
		return nil
	}
	return tx.Put(link.StateSpace, lastRunKey, lines.Append(nil, &r))
}
