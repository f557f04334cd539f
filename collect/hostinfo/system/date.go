package system

import (
	"context"
	"strings"

	"virgo/collect/hostinfo/source"
)

type dateInfo struct {
	Time      string  `json:"time" doc:"the host's own time of day, HH:MM:SS"`
	Date      dateDay `json:"date" doc:"the host's own date"`
	Timezone  string  `json:"timezone" doc:"short name of its time zone, for example CET"`
	UTCOffset int     `json:"utc_offset_s" doc:"how far its time is ahead of UTC, s"`
	Zone      string  `json:"zone" doc:"its time zone as the zone database names it, for example Europe/Berlin; empty if the system does not say"`
	UnixMS    int64   `json:"unix_ms" doc:"ms since the epoch"`
}

type dateDay struct {
	Year  string `json:"year" doc:"four digits"`
	Month string `json:"month" doc:"01 to 12"`
	Day   string `json:"day" doc:"01 to 31"`
}

// dateType answers with a list of one element, as the original agent does.
func dateType() source.Type {
	return source.Type{
		Name:    "date",
		Summary: "the host's date, time and time zone",
		Shape:   []dateInfo{},
		Read: func(_ context.Context, h *source.Host) (any, error) {
			now := h.Time()
			name, offset := now.Zone()
			return []dateInfo{{
				Time:     now.Format("15:04:05"),
				Date:     dateDay{now.Format("2006"), now.Format("01"), now.Format("02")},
				Timezone: name, UTCOffset: offset, Zone: timeZone(h), UnixMS: now.UnixMilli(),
			}}, nil
		},
	}
}

// timeZone is what Debian writes to /etc/timezone, and what the link /etc/localtime says elsewhere.
func timeZone(h *source.Host) string {
	if b, err := h.Read("/etc/timezone"); err == nil && len(b) < 256 {
		return strings.TrimSpace(string(b))
	}
	_, name, _ := strings.Cut(h.Link("/etc/localtime"), "zoneinfo/")
	return name
}
