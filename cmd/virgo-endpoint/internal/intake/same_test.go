package intake

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fastjson"
)

// run returns the params of the seven results of one run, as an agent sent them.
func run(t testing.TB) [][]byte {
	data, err := os.ReadFile("testdata/run.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(data), []byte("\n"))
}

// checkSame compares ParsePost and Metrics with what they were. The one difference: a number that is no
// whole number of 64 bits is shortened in the error, which had all of its digits.
func checkSame(t *testing.T, params []byte) {
	t.Helper()
	now := time.UnixMilli(1_700_000_000_000)
	got, err := ParsePost(params, now)
	want, wantErr := referencePost(params, now)
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%.300q:\n%+v, want\n%+v", params, got, want)
	}
	if fmt.Sprint(err) != fmt.Sprint(wantErr) {
		head, number, ok := strings.Cut(fmt.Sprint(wantErr), " is a JSON number ")
		if !ok || fmt.Sprint(err) != head+" is a JSON number "+Shorten(number) {
			t.Fatalf("%.300q:\n%v, want\n%v", params, err, wantErr)
		}
	}
	if (err == nil) != (wantErr == nil) || err != nil && errors.Is(err, ErrNoParams) != errors.Is(wantErr, ErrNoParams) {
		t.Fatalf("%.300q: %v, want %v", params, err, wantErr)
	}
	list, err := Metrics(params)
	wantList, wantErr := referenceMetrics(params)
	if (err == nil) != (wantErr == nil) || len(list) != len(wantList) || len(list) > 0 && !reflect.DeepEqual(list, wantList) {
		t.Fatalf("%.300q:\n%+v, %v, want\n%+v, %v", params, list, err, wantList, wantErr)
	}
}

// unusualParams are params that are written in an unusual way, or wrong in several.
func unusualParams() []string {
	const head = `{"result_id":"r","check_id":"c","check_type":"t","state":"available","status":"s",`
	entry := func(s string) string { return head + `"metrics":[` + s + `]}` }
	many := make([]string, 100)
	for i := range many {
		many[i] = fmt.Sprintf(`"m%d":{"t":"gauge","v":"%d"}`, i%60, i)
	}
	return []string{
		``, ` `, `null`, ` null `, `nul`, `nulll`, `7`, `-`, `"x"`, `"x`, `true`, `[]`, `[`, `{`, `{}`, `{} x`, `{,}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a":1 "b":2}`, `[1,]`, `[,1]`, `{"a":[1,]}`, `{"a":{"b"}}`,
		`{"a":01}`, `{"a":-}`, `{"a":1.}`, `{"a":.5}`, `{"a":1e}`, `{"a":1e+}`, `{"a":+1}`, `{"a":-0.0E-0}`, `{"a":NaN}`, `{"a":Infinity}`, `{"a":tru}`, `{"a":truee}`, `{'a':1}`, `{"a":1}}`,
		"{\"a\":\"\x01\"}", "{\"a\":\"\x7f\"}", "{\"a\":\"é\x03\"}", "{\"a\":\"\\n\x1f\"}", `{"a":"\x"}`, `{"a":"\u12"}`, `{"a":"\u12g4"}`, `{"a":"\`, `{"a":"\"`, "{\"a\":\"\\\n\"}", "\xef\xbb\xbf{}", "{\"a\"\v:1}", "{}\x00", "\x00", "{\"a\":1\x00}",
		head + `"CHECK_ID":"d","Late":true,"metricſ":[7]}`, head + `"metricſ":[],"\u017ftatus":"x","chec` + "\u212a" + `_id":"k"}`, head + `"status\u0000":"x","s\u0074atus":"y"}`,
		head + `"result_id":null}`, head + `"result_id":7}`, `{"result_id":7,"check_id":"c"}`, `{"result_id":"","check_id":1}`, head + `"check_id":null,"state":null,"late":true,"late":null,"refused":1}`,
		head + `"timestamp":5,"timestamp":null,"order":7,"order":null,"age_ms":1,"age_ms":null}`, head + `"timestamp":-0,"order":0,"age_ms":-0}`, head + `"order":-0}`, head + `"order":1e0}`, head + `"timestamp":1.0}`,
		head + `"order":99999999999999999999,"status":7}`, head + `"min_check_period":-1,"timestamp":` + strings.Repeat("9", 1000) + `}`, head + `"metrics":7,"order":"x"}`, head + `"metrics":[7],"metrics":[]}`, head + `"metrics":[7],"metrics":null}`, head + `"metrics":[[null,{"m":{"t":"gauge","v":"1"}}]],"Metrics":[["d",{"n":{"t":"gauge","v":"2"}}]]}`,
		head + `"metrics":[],"metrics":{},"metrics":[[null,{}]]}`, head + "\"status\":\"\xff\xfe\\ud800\\ud83d\\ude00\\udc00\"}", head + `"status":"` + strings.Repeat("\xff", 256) + `"}`, head + `"status":"` + strings.Repeat("\xff", 257) + `"}`,
		entry(`null`), entry(`[]`), entry(`[null]`), entry(`[null,null]`), entry(`[null,{},{}]`), entry(`[7,7]`), entry(`[7,7,7]`), entry(`["d",[]]`), entry(`["d","x"]`), entry(`["d",true]`), entry(`{}`), entry(`"x"`),
		entry(`[null,{"m":7}]`), entry(`[null,{"m":null}]`), entry(`[null,{"m":{}}]`), entry(`[null,{"m":{"v":"1"}}]`), entry(`[null,{"m":{"t":"gauge","v":"1","u":7}}]`), entry(`[null,{"m":{"t":null,"v":null,"u":null}}]`), entry(`[null,{"":{"T":"gauge","V":"1","U":"x"}}]`),
		entry(`[null,{"m":{"t":"gauge","T":"bool","v":"true","v":null,"v":"1"}}]`), entry(`[null,{"m":{"t":"gauge","v":"x"},"m":{"t":"gauge","v":"1"}}]`), entry(`[null,{"m":{"t":"gauge","v":"1"},"m":{"t":"gauge"}}]`), entry(`[null,{"m":{"t":"gauge","v":"1"},"m":null}]`),
		entry(`[null,{"m":{"t":1},"m":{"t":"gauge","v":"1"}}]`), entry(`[null,{"b":{"t":"x","v":"1"},"a":{"t":"gauge","v":"y"}}],[null,{"0":{}}]`), entry(`[null,{"b":7,"a":{"t":[]}}]`), entry(`[null,{"m":{"t":"string","v":"\ud800é` + "\xff" + `"}}]`), entry(`["\u00e9",{"\u0061":{"t":"bool","v":"T"},"a":{"t":"bool","v":"F"}}]`),
		entry(`[null,{` + strings.Join(many, ",") + `}]`), entry(`[null,{` + strings.Join(many[:32], ",") + `}]`), entry(`[null,{` + strings.Join(many[:33], ",") + `}]`), entry(`[null,{"m":{"tt":"x","t":"gauge","v":"1","":"","\u0054":"int32"}}]`),
		head + `"x":` + strings.Repeat("[", 9_999) + strings.Repeat("]", 9_999) + `}`, head + `"x":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `}`, head + `"x":` + strings.Repeat(`{"a":`, 9_999) + `0` + strings.Repeat("}", 9_999) + `}`,
		head + `"metrics":[[null,{"m":{"x":` + strings.Repeat("[", 9_995) + strings.Repeat("]", 9_995) + `,"t":"bool","v":"1"}}]]}`, head + `"metrics":[[null,{"m":{"x":` + strings.Repeat("[", 9_996) + strings.Repeat("]", 9_996) + `,"t":"bool","v":"1"}}]]}`,
		head + `"x":[{"a":[]},{},[[],{"b":[1,2,{"c":null}]}], "y" , -1.5e+3, false]}`, head + `"x":[}`, head + `"x":{]`, head + `"x":{"a":1]}`, head + `"x":[1 2]}`, head + `"x":{1:2}}`, head + `"x":[` + "\t\r\n" + `]}`,
		head + `"metrics":[[null,{"m":{"t":"gauge","v":"1"}}]],"late":"x","metrics":[[7]]}`, head + `"state":"x","metrics":[7]}`, `{"metrics":[7]}`, `{"metrics":[[null,{"m":null}],7]}`,
	}
}

func TestParsePostIsAsBefore(t *testing.T) {
	for _, params := range run(t) {
		checkSame(t, params)
		if _, err := ParsePost(params, time.Now()); err != nil {
			t.Errorf("%s: %v", params, err)
		}
		for i := range params { // torn off, and with a byte changed
			old, odd := params[i], "\"\\{\xff 0:"
			params[i] = odd[i%len(odd)]
			checkSame(t, params)
			params[i] = old
			if i%5 == 0 {
				checkSame(t, params[:i])
			}
		}
	}
	for _, params := range unusualParams() {
		checkSame(t, []byte(params))
	}
}

// Where a bound on the surplus decides, the same bytes are surplus as before.
func TestSurplusIsAsBefore(t *testing.T) {
	for _, text := range unusualParams() {
		params := []byte(text)
		s := scanner{text: text}
		if p := s.post(); s.end() && p.mistyped == nil && p.faulty == nil {
			if n, want := len(params)-p.known, referenceSurplusOf(params); n != want {
				t.Errorf("%.300s: %d bytes of surplus, want %d", params, n, want)
			}
		}
	}
}

func FuzzParsePost(f *testing.F) {
	for _, params := range run(f) {
		f.Add(params)
	}
	for _, params := range unusualParams() {
		f.Add([]byte(params))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		checkSame(t, data)
		s := scanner{text: string(data)}
		p := s.post()
		if good := s.end(); good != json.Valid(data) {
			t.Fatalf("the scanner says %v about %q", good, data)
		} else if good && p.mistyped == nil && p.faulty == nil {
			if n, want := len(data)-p.known, referenceSurplusOf(data); n != want {
				t.Fatalf("%q: %d bytes of surplus, want %d", data, n, want)
			}
		}
		r, err := ParsePost(data, time.UnixMilli(1))
		if err != nil {
			return
		}
		if !ValidID(r.CheckID) || !ValidID(r.CheckType) || r.ResultID != "" && !ValidResultID(r.ResultID) ||
			r.Order != nil && *r.Order > math.MaxInt64 || r.AgeMS != nil && (*r.AgeMS < 0 || *r.AgeMS > MaxAgeMS) {
			t.Errorf("%+v", r)
		}
		if _, err := Metrics(data); err != nil {
			t.Errorf("what was taken cannot be shown: %v", err)
		}
	})
}

// BenchmarkParsePost reads the results of a run, each alone. "fastjson" is what the library would need at
// least: its strict check of the syntax and its parser, before anything is looked at.
func BenchmarkParsePost(b *testing.B) {
	results := run(b)
	var parser fastjson.Parser
	for _, c := range []struct {
		name  string
		parse func(json.RawMessage) error
	}{
		{"scanner", func(params json.RawMessage) error {
			_, err := ParsePost(params, time.Time{})
			return err
		}},
		{"before", func(params json.RawMessage) error {
			_, err := referencePost(params, time.Time{})
			return err
		}},
		{"fastjson", func(params json.RawMessage) error {
			_, err := parser.ParseBytes(params)
			return cmp.Or(fastjson.ValidateBytes(params), err)
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := c.parse(results[i%len(results)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
