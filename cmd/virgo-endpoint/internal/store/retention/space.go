package retention

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const (
	// Share is the part of the disk that the store may take, in percent: of what is free when the bound is
	// computed, and of all that the store has already.
	Share = 80
	// floorPercent and minFloor are the default of the floor.
	floorPercent = 1
	minFloor     = 64 << 20
	// maxKeep bounds --keep-results.
	maxKeep = 100 * 366 * Day
)

// A Space is the space of a file system.
type Space struct {
	// Free is what this process may use of it, Total all of it.
	Free, Total int64
}

// Bound returns the bound for a store that has used bytes, on a disk of this space.
func Bound(used int64, s Space) int64 { return used + s.Free/100*Share }

// A Limit is an amount of space: bytes, or percent of the disk.
type Limit struct {
	Bytes   int64
	Percent float64
}

// DefaultFloor returns the floor of free space where nobody sets one: a percent of the disk, and at least 64 MiB.
func DefaultFloor(s Space) int64 { return max(minFloor, s.Total/100*floorPercent) }

// Of returns the bytes of a limit on a disk.
func (l Limit) Of(s Space) int64 {
	if l.Percent > 0 {
		return int64(float64(s.Total) / 100 * l.Percent)
	}
	return l.Bytes
}

// sizeUnits are in the order in which they are tried: a suffix of another one comes after it.
var sizeUnits = [...]struct {
	suffix string
	bytes  int64
}{
	{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3},
	{"T", 1 << 40}, {"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {"B", 1}, {"", 1},
}

// ParseSize parses 64MiB, 1.5GB, 20G (GiB), or a number of bytes.
func ParseSize(s string) (int64, error) {
	text := strings.TrimSpace(s)
	for _, u := range sizeUnits {
		number, ok := strings.CutSuffix(text, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !(n >= 0) || n > math.MaxInt64/2/float64(u.bytes) {
			break
		}
		return int64(n * float64(u.bytes)), nil
	}
	return 0, fmt.Errorf("%.64q is not a size such as 20GiB", s)
}

// ParseLimit parses what ParseSize does, or a part of the disk, such as 2%.
func ParseLimit(s string) (Limit, error) {
	number, ok := strings.CutSuffix(strings.TrimSpace(s), "%")
	if !ok {
		n, err := ParseSize(s)
		return Limit{Bytes: n}, err
	}
	p, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(p >= 0 && p < 100) {
		return Limit{}, fmt.Errorf("%.64q is not a part of the disk such as 2%%", s)
	}
	return Limit{Percent: p}, nil
}

// FormatSize returns a size for people: three digits and a binary unit.
func FormatSize(n int64) string {
	for _, u := range sizeUnits[:4] {
		if n >= u.bytes {
			f := float64(n) / float64(u.bytes)
			digits := 2
			for whole := f; whole >= 10 && digits > 0; whole /= 10 {
				digits--
			}
			return strconv.FormatFloat(f, 'f', digits, 64) + " " + u.suffix
		}
	}
	return strconv.FormatInt(n, 10) + " bytes"
}

// ParseKeep parses how long results are kept: 30d, 26w, 1y, 12h, or 0 for ever.
func ParseKeep(s string) (time.Duration, error) {
	text := strings.TrimSpace(s)
	if text == "0" {
		return 0, nil
	}
	unit := time.Duration(0)
	if text != "" {
		switch text[len(text)-1] {
		case 'h':
			unit = time.Hour
		case 'd':
			unit = Day
		case 'w':
			unit = 7 * Day
		case 'y':
			unit = 365 * Day
		}
	}
	if unit == 0 {
		return 0, fmt.Errorf("%.64q is not a time such as 30d (h, d, w, y; 0 keeps results for ever)", s)
	}
	n, err := strconv.ParseInt(text[:len(text)-1], 10, 32)
	if err != nil || n <= 0 || n > int64(maxKeep/unit) {
		return 0, fmt.Errorf("%.64q is not a time from 1h to 100y (0 keeps results for ever)", s)
	}
	return time.Duration(n) * unit, nil
}
