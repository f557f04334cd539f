package schedule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"
)

// fullSchedule uses every field of a check and every kind of value in its details.
func fullSchedule(t testing.TB) Schedule {
	t.Helper()
	s, _, problems, err := ParseEndpoint([]byte(`{"checks":[
		{"id":"a \"<&>\" ü","type":"t","details":{"n":1.50,"s":"a\nb\u0001","deep":{"l":[true,false,null,{}]}},
		"period":90,"timeout":5,"disabled":true,"label":"L","target_alias":"x","monitoring_zones_poll":["z"],"alarms":{"k":"<"}},
		{"id":"b","type":"t"}]}`))
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	return s
}

func TestCachedRoundTrip(t *testing.T) {
	judged, faulty := fullSchedule(t), fullSchedule(t)
	judged.Checks[0].AllowedBy, judged.Checks[1].Refusal = 3, "not allowed by this host's owner: t"
	faulty.Checks[1].Invalidate("bad")
	for _, c := range []Cached{
		{},
		{Schedule: fullSchedule(t), Fetched: time.UnixMilli(1_772_434_800_123), Hash: "abc\"", Changed: true},
		{Schedule: judged, Fetched: time.UnixMilli(5), Policy: "1 figures"},
		{Schedule: faulty, Fetched: time.UnixMilli(-5)},
	} {
		b, err := c.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseCached(b)
		if err != nil {
			t.Fatalf("%v\n%q", err, b)
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

// cachedByVersion1 is fullSchedule as the first version of the form stored it.
const cachedByVersion1 = "\x01" + "\xf6\xf7\xc5\xd5\x95g" + "\x01" + "\x03abc" + "\x02" + // fetched, changed, hash, count
	"\x0aa \"<&>\" ü" + "\x01t" + "\x01L" + "\x01x" + "\x5a" + "\x05" + "\x01" + "\x05[\"z\"]" + "\x09{\"k\":\"<\"}" +
	"\x06\x03" + "\x04deep\x06\x01" + "\x01l\x05\x04\x03\x04\x00\x06\x00" + "\x01n\x02\x041.50" + "\x01s\x01\x04a\nb\x01" +
	"\x01b" + "\x01t" + "\x00" + "\x00" + "\x3c" + "\x3c" + "\x00" + "\x00" + "\x00" + "\x00"

// A schedule that an earlier version stored must be read after an upgrade: the host may be offline.
func TestParseCachedReadsEarlierVersions(t *testing.T) {
	got, err := ParseCached([]byte(cachedByVersion1))
	if err != nil {
		t.Fatal(err)
	}
	want := Cached{Schedule: fullSchedule(t), Fetched: time.UnixMilli(1_772_434_800_123), Hash: "abc", Changed: true}
	if !got.Fetched.Equal(want.Fetched) {
		t.Errorf("fetched %v, want %v", got.Fetched, want.Fetched)
	}
	got.Fetched = want.Fetched
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// A check that an endpoint sent before there were verdicts does not run until the owner's policy has
// decided on it.
func TestParseCachedOfEarlierVersionsAllowsNothing(t *testing.T) {
	faulty := "\x02" + "\x00\x00\x00" + "\x01" + "\x01a\x01t\x00\x00\x3c\x3c\x00\x00\x00\x00" + "\x03bad"
	for _, stored := range []string{cachedByVersion1, faulty} {
		got, err := ParseCached([]byte(stored))
		if err != nil {
			t.Fatal(err)
		}
		if got.Policy != "" {
			t.Errorf("version %d: the verdicts are of %q", stored[0], got.Policy)
		}
		for _, c := range got.Schedule.Checks {
			if !c.FromEndpoint || c.MayRun() {
				t.Errorf("version %d: check %q may run", stored[0], c.ID)
			}
		}
	}
}

// Details at their size limit must still fit once stored, even where every character is escaped in
// JSON.
func TestLargestDetailsAreStored(t *testing.T) {
	s, _, problems, err := ParseEndpoint([]byte(`{"checks":[{"id":"a","type":"t","details":{"v":"` +
		strings.Repeat(`\u0001`, MaxDetailBytes-20) + `"}}]}`))
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

func TestParseCachedRejectsDamage(t *testing.T) {
	good, err := Cached{Schedule: Builtin(), Fetched: simulationStart, Hash: "h"}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	cached := func(checks ...string) string { // a header, and checks in their stored form
		return "\x01\x00\x00\x00" + string(rune(len(checks))) + strings.Join(checks, "")
	}
	const check = "\x01a\x01t\x00\x00\x3c\x3c\x00\x00\x00\x00"
	if c, err := ParseCached([]byte(cached(check))); err != nil || len(c.Schedule.Checks) != 1 {
		t.Fatalf("the check that the cases below damage: %+v, %v", c, err)
	}
	deep := strings.Repeat("\x05\x01", MaxDetailDepth+1) + "\x03"
	for name, b := range map[string]string{
		"empty":              "",
		"JSON":               `{"version":1}`,
		"newer version":      "\x04" + string(good[1:]),
		"trailing byte":      string(good) + "\x00",
		"duplicate id":       cached(check, check),
		"length past end":    strings.Replace(cached(check), "\x01a", "\xffa", 1),
		"no id":              cached("\x00\x01t\x00\x00\x3c\x3c\x00\x00\x00\x00"),
		"period of 0":        cached("\x01a\x01t\x00\x00\x00\x3c\x00\x00\x00\x00"),
		"long timeout":       cached("\x01a\x01t\x00\x00\x3c\xff\xff\xff\x0f\x00\x00\x00\x00"),
		"alarms, not JSON":   cached("\x01a\x01t\x00\x00\x3c\x3c\x00\x00\x01x\x00"),
		"details are text":   cached("\x01a\x01t\x00\x00\x3c\x3c\x00\x00\x00\x01\x01x"),
		"invalid number":     cached("\x01a\x01t\x00\x00\x3c\x3c\x00\x00\x00\x06\x01\x01k\x02\x01x"),
		"duplicate key":      cached("\x01a\x01t\x00\x00\x3c\x3c\x00\x00\x00\x06\x02\x01k\x03\x01k\x03"),
		"nested too deep":    cached("\x01a\x01t\x00\x00\x3c\x3c\x00\x00\x00\x06\x01\x01k" + deep),
		"hash of 2000 bytes": "\x01\x00\x00\xd0\x0f" + strings.Repeat("x", 2000) + "\x00",
		"too large":          string(good) + strings.Repeat(" ", MaxScheduleBytes),
	} {
		if _, err := ParseCached([]byte(b)); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n := range good {
		if _, err := ParseCached(good[:n]); !errors.Is(err, ErrDamaged) {
			t.Fatalf("truncated to %d bytes: %v", n, err)
		}
	}
}

func TestOverlongHashIsNotStored(t *testing.T) {
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
		"far ahead: clock was set back": {Cached{Fetched: now.Add(2 * time.Hour)}, true},
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
		if err != nil || again.Schedule.Hash() != c.Schedule.Hash() || !again.Fetched.Equal(c.Fetched) ||
			again.Changed != c.Changed || again.Hash != c.Hash {
			t.Fatalf("%v\n%q\n%q", err, data, b)
		}
	})
}

// BenchmarkParseCached compares the stored form with the same schedule as JSON: the package comment
// quotes it.
func BenchmarkParseCached(b *testing.B) {
	for _, n := range []int{6, 100} {
		s := benchmarkSchedule(n)
		stored, err := Cached{Schedule: s}.Marshal()
		if err != nil {
			b.Fatal(err)
		}
		asJSON, err := s.MarshalJSON()
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("binary/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseCached(stored); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("json/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := parseJSONSchedule(asJSON); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func benchmarkSchedule(n int) Schedule {
	s := Builtin()
	for i := len(s.Checks); i < n; i++ {
		s.Checks = append(s.Checks, Check{
			ID: fmt.Sprintf("shop-%d", i), Type: "agent.plugin", Label: "The web shop", Period: DefaultPeriod, Timeout: DefaultTimeout,
			Details: Details{"file": "shop.sh", "args": []any{"--host", "x"}, "timeout": "5"},
		})
	}
	return s
}

// parseJSONSchedule is what ParseCached would be with encoding/json, validation aside.
func parseJSONSchedule(b []byte) error {
	var s struct {
		Checks []struct {
			ID       string         `json:"id"`
			Type     string         `json:"type"`
			Label    string         `json:"label"`
			Details  map[string]any `json:"details"`
			Period   int64          `json:"period"`
			Timeout  int64          `json:"timeout"`
			Disabled bool           `json:"disabled"`
		} `json:"checks"`
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	return dec.Decode(&s)
}

// firstParse names the environment variable that makes the test binary parse once and exit, see
// BenchmarkFirstParseCached.
const firstParse = "VIRGO_TEST_FIRST_PARSE"

// BenchmarkFirstParseCached is the same in a fresh process, as each run is one.
func BenchmarkFirstParseCached(b *testing.B) {
	for _, form := range []string{"binary", "json"} {
		b.Run(form, func(b *testing.B) {
			var total time.Duration
			for b.Loop() {
				child := exec.Command(os.Args[0], "-test.run=^TestFirstParse$", "-test.v")
				child.Env = append(os.Environ(), firstParse+"="+form)
				out, err := child.Output()
				if err != nil {
					b.Fatal(err)
				}
				_, after, _ := strings.Cut(string(out), "took ")
				text, _, _ := strings.Cut(after, "\n")
				took, err := time.ParseDuration(text)
				if err != nil {
					b.Fatalf("%v: %s", err, out)
				}
				total += took
			}
			b.ReportMetric(float64(total.Nanoseconds())/float64(b.N), "ns-in-child/op")
		})
	}
}

// TestFirstParse is the child of BenchmarkFirstParseCached and does nothing by itself.
func TestFirstParse(t *testing.T) {
	form := os.Getenv(firstParse)
	if form == "" {
		return
	}
	stored, err := Cached{Schedule: Builtin()}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := Builtin().MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if form == "json" {
		err = parseJSONSchedule(asJSON)
	} else {
		_, err = ParseCached(stored)
	}
	took := time.Since(began)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("took", took)
}

func BenchmarkMarshalCheck(b *testing.B) {
	c := fullSchedule(b).Checks[0]
	b.Run("MarshalJSON", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.MarshalJSON(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		type plain Check // without MarshalJSON
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(plain(c)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
