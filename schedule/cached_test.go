package schedule

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestCachedComesBackWhole(t *testing.T) {
	s, _, _, err := ParseEndpoint([]byte(`{"checks":[
		{"id":"a \"<&>\" ü\u2028","type":"t","details":{"n":1.50,"s":"a\nb\u0001","deep":{"l":[true,null,{}]}},"period":90,"timeout":5,"disabled":true,"label":"L","target_alias":"x","monitoring_zones_poll":["z"],"alarms":{"k":"<"}},
		{"id":"b","type":"t"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Cached{
		{},
		{Schedule: s, Fetched: time.UnixMilli(1_772_434_800_123), Hash: "abc\"", Changed: true},
		{Schedule: Builtin(), Fetched: time.UnixMilli(-5)},
	} {
		b, err := c.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseCached(b)
		if err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
		if !got.Fetched.Equal(time.UnixMilli(c.Fetched.UnixMilli())) {
			t.Errorf("fetched %v, want %v", got.Fetched, c.Fetched)
		}
		got.Fetched = c.Fetched
		if !reflect.DeepEqual(got, c) {
			t.Errorf("got  %+v\nwant %+v", got, c)
		}
	}
}

// TestLargestDetailsStayWithinTheirLimit: a character that JSON escapes must not make a schedule that
// was taken too large to be read back.
func TestLargestDetailsStayWithinTheirLimit(t *testing.T) {
	s, _, problems, err := ParseEndpoint([]byte(`{"checks":[{"id":"a","type":"t","details":{"v":"` + strings.Repeat(`\u0001`, MaxDetailBytes-20) + `"}}]}`))
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	b, err := Cached{Schedule: s}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseCached(b); err != nil {
		t.Error(err)
	}
}

func TestDamagedCopyIsNone(t *testing.T) {
	good, err := Cached{Schedule: Builtin(), Fetched: simulationStart, Hash: "h"}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	kept := func(checks ...string) string { // a head, and checks as they are kept
		return "\x01\x00\x00\x00" + string(rune(len(checks))) + strings.Join(checks, "")
	}
	const check = "\x01a\x01t\x00\x00\x3c\x3c\x00\x00\x00\x00"
	if c, err := ParseCached([]byte(kept(check))); err != nil || len(c.Schedule.Checks) != 1 {
		t.Fatalf("what the cases below spoil: %+v, %v", c, err)
	}
	for name, b := range map[string]string{
		"none":               "",
		"JSON":               `{"version":1}`,
		"newer":              "\x02" + string(good[1:]),
		"a byte too many":    string(good) + "\x00",
		"one id twice":       kept(check, check),
		"more than there is": strings.Replace(kept(check), "\x01a", "\xffa", 1),
		"no id":              kept("\x00\x01t\x00\x00\x3c\x3c\x00\x00\x00\x00"),
		"a period of 0":      kept("\x01a\x01t\x00\x00\x00\x3c\x00\x00\x00\x00"),
		"a long timeout":     kept("\x01a\x01t\x00\x00\x3c\xff\xff\xff\x0f\x00\x00\x00\x00"),
		"alarms, no JSON":    kept("\x01a\x01t\x00\x00\x3c\x3c\x00\x00\x01x\x00"),
		"details of text":    kept("\x01a\x01t\x00\x00\x3c\x3c\x00\x00\x00\x01\x01x"),
		"a number, none":     kept("\x01a\x01t\x00\x00\x3c\x3c\x00\x00\x00\x06\x01\x01k\x02\x01x"),
		"a key twice":        kept("\x01a\x01t\x00\x00\x3c\x3c\x00\x00\x00\x06\x02\x01k\x03\x01k\x03"),
		"too deep":           kept("\x01a\x01t\x00\x00\x3c\x3c\x00\x00\x00\x06\x01\x01k" + strings.Repeat("\x05\x01", MaxDetailDepth+1) + "\x03"),
		"a large hash":       "\x01\x00\x00\xd0\x0f" + strings.Repeat("x", 2000) + "\x00",
		"too large":          string(good) + strings.Repeat(" ", MaxScheduleBytes),
	} {
		if _, err := ParseCached([]byte(b)); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n := 0; n < len(good); n++ {
		if _, err := ParseCached(good[:n]); !errors.Is(err, ErrDamaged) {
			t.Fatalf("cut after %d bytes: %v", n, err)
		}
	}
}

func TestHostileHashIsNotKept(t *testing.T) {
	b, err := Cached{Hash: strings.Repeat("x", 1<<20)}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if c, err := ParseCached(b); err != nil || c.Hash != "" {
		t.Errorf("hash of %d bytes, %v", len(c.Hash), err)
	}
}

func TestStale(t *testing.T) {
	now := simulationStart
	for name, c := range map[string]struct {
		cached Cached
		want   bool
	}{
		"fresh":                         {Cached{Fetched: now.Add(-59 * time.Minute)}, false},
		"just old":                      {Cached{Fetched: now.Add(-time.Hour)}, true},
		"changed":                       {Cached{Fetched: now, Changed: true}, true},
		"never fetched":                 {Cached{}, true},
		"a little ahead":                {Cached{Fetched: now.Add(time.Minute)}, false},
		"far ahead: the clock was back": {Cached{Fetched: now.Add(2 * time.Hour)}, true},
	} {
		if got := c.cached.Stale(now, time.Hour); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzParseCached(f *testing.F) {
	good, _ := Cached{Schedule: Builtin(), Fetched: simulationStart, Hash: "h", Changed: true}.Marshal()
	f.Add(good)
	f.Add([]byte("\x01\x00\x00\x00\x01\x01a\x01t\x00\x00\x3c\x3c\x00\x00\x02{}\x06\x01\x01k\x05\x02\x02\x011\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseCached(data)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		b, err := c.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseCached(b)
		if err != nil || again.Schedule.Hash() != c.Schedule.Hash() || !again.Fetched.Equal(c.Fetched) || again.Changed != c.Changed || again.Hash != c.Hash {
			t.Fatalf("%v\n%s\n%s", err, data, b)
		}
	})
}
