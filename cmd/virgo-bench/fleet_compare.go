package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"

	"virgo/cmd/virgo-bench/internal/fleet"
)

// A comparison is what an endpoint has stored, beside what hosts were told.
type comparison struct {
	// acknowledged is how many results were, lost how many of them are not stored, and surplus how many are stored
	// that no host was told of: doubled, or of others.
	acknowledged, lost, surplus int
	// printed is how many results the endpoint prints.
	printed int
	// renumbered are hosts of whose session numbers one was lower than one before: somebody else used their ids.
	renumbered int
}

// A storedAgent is what virgo-endpoint agents says of one.
type storedAgent struct {
	ID           string `json:"agent_id"`
	Results      int    `json:"results"`
	SessionFalls int    `json:"session_falls"`
}

// compare reads what is stored, and compares it with what fleets were told.
func (s *site) compare(fleets ...*fleet.Fleet) (c comparison, err error) {
	out, err := s.f.output(s.f.endpoint, "agents", "--dir", s.dir, "--json")
	if err != nil {
		return c, err
	}
	var list struct {
		Agents []storedAgent `json:"agents"`
	}
	if err := json.Unmarshal(out, &list); err != nil {
		return c, fmt.Errorf("reading virgo-endpoint agents: %w", err)
	}
	told := map[string]int{}
	for _, f := range fleets {
		for i := range f.Len() {
			told[f.ID(i)] = f.Acknowledged(i)
		}
	}
	c.add(list.Agents, told)
	c.printed, err = s.countResults()
	return c, err
}

// add compares agents with how many results of each were acknowledged. Of others none may be stored.
func (c *comparison) add(agents []storedAgent, told map[string]int) {
	for _, n := range told {
		c.acknowledged += n
	}
	for _, a := range agents {
		n, known := told[a.ID]
		delete(told, a.ID)
		c.lost += max(0, n-a.Results)
		c.surplus += max(0, a.Results-n)
		if known && a.SessionFalls > 0 {
			c.renumbered++
		}
	}
	for _, n := range told { // of agents that the endpoint does not know
		c.lost += n
	}
}

// countResults counts the results that virgo-endpoint prints, which may be more than fit in memory.
func (s *site) countResults() (n int, err error) {
	cmd := exec.CommandContext(s.f.ctx, s.f.endpoint, "results", "--dir", s.dir, "--limit", "0", "--json")
	cmd.Env = s.f.env
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	lines := bufio.NewReaderSize(out, 1<<20)
	for {
		line, err := lines.ReadSlice('\n')
		n += bytes.Count(line, []byte(`"seq":`))
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			break
		}
	}
	if err := cmd.Wait(); err != nil {
		return 0, fmt.Errorf("virgo-endpoint results: %w", err)
	}
	return n, nil
}

// report adds the figures.
func (c *comparison) report(r *report) {
	r.add("results acknowledged, each counted once", float64(c.acknowledged), "")
	r.atMost("of these not stored", float64(c.lost), "", 0)
	r.atMost("stored beside them: doubled, or of others", float64(c.surplus), "", 0)
	r.atMost("difference from what virgo-endpoint results prints", float64(max(c.printed-c.acknowledged, c.acknowledged-c.printed)), "", 0)
	r.atMost("hosts whose session numbers others raised", float64(c.renumbered), "", 0)
}
