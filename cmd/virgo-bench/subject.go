package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"virgo/cmd/internal/footprint"
	"virgo/spool"
)

// A subject is one enrolled host: a folder with its configuration and its state.
type subject struct {
	bench *bench
	name  string
	entry timerEntry // what its timer starts
	flags []string   // that its programs are always given
}

// enrol writes the configuration that `virgo setup` would write.
func (b *bench) enrol(name, address string) (*subject, error) {
	return b.enrolWith(name, address, b.token)
}

func (b *bench) enrolWith(name, address, token string) (*subject, error) {
	s := &subject{bench: b, name: name, entry: b.small}
	// The bound is larger than the spool gets, so that nothing is dropped.
	text := fmt.Sprintf("endpoint: %q\ntoken: %q\npin: %q\nagent_id: %q\nspool:\n  max_bytes: 64GiB\n", address, token, b.pin, name)
	if err := os.MkdirAll(b.path(name, "checks.d"), 0o700); err != nil {
		return nil, err
	}
	return s, os.WriteFile(b.path(name, "virgo.yaml"), []byte(text), 0o600)
}

// installPlugin writes a plugin for the host.
func (s *subject) installPlugin(name, script string) error {
	folder := s.bench.path(s.name, "plugins")
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	s.flags = []string{"--plugins", folder}
	return os.WriteFile(filepath.Join(folder, name), []byte(script), 0o755)
}

// addedPrefix begins the ids of the checks that a host has in addition to the schedule.
const addedPrefix = "added"

// addChecks adds n similar checks to the host's configuration, due in every run. The details are names and
// values in turn.
func (s *subject) addChecks(n int, typ string, details ...string) error {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "- id: %s%d\n  type: %s\n  period: 1\n  details:\n", addedPrefix, i, typ)
		for pair := range slices.Chunk(details, 2) {
			fmt.Fprintf(&text, "    %s: %s\n", pair[0], pair[1])
		}
	}
	return os.WriteFile(s.bench.path(s.name, "checks.d", "added.yaml"), []byte(text.String()), 0o600)
}

// expectOwnRun returns an error if virgo-run hands the host's runs over to virgo: that would be measured
// instead. There is nothing to hand over where s is nil.
func (s *subject) expectOwnRun() error {
	if s == nil {
		return nil
	}
	m, err := s.run("--verbose")
	if err == nil && strings.Contains(m.Stderr, "handing over") {
		err = fmt.Errorf("the runs of %s are not virgo-run's own: %s", s.name, m.Stderr)
	}
	return err
}

func (s *subject) state() string { return s.bench.path(s.name, "state") }

// localSchedule writes the schedule to the host's checks.d, so that it needs no endpoint.
func (s *subject) localSchedule() error {
	return os.WriteFile(s.bench.path(s.name, "checks.d", "seven.yaml"), []byte(schedule), 0o600)
}

// run measures what the host's timer starts. It returns an error if the process failed.
func (s *subject) run(args ...string) (sample, error) {
	return s.bench.measure(s.bench.timerEnv(), s.argv(s.entry, args...))
}

// command measures a command of virgo that people start. It returns an error if the process failed.
func (s *subject) command(name string, args ...string) (sample, error) {
	return s.bench.measure(s.bench.env, s.argv(timerEntry{s.bench.agent, []string{name}}, args...))
}

// argv returns a command line of a program, for this host.
func (s *subject) argv(entry timerEntry, args ...string) []string {
	argv := []string{entry.file, "--config", s.bench.path(s.name, "virgo.yaml"), "--state", s.state()}
	return slices.Concat(argv, s.flags, entry.command, args)
}

// timerEnv returns the environment in which timers start programs.
func (b *bench) timerEnv() []string {
	return append(slices.Clip(b.env), footprint.OneProcessor)
}

// measure measures a process. It returns an error if the process failed.
func (b *bench) measure(env, argv []string) (sample, error) {
	if err := b.ctx.Err(); err != nil {
		return sample{}, err
	}
	s, err := measure(env, argv...)
	return s, cmp.Or(err, s.failure(argv))
}

// bareArgv returns the command line of the bare program.
func (b *bench) bareArgv(address string) []string {
	return []string{b.bare, address, b.pin, b.path("bare.db")}
}

// nextSecond waits until every check of period 1 is due again.
func (b *bench) nextSecond() {
	select {
	case <-time.After(b.pause):
	case <-b.ctx.Done():
	}
}

// fill appends n results to the host's spool, as runs without an endpoint would have, and returns
// their size.
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

// result returns the params of a check_metrics.post like those of agent.memory.
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
