package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// csvColumns are the names of the columns. Later versions add some at the end.
var csvColumns = [...]string{"time", "agent_id", "check_id", "check_type", "state", "refused", "late",
	"dimension", "metric", "type", "value", "unit", "status", "received"}

// CSV writes results as comma-separated values (RFC 4180): a line with the columns' names, then a line for
// each metric, and one without a metric for a result that has none. Times are RFC 3339 in UTC.
//
// A text that a spreadsheet would take for a formula gets an apostrophe before it, since texts
// come from agents; numbers stay as they are.
type CSV struct {
	w    *csv.Writer
	head bool // was written
}

// NewCSV writes to w.
func NewCSV(w io.Writer) *CSV { return &CSV{w: csv.NewWriter(w)} }

// Write writes a result.
func (c *CSV) Write(r *intake.Result) error {
	if err := c.begin(); err != nil {
		return err
	}
	metrics, err := intake.Metrics(r.Params)
	if err != nil || len(metrics) == 0 {
		metrics = []intake.Metric{{}}
	}
	for _, m := range metrics {
		value := m.Value
		if m.Type == "string" {
			value = NoFormula(value)
		}
		err := c.w.Write([]string{utc(r.Time), NoFormula(r.AgentID), NoFormula(r.CheckID), NoFormula(r.CheckType), r.State,
			strconv.FormatBool(r.Refused), strconv.FormatBool(r.Late),
			NoFormula(m.Dimension), NoFormula(m.Name), m.Type, value, NoFormula(m.Unit), NoFormula(r.Status), utc(r.Received)})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *CSV) begin() error {
	if c.head {
		return nil
	}
	c.head = true
	return c.w.Write(csvColumns[:])
}

// Flush writes what is still in memory; the names of the columns also where there was no result.
func (c *CSV) Flush() error {
	if err := c.begin(); err != nil {
		return err
	}
	c.w.Flush()
	return c.w.Error()
}

func utc(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// NoFormula puts an apostrophe before a text that a spreadsheet would compute (OWASP, "CSV Injection").
func NoFormula(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return "'" + text
	}
	return text
}
