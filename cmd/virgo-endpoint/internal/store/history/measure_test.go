package history

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// captured are real runs, played again as those of many agents: each run k minutes after begin.
type captured struct {
	begin  time.Time
	agents int
	runs   [][]intake.Result
}

const resultsPerRun = 7

func capture(t testing.TB, agents int) *captured {
	t.Helper()
	f, err := os.Open("testdata/posts.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	c := &captured{begin: time.Unix(1_700_000_000, 0).Truncate(24 * time.Hour), agents: agents}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		params := bytes.Clone(lines.Bytes())
		r, err := intake.ParsePost(params, c.begin)
		if err != nil {
			t.Fatal(err)
		}
		r.Params = json.RawMessage(params)
		if last := len(c.runs) - 1; last >= 0 && len(c.runs[last]) < resultsPerRun {
			c.runs[last] = append(c.runs[last], r)
		} else {
			c.runs = append(c.runs, []intake.Result{r})
		}
	}
	if lines.Err() != nil || len(c.runs) == 0 {
		t.Fatalf("%d runs, %v", len(c.runs), lines.Err())
	}
	return c
}

// Each implements Arrivals. A Seq is a run's.
func (c *captured) Each(_ context.Context, from, to, after int64, fn func(int64, *intake.Result) error) error {
	for agent := after + 1; agent < int64(c.agents); agent++ {
		for run := from; run < to; run++ {
			if err := c.run(run, agent, fn); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *captured) run(run, agent int64, fn func(int64, *intake.Result) error) error {
	list := c.runs[run%int64(len(c.runs))]
	at := c.begin.Add(time.Duration(run)*time.Minute + time.Duration(agent%50)*time.Second)
	for i := range list {
		r := list[i]
		r.Time = at.Add(list[i].Time.Sub(list[0].Time))
		r.Received = at.Add(2 * time.Second)
		r.Seq = run
		if err := fn(agent, &r); err != nil {
			return err
		}
	}
	return nil
}

func (c *captured) Of(_ context.Context, agent, from int64, fn func(*intake.Result) error) error {
	return nil
}

// BenchmarkAdvance says what the history of a run of seven results costs: in time of one core, and in bytes of
// the file, roll-ups included.
func BenchmarkAdvance(b *testing.B) {
	c := capture(b, 100)
	hours := int64(len(c.runs) / 60)
	var size, runs int64
	for b.Loop() {
		path := filepath.Join(b.TempDir(), "history.db")
		h := openTest(b, path)
		for hour := range hours {
			if err := h.Advance(b.Context(), c, (hour+1)*60, nil); err != nil {
				b.Fatal(err)
			}
		}
		var pages, free, pageSize int64
		row := h.read.QueryRow("SELECT page_count, freelist_count, page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size")
		if err := row.Scan(&pages, &free, &pageSize); err != nil {
			b.Fatal(err)
		}
		size += (pages - free) * pageSize
		runs += int64(c.agents) * hours * 60
		for _, table := range []string{"columns", "minutes", "hours", "days", "series"} {
			var bytes int64
			if err := h.read.QueryRow("SELECT sum(length(data)) FROM " + table).Scan(&bytes); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(bytes)/float64(int64(c.agents)*hours*60), table+"-B/run")
		}
	}
	b.ReportMetric(float64(size)/float64(runs), "B/run")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(runs), "µs/run")
}
