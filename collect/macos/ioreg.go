package macos

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"virgo/collect/program"
)

// A Disk is a disk with its counters since boot, or since it was plugged in. Volumes of APFS have
// none of their own.
type Disk struct {
	Name                  string // as below /dev, for example disk0
	Reads, Writes         uint64
	ReadBytes, WriteBytes uint64
	// ReadTime and WriteTime are the sums of the time that requests took. The time in which the disk
	// was busy is not counted.
	ReadTime, WriteTime time.Duration
}

// ioregPath is the program that prints the registry of I/O Kit.
const ioregPath = "/usr/sbin/ioreg"

// maxDisks bounds how many disks are read.
const maxDisks = 4096

// Disks reads the disks from ioreg(8), by name: the drivers of block storage and what is directly below
// each, which is the medium.
func Disks(ctx context.Context) ([]Disk, error) {
	b, err := program.Run(ctx, ioregPath, "-r", "-c", "IOBlockStorageDriver", "-l", "-d", "2", "-w", "0")
	if err != nil {
		return nil, err
	}
	return parseDisks(string(b)), nil
}

// parseDisks reads what ioreg prints for drivers of block storage. A driver begins at the left; its
// Statistics count, and the first medium below has the name. A drive without a medium has no name and
// is left out:
//
//	+-o IOBlockStorageDriver  <class IOBlockStorageDriver, id 0x100000379, …>
//	  | {
//	  |   "Statistics" = {"Operations (Write)"=909,"Bytes (Read)"=3394316288,…}
//	  | }
//	  +-o APPLE SSD Media  <class IOMedia, id 0x10000037c, …>
//	      {
//	        "BSD Name" = "disk0"
//	      }
func parseDisks(text string) []Disk {
	var all []Disk
	var d Disk
	counted := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "+-o ") {
			d, counted = Disk{}, false
			continue
		}
		key, value, ok := property(line)
		switch {
		case !ok:
		case key == "Statistics" && !counted:
			counted = d.count(value)
		case key == "BSD Name" && counted && d.Name == "" && len(all) < maxDisks:
			if d.Name = strings.Trim(value, `"`); d.Name != "" {
				all = append(all, d)
			}
		}
	}
	slices.SortFunc(all, func(a, b Disk) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// property splits a line `| "key" = value`.
func property(line string) (key, value string, ok bool) {
	line = strings.TrimLeft(strings.TrimSpace(line), "| ")
	if line, ok = strings.CutPrefix(line, `"`); !ok {
		return "", "", false
	}
	return strings.Cut(line, `" = `)
}

// count reads Statistics, {"key"=number,…}; false if it is none. An element that is no number is
// skipped.
func (d *Disk) count(value string) bool {
	value, ok := strings.CutPrefix(value, "{")
	value, end := strings.CutSuffix(value, "}")
	if !ok || !end {
		return false
	}
	for element := range strings.SplitSeq(value, ",") {
		key, number, _ := strings.Cut(element, "=")
		n, err := strconv.ParseUint(number, 10, 64)
		if err != nil {
			continue
		}
		switch strings.Trim(key, `"`) {
		case "Operations (Read)":
			d.Reads = n
		case "Operations (Write)":
			d.Writes = n
		case "Bytes (Read)":
			d.ReadBytes = n
		case "Bytes (Write)":
			d.WriteBytes = n
		case "Total Time (Read)":
			d.ReadTime = nanoseconds(n)
		case "Total Time (Write)":
			d.WriteTime = nanoseconds(n)
		}
	}
	return true
}

func nanoseconds(n uint64) time.Duration { return time.Duration(min(n, 1<<63-1)) }

var errNoMachineID = errors.New("ioreg names no IOPlatformUUID")

// MachineID returns the id of the hardware, in lower case.
func MachineID(ctx context.Context) (string, error) {
	b, err := program.Run(ctx, ioregPath, "-r", "-d", "1", "-c", "IOPlatformExpertDevice", "-w", "0")
	if err != nil {
		return "", err
	}
	return parseMachineID(string(b))
}

func parseMachineID(text string) (string, error) {
	for line := range strings.Lines(text) {
		if key, value, ok := property(line); ok && key == "IOPlatformUUID" {
			if id := strings.ToLower(strings.Trim(value, `"`)); id != "" {
				return id, nil
			}
		}
	}
	return "", errNoMachineID
}
