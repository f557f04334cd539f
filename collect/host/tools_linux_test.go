package host

import (
	"encoding/json"
	"math"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"virgo/collect"
	"virgo/collect/collecttest"
)

// These tests compare the checks on the live host with the system's own tools. A counter must be
// between the tool's figures before and after the check; other figures have a tolerance, whose
// reason the test gives.

func output(t *testing.T, path string, args ...string) string {
	t.Helper()
	cmd := exec.Command(path, args...)
	cmd.Env = []string{"LC_ALL=C"}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v", path, args, err)
	}
	return string(out)
}

func atoi(t *testing.T, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// runHere runs a check on the live host.
func runHere(t *testing.T, name, target string) collect.Report {
	t.Helper()
	r, err := typeNamed(t, Options{}, name).Checker.Check(t.Context(), request(target, nil))
	if err != nil || r.Unavailable {
		t.Fatalf("%s: %v, %q", name, err, r.Status)
	}
	return r
}

// A tool's figures, by name.
type figuresOf map[string]float64

// between tests that each figure of the check is between the tool's before and after, give or take
// slack.
func between(t *testing.T, r collect.Report, dimension string, before, after figuresOf, slack float64) {
	t.Helper()
	for name, low := range before {
		high, ok := after[name]
		if !ok {
			t.Errorf("%s %s: the tool does not print it any more", dimension, name)
			continue
		}
		low, high = min(low, high), max(low, high)
		if got := number(t, r, dimension, name); got < low-slack || got > high+slack {
			t.Errorf("%s %s: %v, the tool has %v and then %v", dimension, name, got, low, high)
		}
	}
}

// Sizes do not change; other figures change with what else runs, by 64 MiB at most between two
// moments.
func TestMemoryAgreesWithFree(t *testing.T) {
	free := collecttest.Program(t, "free", "procps")
	printed := func() (sizes, moving figuresOf) {
		sizes, moving = figuresOf{}, figuresOf{}
		for line := range strings.Lines(output(t, free, "-b", "-w")) {
			f := strings.Fields(line)
			switch f[0] {
			case "Mem:": // total used free shared buffers cache available
				sizes["total"] = float64(atoi(t, f[1]))
				moving["free"], moving["actual_free"] = float64(atoi(t, f[3])), float64(atoi(t, f[7]))
			case "Swap:": // total used free
				sizes["swap_total"] = float64(atoi(t, f[1]))
				moving["swap_used"], moving["swap_free"] = float64(atoi(t, f[2])), float64(atoi(t, f[3]))
			}
		}
		if len(sizes) != 2 || len(moving) != 4 {
			t.Fatalf("free printed %v and %v", sizes, moving)
		}
		return sizes, moving
	}
	sizes, before := printed()
	r := runHere(t, "agent.memory", "")
	_, after := printed()
	between(t, r, "", sizes, sizes, 0)
	between(t, r, "", before, after, 64<<20)
}

// Usage changes with what else writes, by 64 MiB at most. Both round sizes to kilobytes, df up.
func TestFilesystemAgreesWithDf(t *testing.T) {
	df := collecttest.Program(t, "df", "coreutils")
	printed := func(target string) (sizes, moving figuresOf) {
		lines := strings.Split(output(t, df, "--block-size=1024", "--output=size,used,avail", target), "\n")
		f := strings.Fields(lines[1])
		sizes = figuresOf{"total": float64(atoi(t, f[0]))}
		moving = figuresOf{"used": float64(atoi(t, f[1])), "avail": float64(atoi(t, f[2]))}
		return sizes, moving
	}
	for _, target := range targets(t, typeNamed(t, Options{}, "agent.filesystem")) {
		if unix.Access(target, unix.R_OK) != nil {
			continue // another user's
		}
		sizes, before := printed(target)
		r := runHere(t, "agent.filesystem", target)
		_, after := printed(target)
		between(t, r, "", sizes, sizes, 1)
		between(t, r, "", before, after, 64<<10)
	}
}

func TestLoadAverageAgreesWithUptime(t *testing.T) {
	uptime := collecttest.Program(t, "uptime", "procps")
	printed := func() figuresOf {
		_, loads, ok := strings.Cut(output(t, uptime), "load average: ")
		f := strings.Split(strings.TrimSpace(loads), ", ")
		if !ok || len(f) != 3 {
			t.Fatalf("uptime printed %q", loads)
		}
		loadOf := figuresOf{}
		for i, name := range []string{"1m", "5m", "15m"} {
			n, err := strconv.ParseFloat(f[i], 64)
			if err != nil {
				t.Fatal(err)
			}
			loadOf[name] = n
		}
		return loadOf
	}
	before := printed()
	r := runHere(t, "agent.load_average", "")
	// Both have two decimals.
	between(t, r, "", before, printed(), 0.011)
}

func TestNetworkAgreesWithIP(t *testing.T) {
	ip := collecttest.Program(t, "ip", "iproute2")
	// /proc/net/dev has sums of what ip prints separately (kernel: net/core/net-procfs.c).
	printed := func(target string) figuresOf {
		var links []struct {
			Stats struct {
				RX, TX map[string]float64
			} `json:"stats64"`
		}
		if err := json.Unmarshal([]byte(output(t, ip, "-j", "-s", "-s", "link", "show", "dev", target)), &links); err != nil || len(links) != 1 {
			t.Fatal(links, err)
		}
		rx, tx := links[0].Stats.RX, links[0].Stats.TX
		for _, direction := range []map[string]float64{rx, tx} {
			if _, ok := direction["packets"]; !ok {
				t.Fatalf("ip told %v of %s", direction, target)
			}
		}
		return figuresOf{
			"rx_bytes": rx["bytes"], "rx_packets": rx["packets"], "rx_errors": rx["errors"], "rx_overruns": rx["fifo_errors"],
			"rx_dropped": rx["dropped"] + rx["missed_errors"],
			"rx_frame":   rx["length_errors"] + rx["over_errors"] + rx["crc_errors"] + rx["frame_errors"],
			"tx_bytes":   tx["bytes"], "tx_packets": tx["packets"], "tx_errors": tx["errors"], "tx_dropped": tx["dropped"],
			"tx_overruns": tx["fifo_errors"], "tx_collisions": tx["collisions"],
			"tx_carrier": tx["carrier_errors"] + tx["aborted_errors"] + tx["window_errors"] + tx["heartbeat_errors"],
		}
	}
	for _, target := range targets(t, typeNamed(t, Options{}, "agent.network")) {
		before := printed(target)
		r := runHere(t, "agent.network", target)
		between(t, r, "", before, printed(target), 0)
	}
}

// iostat prints counters since boot when run once. It rounds to kB, so the tolerance is one kB.
func TestDiskAgreesWithIostat(t *testing.T) {
	iostat := collecttest.Program(t, "iostat", "sysstat")
	printed := func(target string) figuresOf {
		for line := range strings.Lines(output(t, iostat, "-d", "-k", target)) {
			// Device tps kB_read/s kB_wrtn/s kB_dscd/s kB_read kB_wrtn kB_dscd
			if f := strings.Fields(line); len(f) >= 8 && f[0] == target {
				return figuresOf{"read_bytes": 1024 * float64(atoi(t, f[5])), "write_bytes": 1024 * float64(atoi(t, f[6]))}
			}
		}
		return nil
	}
	compared := 0
	for _, target := range targets(t, typeNamed(t, Options{}, "agent.disk")) {
		before := printed(target)
		if before == nil {
			continue // iostat leaves out unused devices
		}
		r := runHere(t, "agent.disk", target)
		between(t, r, "", before, printed(target), 1024)
		compared++
	}
	if compared == 0 && len(targets(t, typeNamed(t, Options{}, "agent.disk"))) > 0 {
		t.Error("no disk was compared")
	}
}

// iostat measures nearly the same second as the check: 50 ms on either side are 10 percent, and
// rounding to ticks of 10 ms is one more for each processor.
func TestCPUAgreesWithIostat(t *testing.T) {
	iostat := collecttest.Program(t, "iostat", "sysstat")
	cmd := exec.Command(iostat, "-c", "1", "2")
	cmd.Env = []string{"LC_ALL=C"}
	out := new(strings.Builder)
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := runHere(t, "agent.cpu", "")
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	f := strings.Fields(lines[len(lines)-1]) // %user %nice %system %iowait %steal %idle
	if len(f) != 6 {
		t.Fatalf("iostat printed %q", out)
	}
	var n [6]float64
	for i := range n {
		var err error
		if n[i], err = strconv.ParseFloat(f[i], 64); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]float64{
		"user_percent_average": n[0] + n[1], "stolen_percent_average": n[4], "idle_percent_average": n[5], "wait_percent_average": n[3],
	} {
		if got := number(t, r, "", name); math.Abs(got-want) > 15 {
			t.Errorf("%s: %v, iostat has %v", name, got, want)
		}
	}
	// iostat counts interrupts as system.
	if got := number(t, r, "", "sys_percent_average") + number(t, r, "", "irq_percent_average"); math.Abs(got-n[2]) > 15 {
		t.Errorf("system and interrupts: %v, iostat has %v", got, n[2])
	}
}
