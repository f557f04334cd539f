package host

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	gopsutil "github.com/shirou/gopsutil/v3/cpu"

	"virgo/collect"
)

func cpuOf(t *testing.T, opt Options) collect.Checker { return typeNamed(t, opt, "agent.cpu").Checker }

// cpuSampleOf returns the sample that a run stores. Captured counters do not change, so the run
// itself fails.
func cpuSampleOf(t *testing.T, opt Options) []byte {
	t.Helper()
	r, waited, err := runCheck(t, cpuOf(t, opt), request("", nil))
	if err == nil || err.Error() != "the processors' counters do not change" || waited != collect.SampleGap || r.Sample == nil {
		t.Fatalf("%v after %v, sample %x", err, waited, r.Sample)
	}
	return r.Sample
}

// statLines reads the counters of /proc/stat by line name, independently of the check.
func statLines(t *testing.T, file string) map[string][]float64 {
	t.Helper()
	lines := map[string][]float64{}
	for line := range strings.Lines(read(t, file)) {
		f := strings.Fields(line)
		if !strings.HasPrefix(f[0], "cpu") {
			continue
		}
		for _, v := range f[1:] {
			n, err := strconv.ParseFloat(v, 64)
			if err != nil {
				t.Fatal(err)
			}
			lines[f[0]] = append(lines[f[0]], n)
		}
	}
	return lines
}

// cpuByHand computes all percentages from two texts of /proc/stat.
func cpuByHand(before, after map[string][]float64) map[string]float64 {
	delta := func(line string) (d [8]float64, total float64) {
		for i := range d {
			d[i] = after[line][i] - before[line][i]
			total += d[i]
		}
		return d, total
	}
	d, total := delta("cpu")
	out := map[string]float64{
		"user_percent_average": (d[0] + d[1]) / total, "sys_percent_average": d[2] / total, "idle_percent_average": d[3] / total,
		"wait_percent_average": d[4] / total, "irq_percent_average": (d[5] + d[6]) / total, "stolen_percent_average": d[7] / total,
		"usage_average": 1 - d[3]/total, "max_cpu_usage": 0, "min_cpu_usage": 1,
	}
	for line := range after {
		if line != "cpu" {
			d, total := delta(line)
			out["max_cpu_usage"] = max(out["max_cpu_usage"], 1-d[3]/total)
			out["min_cpu_usage"] = min(out["min_cpu_usage"], 1-d[3]/total)
		}
	}
	for name := range out {
		out[name] *= 100
	}
	return out
}

func TestCPUAgreesWithProc(t *testing.T) {
	for _, host := range []string{"vm", "server"} {
		first, later := captured(host, "first"), captured(host, "later")
		r, waited, err := runCheck(t, cpuOf(t, later), request("", cpuSampleOf(t, first)))
		if err != nil || waited != 0 {
			t.Fatalf("%s: %v after %v", host, err, waited)
		}
		before, after := statLines(t, first.Proc+"/stat"), statLines(t, later.Proc+"/stat")
		if n := number(t, r, "", "cpu_count"); int(n) != len(after)-1 {
			t.Errorf("%s: %v processors", host, n)
		}
		for name, want := range cpuByHand(before, after) {
			if got := number(t, r, "", name); math.Abs(got-want) > 0.0001 {
				t.Errorf("%s: %s: got %v, want %v", host, name, got, want)
			}
		}
		if host == "server" { // computed by hand, to test cpuByHand
			expect(t, r, "", `cpu_count 4
				user_percent_average 42.3094
				idle_percent_average 48.366
				max_cpu_usage 100
				min_cpu_usage 2.5`)
		}
	}
}

func TestCPUAgreesWithGopsutil(t *testing.T) {
	for _, host := range []string{"vm", "server"} {
		opt := captured(host, "later")
		tr := tree{proc: opt.Proc, sys: opt.Sys}
		times, err := gopsutil.TimesWithContext(gopsutilContext(t, tr), true)
		if err != nil || len(times) == 0 {
			t.Fatal(times, err)
		}
		got, err := readCPU(t.Context(), tr)
		if err != nil {
			t.Fatal(err)
		}
		var want cpuCounters
		ticks := func(s float64) uint64 { return uint64(math.Round(s * ticksPerSecond)) }
		for _, c := range times {
			want.add(cpuTimes{
				user: ticks(c.User + c.Nice), system: ticks(c.System), idle: ticks(c.Idle), wait: ticks(c.Iowait),
				irq: ticks(c.Irq + c.Softirq), stolen: ticks(c.Steal),
			})
		}
		if fmt.Sprint(got.cores) != fmt.Sprint(want.cores) {
			t.Errorf("%s: got %v, gopsutil has %v", host, got, want)
		}
		// Each processor's counters are rounded down to ticks.
		a, b := got.all, want.all
		for _, pair := range [][2]uint64{{a.user, b.user}, {a.system, b.system}, {a.idle, b.idle}, {a.wait, b.wait}, {a.irq, b.irq}, {a.stolen, b.stolen}} {
			if pair[0] < pair[1] || pair[0]-pair[1] > uint64(2*len(times)) {
				t.Errorf("%s: got %+v, gopsutil's sum is %+v", host, a, b)
			}
		}
	}
}

// The counters of the live host are between those of /proc/stat before and after the check.
func TestCPUAgreesWithThisHost(t *testing.T) {
	before := statLines(t, "/proc/stat")["cpu"]
	r, err := cpuOf(t, Options{}).Check(t.Context(), request("", nil))
	if err != nil {
		t.Fatal(err)
	}
	after := statLines(t, "/proc/stat")["cpu"]
	got, ok := parseCPUSample(r.Sample, bootID(tree{proc: "/proc"}, time.Now()))
	if !ok {
		t.Fatalf("sample %x", r.Sample)
	}
	for i, n := range []uint64{got.all.user, got.all.system, got.all.idle} {
		low, high := before[i+1], after[i+1]
		if i == 0 {
			low, high = before[0]+before[1], after[0]+after[1]
		}
		if float64(n) < low || float64(n) > high {
			t.Errorf("counter %d: %d is not between %v and %v", i, n, low, high)
		}
	}
	sum := 0.0
	for _, name := range []string{"user", "sys", "idle", "wait", "irq", "stolen"} {
		sum += number(t, r, "", name+"_percent_average")
	}
	if math.Abs(sum-100) > 0.001 {
		t.Errorf("the parts sum up to %v", sum)
	}
}

// Where the previous sample cannot be used, the check takes two.
func TestCPUTakesTwoSamplesAfter(t *testing.T) {
	first, later := captured("server", "first"), captured("server", "later")
	good := cpuSampleOf(t, first)
	stat := read(t, later.Proc+"/stat")
	for name, c := range map[string]struct {
		opt      Options
		previous []byte
	}{
		"reboot":              {changed(t, "server", "later", "sys/kernel/random/boot_id", "another\n"), good},
		"counters went back":  {first, cpuSampleOf(t, later)},
		"a processor was off": {changed(t, "server", "later", "stat", strings.Replace(stat, "cpu3 1000010 5000 350050 10055850 30050 0 5020 3020 5010 0\n", "", 1)), good},
		"too soon":            {first, good},
		"another version":     {later, append([]byte{cpuSampleKind, cpuSampleVersion + 1}, good[2:]...)},
		"of another check":    {later, append([]byte{diskSampleKind}, good[1:]...)},
		"cut":                 {later, good[:len(good)-1]},
	} {
		if _, waited, err := runCheck(t, cpuOf(t, c.opt), request("", c.previous)); waited != collect.SampleGap || err == nil {
			t.Errorf("%s: waited %v, %v", name, waited, err)
		}
	}
	// Without a boot id, the counters decide.
	hidden := changed(t, "server", "first", "sys/kernel/random/boot_id", "")
	again := changed(t, "server", "later", "sys/kernel/random/boot_id", "")
	if _, waited, err := runCheck(t, cpuOf(t, again), request("", cpuSampleOf(t, hidden))); err != nil || waited != 0 {
		t.Errorf("no boot id: %v after %v", err, waited)
	}
}

func TestCPUWaitsWithinItsTimeLimit(t *testing.T) {
	r, err := cpuOf(t, captured("vm", "first")).Check(expired(t), request("", nil))
	if err == nil || r.Sample == nil {
		t.Errorf("%v, sample %x", err, r.Sample)
	}
}

func TestCPUOfInvalidStat(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "no processor is listed",
		"cpu  1 2 3 4\nintr 5\n":          "no processor is listed",
		"cpu  1 2 3 4\ncpu0 1 2 3\n":      "cpu0: too few counters",
		"cpu  1 2 3 4\ncpu0 1 2 x 4\n":    `cpu0: "x" is no counter`,
		"cpu0 99999999999999999999 1 1 1": `cpu0: "99999999999999999999" is no counter`,
	} {
		_, _, err := runCheck(t, cpuOf(t, changed(t, "vm", "first", "stat", text)), request("", nil))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, _, err := runCheck(t, cpuOf(t, Options{Proc: t.TempDir()}), request("", nil)); !os.IsNotExist(unwrapped(err)) {
		t.Errorf("no file: %v", err)
	}
	// An old kernel has fewer fields: the others are 0.
	c, err := readCPU(t.Context(), tree{proc: changed(t, "vm", "first", "stat", "cpu 1 2 3 4\ncpu0 1 2 3 4\n").Proc})
	if err != nil || c.all != (cpuTimes{user: 3, system: 3, idle: 4}) {
		t.Errorf("%+v, %v", c, err)
	}
}

func FuzzCPUSample(f *testing.F) {
	f.Add([]byte{})
	f.Add(cpuCounters{all: cpuTimes{user: 1, idle: 1 << 40}, cores: []coreTimes{{2, 1}, {1 << 60, 0}}}.sample(7))
	f.Add(append(newSample(cpuSampleKind, cpuSampleVersion, 7), 1, 1, 1, 1, 1, 1, 0xff, 0xff, 0xff, 0xff, 0x0f))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, ok := parseCPUSample(b, 7)
		if !ok {
			return
		}
		if back, ok := parseCPUSample(c.sample(7), 7); !ok || fmt.Sprint(back) != fmt.Sprint(c) {
			t.Fatalf("%v, then %v %v", c, back, ok)
		}
		// Metrics made of any sample are valid.
		now := cpuCounters{all: cpuTimes{user: 10, idle: 20}, cores: make([]coreTimes, len(c.cores))}
		for _, pair := range [][2]cpuCounters{{c, now}, {now, c}} {
			metrics, err := pair[1].since(pair[0])
			for _, m := range metrics {
				if !m.Valid() {
					t.Fatalf("%+v", m)
				}
			}
			if (err == nil) != (len(metrics) == 10) {
				t.Fatal(metrics, err)
			}
		}
	})
}
