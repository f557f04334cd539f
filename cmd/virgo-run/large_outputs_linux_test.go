package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"virgo/collect/collecttest"
	"virgo/transport/transporttest"
)

// Forty plugins that print 1 MiB each need no more memory than a few of them.
func TestMemoryOfManyLongOutputs(t *testing.T) {
	const (
		plugins    = 40
		maxPeakKiB = 48 << 10 // it was 135 MiB before there was a bound, and is 35 MiB since
	)
	collecttest.Thorough(t, "40 plugins that print 1 MiB each")
	var checks strings.Builder
	for i := range plugins {
		fmt.Fprintf(&checks, "- id: p%d\n  type: agent.plugin\n  period: 86400\n  timeout: 600\n  details:\n    file: long.sh\n", i)
	}
	s := &situation{
		files: with("virgo.yaml", "agent_id: a\nendpoint: ENDPOINT\npin: PIN\ntoken: secret\n", "checks.d/long.yaml", checks.String(),
			"checks.d/mem.yaml", "-", "plugins/long.sh", "#!/bin/sh\nexec awk 'BEGIN { for (i = 0; i < 9000; i++) printf \"metric disk.number_of_a_long_name_%d string %070d\\n\", i, i }'\n"),
		endpoint: &transporttest.Script{Features: []string{"pipelining", "result_id"}},
	}
	h := newHost(t, hostFolder(t), s)
	if err := os.Chmod(filepath.Join(h.dir, "plugins", "long.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := h.command(s, filepath.Join(programs(t), "virgo-run"), "--strict", "--deadline=10m")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- cmd.Wait() }()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for peak := 0; ; {
		select {
		case err := <-done:
			if code := exitCode(t, err); code != 0 || peak == 0 || peak > maxPeakKiB {
				t.Errorf("exit code %d, peak %d KiB", code, peak)
			}
			if n := len(h.endpoint.Stored()); n != plugins {
				t.Errorf("%d results are delivered", n)
			}
			return
		case <-tick.C:
			peak = max(peak, residentPeak(cmd.Process.Pid))
		}
	}
}

// residentPeak returns the peak of a process's resident memory in KiB; 0 if it has ended.
func residentPeak(pid int) int {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " kB")
	kib, _ := strconv.Atoi(number)
	return kib
}
