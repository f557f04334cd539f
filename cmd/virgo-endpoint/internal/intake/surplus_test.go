package intake

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// surplusOf returns the bytes of params that are no known field.
func surplusOf(params []byte) int {
	s := scanner{text: string(params)}
	p := s.post()
	return len(params) - p.known
}

func TestSurplus(t *testing.T) {
	for params, want := range map[string]int{
		`{}`: 0,
		`{"check_id":"c","status":"é\u00e9","late":true,"order":12,"metrics":[]}`: 0,
		`{"metrics":[["d",{"m":{"t":"x","v":"1","u":"y"},"n":{}}],[null,{}]]}`:    0,
		`{"check_id":"c","more":[1,{"a":"b"}],"status":""}`:                       len(`,"more":[1,{"a":"b"}]`),
		`{"check_id":"c","check_id":"d"}`:                                         len(`,"check_id":"d"`),
		`{ "check_id" : "c" }`:                                                    4,
		`{"Status":"s","late":true}`:                                              len(`"Status":"s",`),
		`{"metrics":[[null,{"m":{"t":"x","w":"z","v":"1"}}]]}`:                    len(`,"w":"z"`),
		`{"metrics":[[null,{"m":{"v":"1"},"m":{"t":"x"}}]]}`:                      len(`,"m":{"t":"x"}`),
		`{"metrics":null,"late":null}`:                                            len("null"),
		`{"metrics":[[null,null]],"metrics":[]}`:                                  len(`null,"metrics":[]`),
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
