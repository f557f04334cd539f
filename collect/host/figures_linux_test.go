package host

import (
	"context"
	"errors"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/shirou/gopsutil/v3/common"
	godisk "github.com/shirou/gopsutil/v3/disk"
	"github.com/shirou/gopsutil/v3/mem"
	gonet "github.com/shirou/gopsutil/v3/net"
	"golang.org/x/sys/unix"

	"virgo/collect"
)

func TestMemoryAgreesWithProc(t *testing.T) {
	page := os.Getpagesize()
	bytes := func(pages int) string { return strconv.Itoa(pages * page) }
	r := mustRun(t, typeNamed(t, captured("server", "first"), "agent.memory").Checker, request("", nil))
	expect(t, r, "", `total 16708005888
		used 15876165632
		free 831840256
		actual_used 7368667136
		actual_free 9339338752
		ram 15933
		swap_total 8589930496
		swap_used 268435456
		swap_free 8321495040
		swap_page_in `+bytes(4096)+`
		swap_page_out `+bytes(70000))

	// This machine's: every line by itself.
	opt := captured("vm", "later")
	r = mustRun(t, typeNamed(t, opt, "agent.memory").Checker, request("", nil))
	kb := map[string]int{}
	for line := range strings.Lines(read(t, opt.Proc+"/meminfo")) {
		f := strings.Fields(line)
		kb[strings.TrimSuffix(f[0], ":")], _ = strconv.Atoi(f[1])
	}
	for name, want := range map[string]int{
		"total": kb["MemTotal"], "free": kb["MemFree"], "used": kb["MemTotal"] - kb["MemFree"], "actual_free": kb["MemAvailable"],
		"actual_used": kb["MemTotal"] - kb["MemAvailable"], "swap_total": kb["SwapTotal"], "swap_free": kb["SwapFree"],
	} {
		if got := number(t, r, "", name); int(got) != want*1024 {
			t.Errorf("%s: %v, want %v", name, got, want*1024)
		}
	}
}

func TestMemoryWithoutSwapCounters(t *testing.T) {
	opt := changed(t, "server", "first", "vmstat", "nr_free_pages 1\n")
	expect(t, mustRun(t, typeNamed(t, opt, "agent.memory").Checker, request("", nil)), "", "swap_page_in 0\nswap_page_out 0")
	if err := os.Remove(opt.Proc + "/vmstat"); err != nil {
		t.Fatal(err)
	}
	expect(t, mustRun(t, typeNamed(t, opt, "agent.memory").Checker, request("", nil)), "", "swap_page_in 0\nswap_total 8589930496")
	opt = changed(t, "server", "first", "meminfo", "")
	if r, _, err := runCheck(t, typeNamed(t, opt, "agent.memory").Checker, request("", nil)); err == nil {
		t.Errorf("no figures: %+v", r)
	}
}

// gopsutilContext makes gopsutil read a tree in place of the kernel's own.
func gopsutilContext(t *testing.T, tr tree) context.Context {
	return context.WithValue(t.Context(), common.EnvKey, common.EnvMap{
		common.HostProcEnvKey: tr.proc,
		common.HostSysEnvKey:  tr.sys,
	})
}

func TestMemoryAgreesWithThisHost(t *testing.T) {
	r := mustRun(t, typeNamed(t, Options{}, "agent.memory").Checker, request("", nil))
	swap, err := mem.SwapMemory()
	if err != nil {
		t.Fatal(err)
	}
	if got := number(t, r, "", "swap_total"); got != float64(swap.Total) {
		t.Errorf("swap_total %v, gopsutil %v", got, swap.Total)
	}
	if used, free, total := number(t, r, "", "used"), number(t, r, "", "free"), number(t, r, "", "total"); used+free != total || free <= 0 {
		t.Errorf("used %v, free %v, total %v", used, free, total)
	}
}

func TestLoadAverage(t *testing.T) {
	r := mustRun(t, typeNamed(t, captured("server", "first"), "agent.load_average").Checker, request("", nil))
	expect(t, r, "", "1m 3.45\n5m 2.05\n15m 1")
	opt := changed(t, "server", "first", "loadavg", "1.0 2.0\n")
	if r, _, err := runCheck(t, typeNamed(t, opt, "agent.load_average").Checker, request("", nil)); err == nil {
		t.Errorf("no figures: %+v", r)
	}
	if err := os.Remove(opt.Proc + "/loadavg"); err != nil {
		t.Fatal(err)
	}
	r = mustRun(t, typeNamed(t, opt, "agent.load_average").Checker, request("", nil))
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		t.Fatal(err)
	}
	// The averages of this host move on between the two calls.
	if got, want := number(t, r, "", "15m"), float64(info.Loads[2])/65536; math.Abs(got-want) > 1 {
		t.Errorf("without the file: %v, sysinfo(2) has %v", got, want)
	}
}

func TestNetworkAgreesWithProc(t *testing.T) {
	c := typeNamed(t, captured("server", "first"), "agent.network").Checker
	r := mustRun(t, c, request("eth0", nil))
	expect(t, r, "", `rx_bytes 18446744073709551615
		rx_packets 9000000001
		rx_errors 11
		rx_dropped 12
		rx_overruns 13
		rx_frame 14
		tx_bytes 7000000017
		tx_packets 8000000018
		tx_errors 19
		tx_dropped 20
		tx_overruns 21
		tx_collisions 22
		tx_carrier 23
		link_state up`)
	r = mustRun(t, c, request("*", nil))
	if got := dimensions(r); got != "lo eth0 eth1 bond0 bond0.100 docker0 wlan0 tun0" {
		t.Errorf("%s", got)
	}
	if got := strings.Join(targets(t, typeNamed(t, captured("server", "first"), "agent.network")), " "); got != dimensions(r) {
		t.Errorf("targets %s", got)
	}
	for name, want := range map[string]string{
		"lo": "unknown", "eth1": "down", "bond0": "up", "bond0.100": "up", "docker0": "down", "wlan0": "down", "tun0": "unknown",
	} {
		expect(t, r, name, "link_state "+want)
	}
	for _, host := range []string{"vm", "server"} {
		opt := captured(host, "later")
		counters, err := gonet.IOCountersWithContext(gopsutilContext(t, tree{proc: opt.Proc, sys: opt.Sys}), true)
		if err != nil || len(counters) == 0 {
			t.Fatal(counters, err)
		}
		r := mustRun(t, typeNamed(t, opt, "agent.network").Checker, request("*", nil))
		for _, want := range counters {
			for name, n := range map[string]uint64{
				"rx_bytes": want.BytesRecv, "rx_packets": want.PacketsRecv, "rx_errors": want.Errin, "rx_dropped": want.Dropin,
				"rx_overruns": want.Fifoin, "tx_bytes": want.BytesSent, "tx_packets": want.PacketsSent, "tx_errors": want.Errout,
				"tx_dropped": want.Dropout, "tx_overruns": want.Fifoout,
			} {
				expect(t, r, want.Name, name+" "+strconv.FormatUint(n, 10))
			}
		}
	}
}

func TestNetworkOfInvalidNetDev(t *testing.T) {
	for _, text := range []string{"", "one\ntwo\n", "one\ntwo\nno colon\n", "one\ntwo\n eth0: 1 2 3\n", "one\ntwo\n eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 -16\n"} {
		opt := changed(t, "vm", "first", "net/dev", text)
		if r, _, err := runCheck(t, typeNamed(t, opt, "agent.network").Checker, request("*", nil)); err == nil {
			t.Errorf("%q: %+v", text, r)
		}
	}
}

func TestDisksAgreeWithGopsutil(t *testing.T) {
	for _, host := range []string{"vm", "server"} {
		opt := captured(host, "later")
		tr := tree{proc: opt.Proc, sys: opt.Sys}
		disks, err := readDisks(t.Context(), tr)
		if err != nil {
			t.Fatal(err)
		}
		want, err := godisk.IOCountersWithContext(gopsutilContext(t, tr))
		if err != nil || len(want) == 0 {
			t.Fatal(want, err)
		}
		for _, d := range disks {
			w := want[d.name] // without those that were never used
			if d != (diskCounters{
				name: d.name, number: d.number, reads: w.ReadCount, writes: w.WriteCount, readBytes: w.ReadBytes, writeBytes: w.WriteBytes,
				readTime: w.ReadTime, writeTime: w.WriteTime, busy: w.IoTime, weighted: w.WeightedIO,
			}) {
				t.Errorf("%s: got %+v, gopsutil has %+v", host, d, w)
			}
			delete(want, d.name)
		}
		if len(want) > 0 {
			t.Errorf("%s: not listed: %v", host, want)
		}
	}
}

func TestVirgoLeavesOutUnknownFigures(t *testing.T) {
	c := virgo{self: func(ctx context.Context) (Self, error) { return Self{SpoolResults: new(uint64(5))}, nil }}
	r, err := c.Check(t.Context(), collect.Request{})
	if err != nil || len(r.Metrics) != 1 || value(r, "", "spool_results") != "5" {
		t.Errorf("%+v, %v", r, err)
	}
	why := errors.New("spool is held")
	c = virgo{self: func(context.Context) (Self, error) { return Self{}, why }}
	if _, err := c.Check(t.Context(), collect.Request{}); !errors.Is(err, why) {
		t.Error(err)
	}
	if _, err := (virgo{}).Check(t.Context(), collect.Request{}); err == nil || err.Error() != "the agent's own figures are not available here" {
		t.Error(err)
	}
}
