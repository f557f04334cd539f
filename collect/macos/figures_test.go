package macos

import (
	"encoding/binary"
	"errors"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"
)

// layout makes the bytes of a struct of Apple's headers: the figures at their offsets.
func layout(size int, figures map[int]uint64, width func(at int) int) []byte {
	b := make([]byte, size)
	for at, n := range figures {
		switch width(at) {
		case 8:
			binary.LittleEndian.PutUint64(b[at:], n)
		case 4:
			binary.LittleEndian.PutUint32(b[at:], uint32(n))
		}
	}
	return b
}

func TestParseProcessors(t *testing.T) {
	counters := []uint32{10, 20, 3000, 1, 0xffffffff, 5, 6, 7}
	got, err := parseProcessors(counters, 2)
	want := []Processor{{User: 10, System: 20, Idle: 3000, Nice: 1}, {User: 0xffffffff, System: 5, Idle: 6, Nice: 7}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("parseProcessors: %v, %v; want %v", got, err, want)
	}
	for _, n := range []int{0, -1, 3} {
		if _, err := parseProcessors(counters, n); !errors.Is(err, errProcessors) {
			t.Errorf("%d processors: error %v", n, err)
		}
	}
}

// vm_statistics64: natural_t free, active, inactive, wire; uint64 zero_fill, reactivations, pageins,
// pageouts, faults, cow_faults, lookups, hits, purges; natural_t purgeable, speculative; uint64
// decompressions, compressions, swapins, swapouts; …
func TestMemory(t *testing.T) {
	b := layout(vmStatisticsBytes, map[int]uint64{0: 100, 4: 7777, 8: 50, 12: 8888, 112: 3, 120: 1 << 33},
		func(at int) int {
			if at < 16 {
				return 4
			}
			return 8
		})
	var m Memory
	if err := m.addStatistics(b, 16384); err != nil {
		t.Fatal(err)
	}
	swap := layout(swapUsageBytes, map[int]uint64{0: 2 << 30, 8: 1 << 30, 16: 1 << 30}, func(int) int { return 8 })
	if err := m.addSwap(swap); err != nil {
		t.Fatal(err)
	}
	want := Memory{
		Free: 100 * 16384, Available: 150 * 16384, SwapTotal: 2 << 30, SwapFree: 1 << 30,
		SwapIn: 3 * 16384, SwapOut: 16384 << 33,
	}
	if m != want {
		t.Errorf("got %+v, want %+v", m, want)
	}
	if err := m.addStatistics(b[:vmStatisticsBytes-1], 4096); !errors.Is(err, errVMStatistics) {
		t.Errorf("cut statistics: error %v", err)
	}
	if err := m.addSwap(swap[1:]); !errors.Is(err, errSwapUsage) {
		t.Errorf("cut swap usage: error %v", err)
	}
}

// interfaceMessage is an if_msghdr2 with a sockaddr_dl, as NET_RT_IFLIST2 has them.
func interfaceMessage(name string, flags uint64) []byte {
	b := layout(messageBytes, map[int]uint64{
		8: flags, 24: 9, 56: 1, 64: 2, 72: 3, 80: 4, 88: 5, 96: 6 << 32, 104: 7 << 32, 128: 8,
	}, func(at int) int {
		if at < 32 {
			return 4
		}
		return 8
	})
	b = append(b, 20, familyLink, 1, 0, 6, byte(len(name)), 6, 0)
	b = append(b, name...)
	b = append(b, 2, 0, 0, 0, 0, 1)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	binary.LittleEndian.PutUint16(b, uint16(len(b)))
	b[2], b[3] = 5, messageInterface2
	return b
}

// addressMessage is one of an interface's address (RTM_NEWADDR).
func addressMessage() []byte {
	b := make([]byte, 20)
	binary.LittleEndian.PutUint16(b, 20)
	b[2], b[3] = 5, 0xc
	return b
}

func TestParseInterfaces(t *testing.T) {
	list := slices.Concat(interfaceMessage("lo0", 0x8049), addressMessage(), interfaceMessage("en0", 0x8823), interfaceMessage("", 0))
	got, err := parseInterfaces(list)
	want := Interface{
		RxPackets: 1, RxErrors: 2, TxPackets: 3, TxErrors: 4, Collisions: 5, RxBytes: 6 << 32, TxBytes: 7 << 32,
		RxDropped: 8, TxDropped: 9,
	}
	lo0, en0 := want, want
	lo0.Name, lo0.Running, en0.Name = "lo0", true, "en0"
	if err != nil || !slices.Equal(got, []Interface{lo0, en0}) {
		t.Errorf("got %+v, %v", got, err)
	}
	got, err = parseInterfaces(list[:len(list)-1])
	if !errors.Is(err, errInterfaces) || len(got) != 2 {
		t.Errorf("a list that is cut: %+v, %v", got, err)
	}
}

func TestParseDisks(t *testing.T) {
	b, err := os.ReadFile("testdata/ioreg-disks.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := []Disk{
		{
			Name: "disk0", Reads: 2416853, Writes: 1012953, ReadBytes: 31897657344, WriteBytes: 14319661056,
			ReadTime: 658433335156, WriteTime: 67313671632,
		},
		{Name: "disk10", Reads: 150, ReadBytes: 1228800, ReadTime: 17 * time.Millisecond},
		{Name: "disk4", Reads: 5, Writes: 12, ReadBytes: 4096, WriteBytes: 8192},
	}
	if got := parseDisks(string(b)); !slices.Equal(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if got := parseDisks(""); got != nil {
		t.Errorf("of nothing: %+v", got)
	}
}

func TestParseMachineID(t *testing.T) {
	b, err := os.ReadFile("testdata/ioreg-platform.txt")
	if err != nil {
		t.Fatal(err)
	}
	if id, err := parseMachineID(string(b)); err != nil || id != "6f3a1c5e-0000-4000-8000-0123456789ab" {
		t.Errorf("id %q, error %v", id, err)
	}
	if _, err := parseMachineID(`"IOPlatformUUID" = ""`); !errors.Is(err, errNoMachineID) {
		t.Errorf("an empty id: error %v", err)
	}
}

func TestParseTask(t *testing.T) {
	b := layout(taskBytes, map[int]uint64{0: 400 << 30, 8: 5 << 20, 16: 24_000_000, 24: 48_000_000, 52: 11, 56: 12, 84: 6, 88: 1, 92: 31},
		func(at int) int {
			if at < 48 {
				return 8
			}
			return 4
		})
	got, err := parseTask(b, timebase{125, 3}) // of Apple's own processors: 24 MHz
	want := Task{
		Virtual: 400 << 30, Resident: 5 << 20, User: time.Second, System: 2 * time.Second,
		Threads: 6, Running: 1, Faults: 11, Pageins: 12, Priority: 31,
	}
	if err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if _, err := parseTask(b[:95], timebase{1, 1}); !errors.Is(err, errTask) {
		t.Errorf("cut figures: error %v", err)
	}
	for _, odd := range []timebase{{}, {1, 0}, {1 << 31, 1}} {
		odd.duration(1 << 63) // without a panic
	}
}

func TestParseArgumentsWithoutTheEnvironment(t *testing.T) {
	b := []byte("\x03\x00\x00\x00/bin/sleep\x00\x00\x00\x00sleep\x00\x009 s\x00TOKEN=hunter2\x00")
	got, err := parseArguments(b)
	if want := []string{"sleep", "", "9 s"}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	for _, cut := range []string{"", "\x01\x00\x00", "\x01\x00\x00\x00/bin/x", "\x02\x00\x00\x00/bin/x\x00x\x00y", "\xff\xff\xff\xff/x\x00x\x00"} {
		if _, err := parseArguments([]byte(cut)); !errors.Is(err, errArgs) {
			t.Errorf("%q: error %v", cut, err)
		}
	}
}

func TestParseList(t *testing.T) {
	got := parseList("    1  14320   2:05.25 /sbin/launchd\n  512      0   0:00.00 (zombie)\nPID RSS TIME COMMAND\n" +
		" 9001 524288 101:02:03.5 /opt/db/bin/db --port 5  --name  x\n 7 1 x /bin/x\n 8 1 0:99.00 /bin/x\n9\n")
	want := map[int]Listed{
		1:    {Resident: 14320 << 10, Time: 2*time.Minute + 5250*time.Millisecond, Command: "/sbin/launchd"},
		512:  {Command: "(zombie)"},
		9001: {Resident: 512 << 20, Time: 101*time.Hour + 2*time.Minute + 3500*time.Millisecond, Command: "/opt/db/bin/db --port 5  --name  x"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func FuzzMacOS(f *testing.F) {
	f.Add(slices.Concat(interfaceMessage("en0", flagRunning), addressMessage()))
	for _, name := range []string{"testdata/ioreg-disks.txt", "testdata/ioreg-platform.txt"} {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("  1 20 0:01.50 /sbin/launchd\n"))
	f.Add([]byte("\x02\x00\x00\x00/bin/x\x00\x00x\x00y\x00HOME=/\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		parseInterfaces(b)
		parseDisks(string(b))
		parseMachineID(string(b))
		for _, p := range parseList(string(b)) {
			if p.Time < 0 {
				t.Errorf("negative time %v", p.Time)
			}
		}
		parseTask(b, timebase{125, 3})
		args, err := parseArguments(b)
		total := 0
		for _, a := range args {
			total += len(a) + 1
		}
		if err == nil && total > len(b) {
			t.Errorf("%d bytes of arguments in %d", total, len(b))
		}
		var m Memory
		m.addStatistics(b, 4096)
		m.addSwap(b)
	})
}
