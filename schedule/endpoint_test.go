package schedule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// text shows a schedule in one line a check, for tests.
func text(s Schedule) string {
	var lines []string
	for _, c := range s.Checks {
		b, err := c.MarshalJSON()
		if err != nil {
			return err.Error()
		}
		lines = append(lines, string(b))
	}
	return strings.Join(lines, "\n")
}

func TestParseEndpointTakesWhatEndpointsSend(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{
			"one check in place of a list",
			`{"checks": {"id": "ch1234", "type": "agent.cpu", "details": {"foo": "foo"}, "period": 30, "timeout": 30, "disabled": false}}`,
			`{"id":"ch1234","type":"agent.cpu","details":{"foo":"foo"},"period":30,"timeout":30,"disabled":false}`,
		},
		{
			"everything",
			`{"checks":[{"id":"a","type":"remote.http","label":"L","details":{"url":"http://x/?a=1&b=<2>","n":1.50,"l":[1,null,true]},"period":"90","timeout":15.0,"disabled":"true","target_alias":"public0_v4","monitoring_zones_poll":["mzord", "mzdfw"],"alarms":{"x" : {}}, "unknown":1}]}`,
			`{"id":"a","type":"remote.http","details":{"l":[1,null,true],"n":1.50,"url":"http://x/?a=1&b=<2>"},"period":90,"timeout":15,"disabled":true,"label":"L","target_alias":"public0_v4","monitoring_zones_poll":["mzord","mzdfw"],"alarms":{"x":{}}}`,
		},
		{
			"nulls, and what is left out",
			`{"checks":[{"id":7,"type":"agent.cpu","details":null,"period":null,"timeout":0,"disabled":null,"label":null,"alarms":null}]}`,
			`{"id":"7","type":"agent.cpu","details":{},"period":60,"timeout":60,"disabled":false}`,
		},
		{"an empty list for an empty object", `{"checks":[{"id":"a","type":"t","details":[ ],"disabled":0}]}`, `{"id":"a","type":"t","details":{},"period":60,"timeout":60,"disabled":false}`},
		{"no checks", `{"checks":[]}`, ``},
		{"an empty object for an empty list", `{"checks":{ }}`, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, hash, problems, err := ParseEndpoint([]byte(c.in))
			if err != nil || len(problems) != 0 || hash != "" {
				t.Fatalf("hash %q, problems %v, error %v", hash, problems, err)
			}
			if got := text(s); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestParseEndpointTellsTheHash(t *testing.T) {
	_, hash, _, err := ParseEndpoint([]byte(`{"checks":[],"schedule_hash":"abc"}`))
	if hash != "abc" || err != nil {
		t.Errorf("hash %q, error %v", hash, err)
	}
	if _, hash, _, err = ParseEndpoint([]byte(`{"checks":[],"schedule_hash":["abc"]}`)); hash != "" || err != nil {
		t.Errorf("hash of a list: %q, error %v", hash, err)
	}
}

// TestBadCheckIsLeftOutAndTheOthersStand: each of these, between two good ones.
func TestBadCheckIsLeftOutAndTheOthersStand(t *testing.T) {
	const large = 900_000
	deep := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
	for _, c := range []struct {
		name, check string
		id          string
		want        error
		text        string
	}{
		{"a period of 0", `{"id":"x","type":"t","period":0}`, "x", ErrPeriod, "0s"},
		{"a period of -1", `{"id":"x","type":"t","period":-1}`, "x", ErrPeriod, "-1s"},
		{"a period of 1e12", `{"id":"x","type":"t","period":1e12}`, "x", ErrPeriod, "1e12"},
		{"a period of 1e400", `{"id":"x","type":"t","period":1e400}`, "x", ErrPeriod, ""},
		{"a period of a year and two days", `{"id":"x","type":"t","period":31708800}`, "x", ErrPeriod, ""},
		{"half a second", `{"id":"x","type":"t","period":0.5}`, "x", ErrPeriod, "0.5"},
		{"a period that is text", `{"id":"x","type":"t","period":"often"}`, "x", ErrPeriod, "often"},
		{"a period that is not a number", `{"id":"x","type":"t","period":"NaN"}`, "x", ErrPeriod, "NaN"},
		{"a period that is a list", `{"id":"x","type":"t","period":[60]}`, "x", ErrPeriod, "a list"},
		{"a timeout of -1", `{"id":"x","type":"t","timeout":-1}`, "x", ErrTimeout, ""},
		{"a timeout of two hours", `{"id":"x","type":"t","timeout":7200}`, "x", ErrTimeout, ""},
		{"an id of 0.9 MB", `{"id":"` + strings.Repeat("x", large) + `","type":"t"}`, strings.Repeat("x", 64), ErrName, "900000 bytes"},
		{"a type of 0.9 MB", `{"id":"x","type":"` + strings.Repeat("x", large) + `"}`, "x", ErrName, "900000 bytes"},
		{"no id", `{"type":"t"}`, "", ErrNoID, ""},
		{"an empty id", `{"id":"","type":"t"}`, "", ErrNoID, ""},
		{"an id that is an object", `{"id":{},"type":"t"}`, "", ErrName, "an object"},
		{"a control character in the id", `{"id":"x\u001b[2J","type":"t"}`, "x\x1b[2J", ErrName, `\x1b`},
		{"an id from right to left", `{"id":"x\u202ey","type":"t"}`, "x\u202ey", ErrName, `\u202e`},
		{"no type", `{"id":"x"}`, "x", ErrNoType, ""},
		{"a double id", `{"id":"a","type":"t"}`, "a", ErrDouble, ""},
		{"disabled perhaps", `{"id":"x","type":"t","disabled":"perhaps"}`, "x", nil, "perhaps"},
		{"disabled in a list", `{"id":"x","type":"t","disabled":[true]}`, "x", nil, "a list"},
		{"details as text", `{"id":"x","type":"t","details":"target=/"}`, "x", ErrDetails, ""},
		{"details as a number", `{"id":"x","type":"t","details":12}`, "x", ErrDetails, ""},
		{"details of 100 KB", `{"id":"x","type":"t","details":{"a":"` + strings.Repeat("x", 100_000) + `"}}`, "x", ErrDetails, "larger"},
		{"details of 0.9 MB", `{"id":"x","type":"t","details":{"a":"` + strings.Repeat("x", large) + `"}}`, "x", ErrDetails, "larger"},
		{"deep details", `{"id":"x","type":"t","details":` + deep + `}`, "x", ErrDetails, "deep"},
		{"large alarms", `{"id":"x","type":"t","alarms":["` + strings.Repeat("x", 100_000) + `"]}`, "x", ErrDetails, "alarms"},
		{"null", `null`, "", ErrNoID, ""},
		{"a number", `5`, "", nil, "a JSON number, not an object"},
		{"a list", `[{"id":"x"}]`, "", nil, "a JSON array, not an object"},
		{"text", `"x"`, "", nil, "a JSON string, not an object"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _, problems, err := ParseEndpoint([]byte(`{"checks":[{"id":"a","type":"agent.cpu"},` + c.check + `,{"id":"b","type":"agent.cpu"}]}`))
			if err != nil {
				t.Fatal(err)
			}
			if len(s.Checks) != 2 || s.Checks[0].ID != "a" || s.Checks[1].ID != "b" || s.Checks[0].Type != "agent.cpu" {
				t.Errorf("the others do not stand: %d checks", len(s.Checks))
			}
			if len(problems) != 1 {
				t.Fatalf("problems %v", problems)
			}
			p := problems[0]
			if p.CheckID != c.id || p.Index != 1 {
				t.Errorf("problem of %q at %d", p.CheckID, p.Index)
			}
			if c.want != nil && !errors.Is(p.Err, c.want) {
				t.Errorf("error %q is not %q", p.Err, c.want)
			}
			if msg := p.Err.Error(); !strings.Contains(msg, c.text) || len(msg) > 300 || strings.ContainsAny(msg, "\n\x1b") {
				t.Errorf("error %.400q, want %q in it", msg, c.text)
			}
		})
	}
}

func TestParseEndpointRefuses(t *testing.T) {
	tooMany := `{"checks":[` + strings.Repeat("1,", MaxSentChecks) + `1]}`
	for _, c := range []struct {
		name, in string
		want     error
	}{
		{"nothing", ``, ErrNotSchedule},
		{"no JSON", `<html>`, ErrNotSchedule},
		{"half of it", `{"checks":[{"id":"a"`, ErrNotSchedule},
		{"null", `null`, ErrNotSchedule},
		{"a number", `0`, ErrNotSchedule},
		{"a list", `[{"id":"a","type":"t"}]`, ErrNotSchedule},
		{"an object without checks", `{}`, ErrNotSchedule},
		{"checks that are null", `{"checks":null}`, ErrNotSchedule},
		{"checks that are text", `{"checks":"a"}`, ErrNotSchedule},
		{"checks that are a number", `{"checks":7}`, ErrNotSchedule},
		{"too many checks", tooMany, ErrTooMany},
		{"more than 1 MiB", `{"checks":[]` + strings.Repeat(" ", MaxSentBytes) + `}`, ErrNotSchedule},
		{"many small values", `{"checks":[{"id":"a","type":"t","details":{"a":[` + strings.Repeat("0,", MaxSentValues) + `0]}}]}`, ErrNotSchedule},
		{"deep", `{"checks":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`, ErrNotSchedule},
		{"nothing but bad checks", `{"checks":[{"id":"a","type":"t","period":0}]}`, ErrNoGoodCheck},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _, _, err := ParseEndpoint([]byte(c.in))
			if !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if len(s.Checks) != 0 {
				t.Error("a schedule with an error")
			}
			if err != nil && len(err.Error()) > 300 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
	_, _, problems, err := ParseEndpoint([]byte(`{"checks":[{"id":"a","type":"t","period":0}]}`))
	if len(problems) != 1 || !errors.Is(err, ErrPeriod) {
		t.Errorf("problems %v, error %v", problems, err)
	}
}

func TestHash(t *testing.T) {
	parse := func(s string) Schedule {
		out, _, problems, err := ParseEndpoint([]byte(s))
		if err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
		return out
	}
	a := parse(`{"checks":[{"id":"a","type":"t","details":{"x":1,"y":"<"}}]}`)
	same := parse(`{"checks":{"period":"60","details":{"y":"\u003c","x":1},"type":"t","id":"a","timeout":60}}`)
	other := parse(`{"checks":[{"id":"a","type":"t","details":{"x":2,"y":"<"}}]}`)
	if a.Hash() != same.Hash() {
		t.Error("the same schedule has two hashes")
	}
	if a.Hash() == other.Hash() {
		t.Error("two schedules have one hash")
	}
	if len(a.Hash()) != 64 {
		t.Errorf("hash %q", a.Hash())
	}
	// Canonical form and hash are part of what endpoint and agent agree on.
	const want = `{"checks":[{"id":"a","type":"t","details":{"x":1,"y":"<"},"period":60,"timeout":60,"disabled":false}]}`
	if b, _ := a.MarshalJSON(); string(b) != want {
		t.Errorf("canonical\n%s, want\n%s", b, want)
	}
	if b, err := json.Marshal(Schedule{}); string(b) != `{"checks":[]}` || err != nil {
		t.Errorf("empty: %s, %v", b, err)
	}
}

func TestDetailsThatJSONCannotHold(t *testing.T) {
	for _, v := range []any{make(chan int), json.Number("1 2"), json.Number("x"), json.Number(" 1"), json.Number("1\n"), json.Number("true")} {
		s := Schedule{Checks: []Check{{ID: "a", Type: "t", Details: Details{"v": v}}}}
		if _, err := s.MarshalJSON(); err == nil {
			t.Errorf("%v is taken", v)
		}
		if s.Hash() != "" {
			t.Error("it has a hash")
		}
	}
}

// FuzzParseEndpoint: what is taken is within the limits, and comes back the same through the wire and
// the cached copy.
func FuzzParseEndpoint(f *testing.F) {
	for _, s := range []string{
		`{"checks": {"id": "ch1234", "type": "agent.cpu", "details": {"foo": "foo"}, "period": 30, "timeout": 30, "disabled": false}}`,
		`{"checks":[{"id":"a","type":"t","period":"90","details":{"n":-1.5e3,"o":{"x":[1]}},"alarms":[{}]},{"id":"a"},null]}`,
		`{"checks":{},"schedule_hash":"x"}`, `{"checks":[1,2]}`, `{"checks":[{"ID":"a","Type":"\ud800","details":{"\u2028":"\u0000"}}]}`, `[]`, `{"checks":[{"id":"a","type":"t","monitoring_zones_poll": "<\u003c" }]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, hash, problems, err := ParseEndpoint(data)
		if err != nil {
			return
		}
		for _, p := range problems {
			if p.Err == nil || len(p.CheckID) > 64 {
				t.Fatalf("problem %+v", p)
			}
		}
		for _, c := range s.Checks {
			if err := c.validate(); err != nil {
				t.Fatalf("taken, but %v", err)
			}
		}
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.ContainsRune(b, '\n') {
			t.Fatal("a newline in the JSON")
		}
		again, _, problems, err := ParseEndpoint(b)
		if err != nil || len(problems) > 0 || again.Hash() != s.Hash() {
			t.Fatalf("not the same through the wire: %v, %v\n%s\n%s", err, problems, text(s), text(again))
		}
		kept, err := Cached{Schedule: s, Hash: hash, Fetched: time.UnixMilli(1)}.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseCached(kept)
		if err != nil || back.Schedule.Hash() != s.Hash() || fmt.Sprint(back.Schedule) != fmt.Sprint(s) {
			t.Fatalf("not the same from the cached copy: %v\n%s", err, kept)
		}
	})
}

// What stands in a string is no value, and what is a value counts.
func TestValuesAreCounted(t *testing.T) {
	for in, want := range map[string]int{
		`{}`: 2, `[1,2,3]`: 4, `{"a":[1,2],"b":{"c":null}}`: 6, `{"a":",[{\",","b":"\\"}`: 3, ``: 1,
	} {
		if got := values([]byte(in)); got != want {
			t.Errorf("%s: %d, want %d", in, got, want)
		}
	}
}
