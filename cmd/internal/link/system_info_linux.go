package link

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"virgo/collect/procfs"
)

// maxInfoBytes bounds how much of a file in /proc is read: /proc/cpuinfo has about 1,500 bytes for
// each processor.
const maxInfoBytes = 4 << 20

// readSystem reads uname(2), os-release(5), proc_stat(5) and proc_cpuinfo(5). It does not use
// gopsutil's packages cpu and host, because they read /proc at initialization, in every run that
// links them.
func readSystem(_ context.Context, si *SystemInfo) error {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return err
	}
	si.Sysinfo.Arch = unix.ByteSliceToString(u.Machine[:])
	si.Sysinfo.Version = unix.ByteSliceToString(u.Release[:])
	if b, err := readInfo("/etc/os-release"); err == nil {
		si.Sysinfo.Vendor, si.Sysinfo.VendorVersion = parseOSRelease(b)
	}
	if b, err := readInfo("/proc/stat"); err == nil {
		si.Sysinfo.BootTime = parseBootTime(b)
	}
	b, err := readInfo("/proc/cpuinfo")
	if err != nil {
		return err
	}
	si.CPUs = parseCPUInfo(b)
	return nil
}

// totalMemory returns the size of main memory in bytes.
func totalMemory(context.Context) (uint64, error) {
	m, err := procfs.ReadMemInfo("/proc/meminfo")
	return m.Total, err
}

func readInfo(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxInfoBytes))
}

func parseOSRelease(b []byte) (vendor, version string) {
	for line := range bytes.Lines(b) {
		key, value, _ := strings.Cut(strings.TrimSpace(string(line)), "=")
		value = strings.Trim(value, `"'`)
		switch key {
		case "ID":
			vendor = value
		case "VERSION_ID":
			version = value
		}
	}
	return vendor, version
}

func parseBootTime(b []byte) uint64 {
	s := bufio.NewScanner(bytes.NewReader(b))
	for s.Scan() {
		if rest, ok := strings.CutPrefix(s.Text(), "btime "); ok {
			n, _ := strconv.ParseUint(rest, 10, 64) // 0 where it is no number
			return n
		}
	}
	return 0
}

// parseCPUInfo returns a processor for each block; fields that a machine does not report stay
// empty.
func parseCPUInfo(b []byte) []CPUInfo {
	cpus := []CPUInfo{}
	for line := range bytes.Lines(b) {
		key, value, ok := strings.Cut(string(line), ":")
		if !ok {
			continue
		}
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if key == "processor" {
			cpus = append(cpus, CPUInfo{Cores: 1})
			continue
		}
		if len(cpus) == 0 {
			continue
		}
		c := &cpus[len(cpus)-1]
		switch key {
		case "vendor_id", "CPU implementer":
			c.Vendor = value
		case "model name", "Model":
			c.Model = value
		case "cpu MHz":
			c.MHz, _ = strconv.ParseFloat(value, 64)
		case "cpu cores":
			if n, err := strconv.Atoi(value); err == nil {
				c.Cores = n
			}
		}
	}
	return cpus
}
