package intake

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestSurplus(t *testing.T) {
	for params, want := range map[string]int{
		`{}`: 0,
		`{"check_id":"c","status":"é\u00e9","late":true,"order":12,"metrics":[]}`: 0,
		`{"metrics":[["d",{"m":{"t":"x","v":"1","u":"y"},"n":{}}],[null,{}]]}`:    0,
		`{"check_id":"c","more":[1,{"a":"b"}],"status":""}`:                       len(`,"more":[1,{"a":"b"}]`),
		`{"check_id":"c","check_id":"d"}`:                                         len(`,"check_id":"d"`),
		`{ "check_id" : "c" }`:                                                    4,
		`{"status":{"a":1}}`:                                                      len(`{"a":1}`),
		`{"metrics":[[null,{"m":{"t":"x","w":"z","v":"1"}}]]}`:                    len(`,"w":"z"`),
		`{"metrics":[[null,{"m":{"v":"1"},"m":{"t":"x"}}]]}`:                      len(`,"m":{"t":"x"}`),
		`{"metrics":7}`:      1,
		`{"metrics":[7,{}]}`: 3,
	} {
		if got := surplusOf([]byte(params)); got != want {
			t.Errorf("%s: %d, want %d", params, got, want)
		}
	}
}

// A result with too much of what nobody knows is refused, wherever that is; a large one is not.
func TestPostWithPadding(t *testing.T) {
	const head = `{"result_id":"r","check_id":"c","check_type":"t","state":"available","status":"s",`
	pad := strings.Repeat("x", MaxSurplusBytes+1000)
	for name, params := range map[string]string{
		"unknown field":        head + `"metrics":[],"pad":"` + pad + `"}`,
		"unknown list":         head + `"metrics":[],"pad":[` + strings.Repeat("1,", MaxSurplusBytes) + `1]}`,
		"white space":          head + `"metrics":[]` + strings.Repeat(" ", MaxSurplusBytes+1000) + `}`,
		"field of a metric":    head + `"metrics":[[null,{"m":{"t":"string","v":"","pad":"` + pad + `"}}]]}`,
		"repeated field":       head + `"status":"` + pad + `","status":"s","metrics":[]}`,
		"repeated metric":      head + `"metrics":[[null,{"m":{"t":"string","v":"` + pad + `"},"m":{"t":"string","v":"` + pad + `"}}]]}`,
		"many repeated fields": head + strings.Repeat(`"late":true,`, MaxSurplusBytes/10) + `"metrics":[]}`,
	} {
		r, err := ParsePost(json.RawMessage(params), time.Now())
		if err == nil || !strings.Contains(err.Error(), "unknown or repeated fields") || r.ResultID != "r" {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	var metrics []string
	for range 40_000 {
		metrics = append(metrics, `[null,{"é\u00e9":{"t":"string","v":"`+strings.Repeat(`\u00e9`, 4)+`","u":"x"}}]`)
	}
	for name, params := range map[string]string{
		"a large metric": head + `"metrics":[[null,{"m":{"t":"string","v":"` + pad + `"}}]]}`,
		"many metrics":   head + `"metrics":[` + strings.Join(metrics, ",") + `]}`,
		"some padding":   head + `"metrics":[],"pad":"` + pad[:MaxSurplusBytes-1000] + `"}`,
	} {
		if _, err := ParsePost(json.RawMessage(params), time.Now()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzSurplus: no text is read as more than it is, and a known field never counts as surplus.
func FuzzSurplus(f *testing.F) {
	f.Add([]byte(`{"check_id":"c","metrics":[[null,{"m":{"t":"x","v":"1","w":"z"}}]],"more":[1,{"a":"b"}]}`))
	f.Add([]byte(`{"metrics":[[[],{}],{"a":[]}],"status":[[]]}`))
	f.Fuzz(func(t *testing.T, params []byte) {
		if !json.Valid(params) {
			return
		}
		n := surplusOf(params)
		if n > len(params) {
			t.Fatalf("%d of %d bytes", n, len(params))
		}
		spaced := append(append([]byte{params[0]}, "   "...), params[1:]...)
		if json.Valid(spaced) && params[0] == '{' && surplusOf(spaced) != n+3 {
			t.Fatalf("3 more blanks: %d, before %d", surplusOf(spaced), n)
		}
	})
}
