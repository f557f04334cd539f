package api

import (
	"fmt"
	"strings"
	"time"

	"virgo/schedule/number"
)

func parseTime(text string, pieces []string, zone *time.Location) (float64, error) {
	text = strings.TrimSpace(text)
	switch pieces[1] {
	case unixLayout:
		f, ok := number.Parse(text)
		if !ok {
			return 0, fmt.Errorf("%.40q is no number of seconds", text)
		}
		return f, nil
	case time.RFC3339Nano, time.RFC1123:
		t, err := time.ParseInLocation(pieces[1], text, zone)
		if err != nil {
			return 0, fmt.Errorf("%.80q is no time of that layout", text)
		}
		return secondsOf(t), nil
	}
	c := calendar{year: 1970, month: 1, day: 1, zone: zone, rest: text}
	for i, p := range pieces {
		if i%2 == 1 {
			if !c.read(p) {
				return 0, fmt.Errorf("%.80q is no time of that layout", text)
			}
			continue
		}
		rest, ok := strings.CutPrefix(c.rest, p)
		if !ok {
			return 0, fmt.Errorf("%.80q is no time of that layout", text)
		}
		c.rest = rest
	}
	t, ok := c.time()
	if !ok || c.rest != "" {
		return 0, fmt.Errorf("%.80q is no time of that layout", text)
	}
	return secondsOf(t), nil
}

func secondsOf(t time.Time) float64 { return float64(t.Unix()) + float64(t.Nanosecond())/1e9 }

// calendar is what was read of a time.
type calendar struct {
	year, month, day, dayOfYear      int
	hour, minute, second, nanosecond int
	twelve, afternoon                bool
	zone                             *time.Location
	abbreviation                     string
	rest                             string // of the text
}

// read reads what one sign of a layout stands for.
func (c *calendar) read(sign string) bool {
	switch sign {
	case "2006":
		return c.number(&c.year, 4, 0, 9999)
	case "06":
		ok := c.number(&c.year, 2, 0, 99)
		if c.year += 1900; c.year < 1969 {
			c.year += 100
		}
		return ok
	case "01":
		return c.number(&c.month, 2, 1, 12)
	case "02", "_2":
		c.rest = strings.TrimPrefix(c.rest, " ")
		return c.number(&c.day, 2, 1, 31)
	case "002":
		return c.number(&c.dayOfYear, 3, 1, 366)
	case "Jan", "January":
		return c.name(&c.month, 1, 12, sign)
	case "Mon", "Monday":
		var weekday int
		return c.name(&weekday, 1, 7, sign)
	case "15":
		return c.number(&c.hour, 2, 0, 23)
	case "03":
		c.twelve = true
		return c.number(&c.hour, 2, 1, 12)
	case "PM":
		return c.half()
	case "04":
		return c.number(&c.minute, 2, 0, 59)
	case "05":
		return c.number(&c.second, 2, 0, 60)
	case "000000000":
		return c.fraction()
	case "-0700":
		return c.offset()
	case "MST":
		n := len(c.rest) - len(strings.TrimLeft(c.rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
		c.abbreviation, c.rest = c.rest[:n], c.rest[n:]
		return n > 0
	case "2006-01-02":
		return c.all("2006", "-", "01", "-", "02")
	case "15:04:05":
		return c.all("15", ":", "04", ":", "05")
	}
	return false
}

func (c *calendar) all(pieces ...string) bool {
	for i, p := range pieces {
		if i%2 == 0 {
			if !c.read(p) {
				return false
			}
			continue
		}
		rest, ok := strings.CutPrefix(c.rest, p)
		if !ok {
			return false
		}
		c.rest = rest
	}
	return true
}

// number reads at most that many digits.
func (c *calendar) number(to *int, digits, least, most int) bool {
	n, value := 0, 0
	for n < digits && n < len(c.rest) && c.rest[n] >= '0' && c.rest[n] <= '9' {
		value = value*10 + int(c.rest[n]-'0')
		n++
	}
	*to, c.rest = value, c.rest[n:]
	return n > 0 && value >= least && value <= most
}

// name reads a month or, as the days of a month, a weekday, in full where the layout has it in full.
func (c *calendar) name(to *int, first, last int, sign string) bool {
	for i := first; i <= last; i++ {
		day := time.Date(2000, time.Month(i), 1, 0, 0, 0, 0, time.UTC)
		if sign[0] == 'M' {
			day = time.Date(2000, time.January, i, 0, 0, 0, 0, time.UTC)
		}
		name := day.Format(sign)
		if len(c.rest) >= len(name) && strings.EqualFold(c.rest[:len(name)], name) {
			*to, c.rest = i, c.rest[len(name):]
			return true
		}
	}
	return false
}

func (c *calendar) half() bool {
	if len(c.rest) < 2 {
		return false
	}
	half := strings.ToUpper(c.rest[:2])
	c.afternoon, c.rest = half == "PM", c.rest[2:]
	return half == "AM" || half == "PM"
}

func (c *calendar) fraction() bool {
	n, scale := 0, 100_000_000
	for n < len(c.rest) && c.rest[n] >= '0' && c.rest[n] <= '9' {
		c.nanosecond += int(c.rest[n]-'0') * scale
		scale /= 10
		n++
	}
	c.rest = c.rest[n:]
	return n > 0
}

// offset reads Z, +01, +0100 or +01:00.
func (c *calendar) offset() bool {
	if rest, ok := strings.CutPrefix(c.rest, "Z"); ok {
		c.zone, c.rest = time.UTC, rest
		return true
	}
	if c.rest == "" || c.rest[0] != '+' && c.rest[0] != '-' {
		return false
	}
	sign := 1
	if c.rest[0] == '-' {
		sign = -1
	}
	var hours, minutes int
	c.rest = c.rest[1:]
	if !c.number(&hours, 2, 0, 23) {
		return false
	}
	c.rest = strings.TrimPrefix(c.rest, ":")
	if c.rest != "" && c.rest[0] >= '0' && c.rest[0] <= '9' && !c.number(&minutes, 2, 0, 59) {
		return false
	}
	c.zone = time.FixedZone("", sign*(hours*3600+minutes*60))
	return true
}

// time returns the time that was read. It is not ok for a day that the month does not have, and for
// a zone that is not the one of the call.
func (c *calendar) time() (time.Time, bool) {
	if c.twelve {
		if c.hour %= 12; c.afternoon {
			c.hour += 12
		}
	}
	if c.abbreviation == "UTC" || c.abbreviation == "GMT" || c.abbreviation == "Z" {
		c.zone = time.UTC
		c.abbreviation = ""
	}
	if c.dayOfYear > 0 {
		c.month, c.day = 1, 1
	}
	if time.Date(c.year, time.Month(c.month), c.day, 0, 0, 0, 0, time.UTC).Day() != c.day {
		return time.Time{}, false
	}
	t := time.Date(c.year, time.Month(c.month), c.day, c.hour, c.minute, c.second, c.nanosecond, c.zone)
	if c.dayOfYear > 0 {
		if t = t.AddDate(0, 0, c.dayOfYear-1); t.Year() != c.year {
			return t, false
		}
	}
	name, _ := t.Zone()
	return t, c.abbreviation == "" || c.abbreviation == name
}
