package retention

import (
	"path/filepath"
	"testing"
	"time"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1": 1, "64MiB": 64 << 20, "1.5 GiB": 3 << 29, "20G": 20 << 30, "1TB": 1e12, "7B": 7, " 2K ": 2048,
	} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("%q is %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-1", "x", "1XB", "NaN", "Inf", "1e40", "9000000TiB", "G"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
}

func TestParseLimit(t *testing.T) {
	disk := Space{Free: 5 << 30, Total: 100 << 30}
	for text, want := range map[string]int64{"2%": 2 << 30, "1GiB": 1 << 30, "0": 0, "0%": 0} {
		l, err := ParseLimit(text)
		if got := l.Of(disk); err != nil || got < want-1024 || got > want+1024 {
			t.Errorf("%q is %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"%", "100%", "-1%", "NaN%", "x"} {
		if l, err := ParseLimit(text); err == nil {
			t.Errorf("%q is %+v", text, l)
		}
	}
}

func TestParseKeep(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "30d": 30 * Day, "12h": 12 * time.Hour, "2w": 14 * Day, "1y": 365 * Day, " 7d ": 7 * Day,
	} {
		if got, err := ParseKeep(text); err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "30", "0d", "-1d", "1.5d", "101y", "d", "1m", "99999999999999999999d"} {
		if got, err := ParseKeep(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("30d")
	f.Add("1.5GiB")
	f.Add("2%")
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseKeep(s); err == nil && (d < 0 || d > maxKeep) {
			t.Errorf("%q: %v", s, d)
		}
		if n, err := ParseSize(s); err == nil && n < 0 {
			t.Errorf("%q: %d", s, n)
		}
		if l, err := ParseLimit(s); err == nil && l.Of(Space{Total: 1 << 50}) < 0 {
			t.Errorf("%q: %+v", s, l)
		}
	})
}

func TestFormatSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 bytes", 1023: "1023 bytes", 1024: "1.00 KiB", 15 << 20: "15.0 MiB", 3 << 29: "1.50 GiB", 500 << 40: "500 TiB",
	} {
		if got := FormatSize(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

func TestBound(t *testing.T) {
	if got := Bound(1000, Space{Free: 10000}); got != 9000 {
		t.Error(got)
	}
	if got := DefaultFloor(Space{Total: 1 << 30}); got != minFloor {
		t.Error(got)
	}
	if got := DefaultFloor(Space{Total: 100 << 30}); got < 1<<30-100 || got > 1<<30 {
		t.Error(got)
	}
}

func TestFree(t *testing.T) {
	s, err := Free(t.TempDir())
	if err != nil || s.Free <= 0 || s.Total < s.Free {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := Free(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("the space of a folder that does not exist")
	}
}
