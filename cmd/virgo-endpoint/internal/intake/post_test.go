package intake

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"virgo/schedule/number/numbertest"
)

func TestParsePost(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_000)
	with := func(field, value string) string {
		all := map[string]string{"result_id": `"r"`, "check_id": `"c"`, "check_type": `"t"`,
			"state": `"available"`, "status": `"s"`,
			"timestamp": "1", "min_check_period": "60000", "metrics": "[]"}
		if value == "" {
			delete(all, field)
		} else {
			all[field] = value
		}
		var parts []string
		for k, v := range all {
			parts = append(parts, `"`+k+`":`+v)
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	metric := func(m string) string { return with("metrics", `[[null,{"m":`+m+`}]]`) }
	for _, test := range []struct {
		params string
		fault  string // part of the error; empty: taken
	}{
		{with("", ""), ""},
		{with("result_id", ""), ""},
		{with("result_id", "null"), ""},
		{with("result_id", `""`), "result_id"},
		{with("result_id", "7"), "result_id is a JSON number"},
		{with("result_id", `"`+strings.Repeat("x", MaxResultIDBytes+1)+`"`), "result_id"},
		{with("result_id", `"`+strings.Repeat("x", MaxResultIDBytes)+`"`), ""},
		{with("check_id", ""), "check_id"},
		{with("check_id", `"a\nb"`), "check_id"},
		{with("check_id", `"`+strings.Repeat("x", 10<<20)+`"`), "check_id"},
		{with("check_type", `""`), "check_type"},
		{with("check_type", `{}`), "check_type is a JSON object"},
		{with("state", `"ok"`), `state is "ok"`},
		{with("state", ""), "state"},
		{with("status", ""), ""},
		{with("status", `"`+strings.Repeat("ä", 256)+`"`), ""},
		{with("status", `"`+strings.Repeat("ä", 257)+`"`), "status is longer"},
		{with("timestamp", ""), ""},
		{with("timestamp", "0"), ""},
		{with("timestamp", "-1"), ""}, // a clock that stands before 1970
		{with("timestamp", "-62135596800000"), ""},
		{with("timestamp", "-62135596800001"), "timestamp"},
		{with("timestamp", "1e300"), "timestamp"},
		{with("timestamp", "253402300800000"), "timestamp"},
		{with("timestamp", `"1"`), "timestamp is a JSON string"},
		{with("min_check_period", "-5"), "min_check_period"},
		{with("order", "0"), ""},
		{with("order", "null"), ""},
		{with("order", "9223372036854775807"), ""},
		{with("order", "9223372036854775808"), "order 9223372036854775808 is larger"},
		{with("order", "18446744073709551616"), "order is a JSON number"},
		{with("order", "-1"), "order is a JSON number"},
		{with("order", "1.5"), "order is a JSON number"},
		{with("order", `"1"`), "order is a JSON string"},
		{with("late", "true"), ""},
		{with("late", "false"), ""},
		{with("late", "null"), ""},
		{with("late", "1"), "late is a JSON number"},
		{with("late", `"true"`), "late is a JSON string"},
		{with("age_ms", "0"), ""},
		{with("age_ms", "null"), ""},
		{with("age_ms", "315537897599999"), ""},
		{with("age_ms", "315537897600000"), "age_ms 315537897600000 is not"},
		{with("age_ms", "-1"), "age_ms -1 is not"},
		{with("age_ms", "1e300"), "age_ms is a JSON number"},
		{with("age_ms", `[1]`), "age_ms is a JSON array"},
		{with("metrics", "null"), ""},
		{with("metrics", ""), ""},
		{with("metrics", "{}"), "metrics is a JSON object"},
		{with("metrics", "[[]]"), "metrics[0]: it is not a list"},
		{with("metrics", `[[null,{}],[1,{}]]`), "metrics[1]: its dimension"},
		{with("metrics", `[[null,[]]]`), "metrics[0]: its metrics cannot"},
		{with("unknown", `{"a":[1]}`), ""},
		{metric(`{"t":"gauge","v":"1.5","u":"s"}`), ""},
		{metric(`{"t":"gauge","v":"NaN"}`), "not of type gauge"},
		{metric(`{"t":"double","v":"0x1f"}`), ""},
		{metric(`{"t":"int64","v":"-0007"}`), ""},
		{metric(`{"t":"uint64","v":"0xff"}`), ""},
		{metric(`{"t":"int32","v":"2147483648"}`), `metric "m": its value "2147483648" is not of type int32`},
		{metric(`{"t":"uint32","v":"-1"}`), "not of type uint32"},
		{metric(`{"t":"int64","v":"1_000"}`), "not of type int64"},
		{metric(`{"t":"uint64","v":""}`), "not of type uint64"},
		{metric(`{"t":"bool","v":"maybe"}`), "not of type bool"},
		{metric(`{"t":"string","v":""}`), ""},
		{metric(`{"t":"string","v":7}`), "its metrics cannot be read: v is a JSON number"},
		{metric(`{"t":"string"}`), "no value"},
		{metric(`{"t":"float","v":"1"}`), `its type "float"`},
		{metric(`null`), "no value"},
		{"", "missing"},
		{"null", "check_id"},
		{"[]", "it is a JSON array"},
		{"7", "it is a JSON number"},
		{`{"check_id":`, "cannot be read"},
	} {
		r, err := ParsePost(json.RawMessage(test.params), now)
		switch {
		case test.fault == "" && err != nil:
			t.Errorf("%.200s: %v", test.params, err)
		case test.fault != "" && (err == nil || !strings.Contains(err.Error(), test.fault)):
			t.Errorf("%.200s: %v, want %q", test.params, err, test.fault)
		case err != nil && len(err.Error()) > 500:
			t.Errorf("%.200s: an error of %d bytes", test.params, len(err.Error()))
		case err == nil && (r.CheckID != "c" || r.CheckType != "t" || r.State != "available"):
			t.Errorf("%.200s: %+v", test.params, r)
		}
	}
	r, err := ParsePost(json.RawMessage(with("timestamp", "")), now)
	if err != nil || !r.Time.Equal(now) {
		t.Errorf("without a timestamp: %v, %v", r.Time, err)
	}
}

// The endpoint takes exactly what the agent sends (TestValuesAreThoseOfTheEndpoint in collect), and
// reads the same number.
func TestValuesAreThoseOfTheAgent(t *testing.T) {
	for _, c := range numbertest.Cases() {
		metrics, err := json.Marshal([]any{[]any{nil, map[string]any{"m": map[string]string{"t": c.Type, "v": c.Text}}}})
		if err != nil {
			t.Fatal(err)
		}
		params := []byte(`{"check_id":"c","check_type":"t","state":"available","metrics":` + string(metrics) + `}`)
		if _, err := ParsePost(params, time.UnixMilli(1)); (err == nil) != (c.Normal != "") {
			t.Errorf("%s %q: %v, want %q", c.Type, c.Text, err, c.Normal)
		}
		if c.Normal == "" {
			continue
		}
		if list, err := Metrics(params); err != nil || len(list) != 1 || list[0].Value != c.Normal {
			t.Errorf("%s %q: %v, %v", c.Type, c.Text, list, err)
		}
	}
}

func TestMetrics(t *testing.T) {
	list, err := Metrics([]byte(`{"metrics":[["eth0",{"b":{"t":"gauge","v":"2","u":"bytes"},"a":{"t":"gauge","v":"1"}}],[null,{"c":{"t":"string","v":"x"}}]]}`))
	want := []Metric{{"eth0", "a", "gauge", "1", ""}, {"eth0", "b", "gauge", "2", "bytes"},
		{"", "c", "string", "x", ""}}
	if err != nil || len(list) != 3 || list[0] != want[0] || list[1] != want[1] || list[2] != want[2] {
		t.Errorf("%+v, %v", list, err)
	}
}

// What ParsePost would not accept is an error, whatever wrote it.
func TestMetricsOfBadParams(t *testing.T) {
	for _, params := range []string{
		"", "null x", "[]", `{"metrics":{}}`, `{"metrics":[[]]}`, `{"metrics":[[null]]}`, `{"metrics":[[null,{"m":null}]]}`, `{"metrics":[[1,{}]]}`,
	} {
		if list, err := Metrics([]byte(params)); err == nil || list != nil {
			t.Errorf("%s: %+v, %v", params, list, err)
		}
	}
}

// Only an unavailable result is refused by the owner of its host.
func TestPostRefused(t *testing.T) {
	for fields, want := range map[string]bool{
		`"state":"unavailable","refused":true`:  true,
		`"state":"unavailable","refused":false`: false,
		`"state":"unavailable","refused":null`:  false,
		`"state":"unavailable"`:                 false,
		`"state":"available","refused":true`:    false,
	} {
		r, err := ParsePost([]byte(`{"check_id":"c","check_type":"t","status":"s",`+fields+`}`), time.Now())
		if err != nil || r.Refused != want {
			t.Errorf("%s: %v, %v", fields, r.Refused, err)
		}
	}
}
