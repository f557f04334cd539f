package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"virgo/spool"
)

// A subject is one enrolled host: a folder with its configuration and its state.
type subject struct {
	bench *bench
	name  string
	agent string   // its virgo's file
	flags []string // that its virgo is always given
}

// enrol writes the configuration that `virgo setup` would write.
func (b *bench) enrol(name, address string) (*subject, error) {
	s := &subject{bench: b, name: name, agent: b.agent}
	// No bound of the spool is reached, so that nothing is measured of dropping.
	text := fmt.Sprintf("endpoint: %q\ntoken: %q\npin: %q\nagent_id: %q\nspool:\n  max_bytes: 64GiB\n", address, b.token, b.pin, name)
	if err := os.MkdirAll(b.path(name, "checks.d"), 0o700); err != nil {
		return nil, err
	}
	return s, os.WriteFile(b.path(name, "virgo.yaml"), []byte(text), 0o600)
}

func (s *subject) state() string { return s.bench.path(s.name, "state") }

// localSchedule gives the host its checks without an endpoint.
func (s *subject) localSchedule() error {
	return os.WriteFile(s.bench.path(s.name, "checks.d", "seven.yaml"), []byte(schedule), 0o600)
}

// run is one measured run of the agent; it fails where the process did.
func (s *subject) run(args ...string) (sample, error) {
	if err := s.bench.ctx.Err(); err != nil {
		return sample{}, err
	}
	argv := append([]string{s.agent, "--config", s.bench.path(s.name, "virgo.yaml"), "--state", s.state()}, append(s.flags, args...)...)
	m, err := measure(s.bench.env, argv...)
	if err == nil && m.Code != 0 {
		err = fmt.Errorf("virgo %s ended with %d: %s", strings.Join(args, " "), m.Code, m.Stderr)
	}
	return m, err
}

// runBare is one measured run of the yardstick.
func (b *bench) runBare(address string) (sample, error) {
	m, err := measure(b.env, b.bare, address, b.pin, b.path("bare.db"))
	if err == nil && m.Code != 0 {
		err = fmt.Errorf("bare ended with %d: %s", m.Code, m.Stderr)
	}
	return m, err
}

// nextSecond waits until every check of period 1 is due again.
func (b *bench) nextSecond() {
	select {
	case <-time.After(1100 * time.Millisecond):
	case <-b.ctx.Done():
	}
}

// stored asks the endpoint how many results of an agent it has; none where it never heard of it.
func (b *bench) stored(agent string) (int, error) {
	out, err := b.output(b.endpoint, "agents", "--dir", b.path("store"), "--json")
	if err != nil {
		return 0, err
	}
	var list struct {
		Agents []struct {
			ID      string `json:"agent_id"`
			Results int    `json:"results"`
		} `json:"agents"`
	}
	if err := json.Unmarshal(out, &list); err != nil {
		return 0, fmt.Errorf("reading virgo-endpoint agents: %w", err)
	}
	for _, a := range list.Agents {
		if a.ID == agent {
			return a.Results, nil
		}
	}
	return 0, nil
}

// expectStored fails where the endpoint has not stored so many results since there were before: then
// what was measured was not the whole job.
func (b *bench) expectStored(agent string, before, want int) error {
	after, err := b.stored(agent)
	if err == nil && after-before != want {
		err = fmt.Errorf("%d results of %s were stored, want %d", after-before, agent, want)
	}
	return err
}

// fill appends n results to the host's spool, as runs without an endpoint would have, and says how many
// bytes they are.
func (s *subject) fill(n int) (bytes int64, err error) {
	sp, err := spool.Open(s.state(), spool.Options{MaxBytes: 64 << 30})
	if err != nil {
		return 0, err
	}
	const batch = 10_000
	made := time.Now().Add(-24 * time.Hour)
	for done := 0; done < n; {
		entries := make([]spool.Entry, min(batch, n-done))
		for i := range entries {
			data := result(done)
			bytes += int64(len(data))
			entries[i] = spool.Entry{Agent: s.name, Made: made, Data: data}
			done++
		}
		err := sp.Update(s.bench.ctx, func(tx *spool.Tx) error {
			_, err := tx.Append(entries...)
			return err
		})
		if err != nil {
			return bytes, err
		}
	}
	return bytes, nil
}

// result is a check_metrics.post as agent.memory makes it.
func result(n int) []byte {
	b := fmt.Appendf(nil, `{"check_id":"memory","check_type":"agent.memory","state":"available","status":"success","timestamp":%d,"min_check_period":60000,"metrics":[[null,{`, 1_700_000_000_000+n)
	for i, name := range []string{"total", "used", "free", "actual_used", "actual_free", "swap_total", "swap_used", "swap_free", "swap_page_in", "swap_page_out", "ram"} {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `%q:{"t":"gauge","v":"%d","u":"bytes"}`, name, 16_000_000_000+n*i)
	}
	return append(b, "}]]}"...)
}
