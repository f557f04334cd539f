package lines

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"
)

// A sample has about what is stored of a host that delivers, in both forms.
type sample struct {
	StartedMS int64    `json:"started_ms,omitempty"`
	TookMS    int64    `json:"took_ms,omitempty"`
	Checks    int      `json:"checks,omitempty"`
	Settings  uint32   `json:"settings,omitempty"`
	Peak      int64    `json:"peak_bytes,omitempty"`
	Dropping  bool     `json:"dropping,omitempty"`
	Endpoint  string   `json:"endpoint,omitempty"`
	Error     string   `json:"error,omitempty"`
	OffsetMS  *int64   `json:"offset_ms,omitempty"`
	Features  []string `json:"features,omitempty"`
}

func (s *sample) Fields(c *Codec) {
	Number(c, "started_ms", &s.StartedMS)
	Number(c, "took_ms", &s.TookMS)
	Number(c, "checks", &s.Checks)
	Number(c, "settings", &s.Settings)
	Number(c, "peak_bytes", &s.Peak)
	c.Bool("dropping", &s.Dropping)
	Text(c, "endpoint", &s.Endpoint)
	Text(c, "error", &s.Error)
	c.OptionalNumber("offset_ms", &s.OffsetMS)
	c.Texts("features", func() []string { return s.Features }, func(f string) { s.Features = append(s.Features, f) })
}

func fullSample() sample {
	offset := int64(0)
	return sample{
		StartedMS: 1_700_000_000_000, TookMS: 20, Checks: 7, Settings: 1<<32 - 1, Peak: 8 << 20, Dropping: true,
		Endpoint: "monitor.example.com:50041", Error: "two\nlines, \"quoted\" \\ \xff", OffsetMS: &offset,
		Features: []string{"pipelining", "result_id", "", "schedule_hash"},
	}
}

func TestRoundTrip(t *testing.T) {
	for _, s := range []sample{{}, fullSample()} {
		b := Append(nil, &s)
		var got sample
		if Parse(b, &got); !reflect.DeepEqual(got, s) {
			t.Errorf("got  %+v\nwant %+v\nfrom %s", got, s, b)
		}
	}
	if b := Append(nil, new(sample)); len(b) > 0 {
		t.Errorf("zero values are stored: %s", b)
	}
}

func TestParseIgnoresWhatItCannotRead(t *testing.T) {
	zero := int64(0)
	for text, want := range map[string]sample{
		"":                                       {},
		"\n\n \nchecks\nchecks":                  {},
		"unknown 5\nchecks 1\n":                  {Checks: 1},
		"checks 1":                               {Checks: 1},
		"checks 1\nchecks 2\n":                   {Checks: 2},
		"checks one\noffset_ms one\n":            {OffsetMS: &zero},
		"started_ms 99999999999999999999\n":      {},
		"endpoint a:1\nerror \"a\nfeatures \"\n": {Features: []string{""}},
		"dropping 2\nerror \"\\ud800\"\n":        {Dropping: true},
	} {
		var got sample
		if Parse([]byte(text), &got); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

// roundTrip reads and writes the sample in one of the two forms.
func roundTrip(form string, stored []byte) error {
	var s sample
	if form == "lines" {
		Parse(stored, &s)
		Append(nil, &s)
		return nil
	}
	if err := json.Unmarshal(stored, &s); err != nil {
		return err
	}
	_, err := json.Marshal(s)
	return err
}

func storedForm(form string) []byte {
	s := fullSample()
	if form == "lines" {
		return Append(nil, &s)
	}
	return fmt.Appendf(nil, `{"started_ms":1700000000000,"took_ms":20,"checks":7,"settings":4294967295,`+
		`"peak_bytes":8388608,"dropping":true,"endpoint":"monitor.example.com:50041","error":"two\nlines",`+
		`"offset_ms":0,"features":["pipelining","result_id","","schedule_hash"]}`)
}

var forms = []string{"lines", "json"}

// BenchmarkRoundTrip is reading and writing once everything is warm.
func BenchmarkRoundTrip(b *testing.B) {
	for _, form := range forms {
		b.Run(form, func(b *testing.B) {
			stored := storedForm(form)
			b.ReportAllocs()
			for b.Loop() {
				if err := roundTrip(form, stored); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// firstVariable makes the test binary do one round trip and exit, see BenchmarkFirst.
const firstVariable = "VIRGO_TEST_FIRST_ROUND_TRIP"

// BenchmarkFirst is the same in a fresh process, as each run is one.
func BenchmarkFirst(b *testing.B) {
	for _, form := range forms {
		b.Run(form, func(b *testing.B) {
			var total time.Duration
			for b.Loop() {
				child := exec.Command(os.Args[0], "-test.run=^TestFirst$", "-test.v")
				child.Env = append(os.Environ(), firstVariable+"="+form)
				out, err := child.Output()
				_, after, _ := strings.Cut(string(out), "took ")
				text, _, _ := strings.Cut(after, "\n")
				took, wrong := time.ParseDuration(text)
				if err != nil || wrong != nil {
					b.Fatalf("%v, %v: %s", err, wrong, out)
				}
				total += took
			}
			b.ReportMetric(float64(total.Nanoseconds())/float64(b.N), "ns-in-child/op")
		})
	}
}

// TestFirst is the child of BenchmarkFirst and does nothing by itself.
func TestFirst(t *testing.T) {
	form := os.Getenv(firstVariable)
	if form == "" {
		return
	}
	stored := storedForm(form)
	began := time.Now()
	err := roundTrip(form, stored)
	fmt.Println("took", time.Since(began))
	if err != nil {
		t.Fatal(err)
	}
}
