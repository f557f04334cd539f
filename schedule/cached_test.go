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
	for name, b := range map[string]string{
		"none":         "",
		"no JSON":      "\x00\x01",
		"newer":        strings.Replace(string(good), `"version":1`, `"version":2`, 1),
		"no version":   `{"checks":[]}`,
		"no checks":    `{"version":1}`,
		"one check":    `{"version":1,"checks":{"id":"a","type":"t"}}`,
		"a bad check":  `{"version":1,"checks":[{"id":"a","type":"t","period":0}]}`,
		"a bad time":   `{"version":1,"fetched_ms":9223372036854775807,"checks":[]}`,
		"a mistyped":   `{"version":"1","checks":[]}`,
		"a large hash": `{"version":1,"hash":"` + strings.Repeat("x", 2000) + `","checks":[]}`,
		"too large":    string(good) + strings.Repeat(" ", MaxScheduleBytes),
	} {
		if _, err := ParseCached([]byte(b)); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n := 0; n < len(good); n += 3 {
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
	f.Add([]byte(`{"version":1,"fetched_ms":-1,"checks":[{"id":"a","type":"t","alarms":{}}]}`))
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
