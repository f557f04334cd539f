package plot

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"
)

func at(minute int) time.Time {
	return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(minute) * time.Minute)
}

func value(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// A line that rises, a gap, and a band.
func TestDraw(t *testing.T) {
	c := Chart{Width: 40, Height: 6, From: at(0), To: at(60), Label: value}
	for minute := range 61 {
		v := float64(minute)
		p := Point{Time: at(minute), Low: v, High: v, Value: v}
		switch {
		case minute > 20 && minute < 40:
			continue
		case minute == 40:
			p.Gap = true
		case minute == 50:
			p.Low, p.High = 0, 60
		}
		c.Points = append(c.Points, p)
	}
	want := `
100 ┤
    │
    │                             ⣄⣀⣀⠤⠤⠤
    │                       ⠔⠒⠒⠊⠉⠉⡇
    │      ⢀⣀⣀⠤⠤⠤                 ⡇
  0 ┤⠔⠒⠒⠊⠉⠉⠁                      ⠇
    └┬─────────────────────────────────┬
   12:00
`
	if got := "\n" + c.Draw(); got != want {
		t.Errorf("%s\nwant%s", got, want)
	}
}

// Whatever the values are, the chart has its size, and ticks are few.
func TestExtremes(t *testing.T) {
	for name, values := range map[string][]float64{
		"none": nil, "zero": {0, 0}, "one": {7}, "negative": {-5, -5}, "tiny": {1e-300, 2e-300}, "huge": {-math.MaxFloat64, math.MaxFloat64},
		"close": {1e15, 1e15 + 1}, "wide": {0, 1e18}, "nearly equal": {1, math.Nextafter(1, 2)}, "denormal": {0, 5e-324},
	} {
		for _, binary := range []bool{false, true} {
			c := Chart{Width: 60, Height: 12, From: at(0), To: at(10), Label: value, Binary: binary}
			for i, v := range values {
				c.Points = append(c.Points, Point{Time: at(i), Low: v, High: v, Value: v})
			}
			text := c.Draw()
			if n := strings.Count(text, "\n"); n != 14 {
				t.Errorf("%s: %d lines", name, n)
			}
			if n := strings.Count(text, "┤"); n < 1 || n > 4 {
				t.Errorf("%s: %d ticks\n%s", name, n, text)
			}
		}
	}
}

func TestTicks(t *testing.T) {
	for _, test := range []struct {
		low, high float64
		binary    bool
		want      string
	}{
		{0, 100, false, "[0 50 100]"}, {3.2, 4.1, false, "[3 3.5 4 4.5]"}, {0, 1 << 30, true, "[0 5.36870912e+08 1.073741824e+09]"},
		{-1, 1, false, "[-1 0 1]"}, {5, 5, false, "[0 2 4 6]"}, {0, 7, false, "[0 5 10]"},
	} {
		if got := fmt.Sprint(valueTicks(test.low, test.high, 4, test.binary)); got != test.want {
			t.Errorf("%v to %v: %s, want %s", test.low, test.high, got, test.want)
		}
	}
	for _, test := range []struct {
		to   time.Time
		want string
	}{
		{at(60), "[12:00 12:15 12:30 12:45 13:00]"}, {at(24 * 60), "[12:00 18:00 Mar 2 06:00 12:00]"},
		{at(7 * 24 * 60), "[Mar 3 Mar 5 Mar 7]"}, {at(3 * 365 * 24 * 60), "[2027-03 2028-02 2029-02]"},
	} {
		var got []string
		for _, tick := range timeTicks(at(0), test.to, 5) {
			got = append(got, tick.text)
		}
		if fmt.Sprint(got) != test.want {
			t.Errorf("until %v: %v, want %s", test.to, got, test.want)
		}
	}
}
