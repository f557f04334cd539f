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

// text formats a schedule as one line of JSON for each check.
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

func TestParseEndpointIsLenient(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{
			"one check instead of a list",
			`{"checks": {"id": "ch1234", "type": "agent.cpu", "details": {"foo": "foo"}, "period": 30, "timeout": 30, "disabled": false}}`,
			`{"id":"ch1234","type":"agent.cpu","details":{"foo":"foo"},"period":30,"timeout":30,"disabled":false}`,
		},
		{
			"everything",
			`{"checks":[{"id":"a","type":"remote.http","label":"L","details":{"url":"http://x/?a=1&b=<2>","n":1.50,"l":[1,null,true]},"period":"90","timeout":15.0,"disabled":"true","target_alias":"public0_v4","monitoring_zones_poll":["mzord", "mzdfw"],"alarms":{"x" : {}}, "unknown":1}]}`,
			`{"id":"a","type":"remote.http","details":{"l":[1,null,true],"n":1.50,"url":"http://x/?a=1&b=<2>"},"period":90,"timeout":15,"disabled":true,"label":"L","target_alias":"public0_v4","monitoring_zones_poll":["mzord","mzdfw"],"alarms":{"x":{}}}`,
		},
		{
			"nulls and missing fields",
			`{"checks":[{"id":7,"type":"agent.cpu","details":null,"period":null,"timeout":0,"disabled":null,"label":null,"alarms":null}]}`,
			`{"id":"7","type":"agent.cpu","details":{},"period":60,"timeout":60,"disabled":false}`,
		},
		{"an empty list instead of an object", `{"checks":[{"id":"a","type":"t","details":[ ],"disabled":0}]}`, `{"id":"a","type":"t","details":{},"period":60,"timeout":60,"disabled":false}`},
		{"no checks", `{"checks":[]}`, ``},
		{"an empty object instead of a list", `{"checks":{ }}`, ``},
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

func TestParseEndpointReturnsTheHash(t *testing.T) {
	_, hash, _, err := ParseEndpoint([]byte(`{"checks":[],"schedule_hash":"abc"}`))
	if hash != "abc" || err != nil {
		t.Errorf("hash %q, error %v", hash, err)
	}
	if _, hash, _, err = ParseEndpoint([]byte(`{"checks":[],"schedule_hash":["abc"]}`)); hash != "" || err != nil {
		t.Errorf("hash of a list: %q, error %v", hash, err)
	}
}

// Each of these checks is between two valid ones.
func TestInvalidCheckIsLeftOutAndOthersStay(t *testing.T) {
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
		{"a period of NaN", `{"id":"x","type":"t","period":"NaN"}`, "x", ErrPeriod, "NaN"},
		{"a period that is a list", `{"id":"x","type":"t","period":[60]}`, "x", ErrPeriod, "a list"},
		{"a timeout of -1", `{"id":"x","type":"t","timeout":-1}`, "x", ErrTimeout, ""},
		{"a timeout of two hours", `{"id":"x","type":"t","timeout":7200}`, "x", ErrTimeout, ""},
		{"an id of 0.9 MB", `{"id":"` + strings.Repeat("x", large) + `","type":"t"}`, strings.Repeat("x", 64), ErrName, "900000 bytes"},
		{"a type of 0.9 MB", `{"id":"x","type":"` + strings.Repeat("x", large) + `"}`, "x", ErrName, "900000 bytes"},
		{"no id", `{"type":"t"}`, "", ErrNoID, ""},
		{"an empty id", `{"id":"","type":"t"}`, "", ErrNoID, ""},
		{"an id that is an object", `{"id":{},"type":"t"}`, "", ErrName, "an object"},
		{"a control character in the id", `{"id":"x\u001b[2J","type":"t"}`, "x\x1b[2J", ErrName, `\x1b`},
		{"a direction override in the id", `{"id":"x\u202ey","type":"t"}`, "x\u202ey", ErrName, `\u202e`},
		{"no type", `{"id":"x"}`, "x", ErrNoType, ""},
		{"a duplicate id", `{"id":"a","type":"t"}`, "a", ErrDuplicateID, ""},
		{"disabled: perhaps", `{"id":"x","type":"t","disabled":"perhaps"}`, "x", nil, "perhaps"},
		{"disabled: a list", `{"id":"x","type":"t","disabled":[true]}`, "x", nil, "a list"},
		{"details as text", `{"id":"x","type":"t","details":"target=/"}`, "x", ErrDetails, ""},
		{"details as a number", `{"id":"x","type":"t","details":12}`, "x", ErrDetails, ""},
		{"details of 100 KB", `{"id":"x","type":"t","details":{"a":"` + strings.Repeat("x", 100_000) + `"}}`, "x", ErrDetails, "larger"},
		{"details of 0.9 MB", `{"id":"x","type":"t","details":{"a":"` + strings.Repeat("x", large) + `"}}`, "x", ErrDetails, "larger"},
		{"details nested too deep", `{"id":"x","type":"t","details":` + deep + `}`, "x", ErrDetails, "deep"},
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
			var valid []string
			var faulty []Check
			for _, k := range s.Checks {
				if k.Fault == "" {
					valid = append(valid, k.ID)
				} else {
					faulty = append(faulty, k)
				}
			}
			if fmt.Sprint(valid) != "[a b]" || s.Checks[0].Type != "agent.cpu" {
				t.Errorf("valid checks %v", valid)
			}
			if len(faulty) != 1 || faulty[0].ID != c.id && faulty[0].ID != FaultsID || !strings.Contains(faulty[0].Fault, c.text) {
				t.Errorf("checks that cannot run: %.400v", faulty)
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

func TestParseEndpointRejects(t *testing.T) {
	tooMany := `{"checks":[` + strings.Repeat("1,", MaxSentChecks) + `1]}`
	for _, c := range []struct {
		name, in string
		want     error
	}{
		{"empty", ``, ErrNotSchedule},
		{"HTML", `<html>`, ErrNotSchedule},
		{"truncated", `{"checks":[{"id":"a"`, ErrNotSchedule},
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
		{"nested too deep", `{"checks":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`, ErrNotSchedule},
		{"only invalid checks", `{"checks":[{"id":"a","type":"t","period":0}]}`, ErrNoValidCheck},
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
		t.Error("equal schedules have different hashes")
	}
	if a.Hash() == other.Hash() {
		t.Error("different schedules have the same hash")
	}
	if len(a.Hash()) != 64 {
		t.Errorf("hash %q", a.Hash())
	}
	// Agent and endpoint compare the hash, so the canonical form must not change.
	const want = `{"checks":[{"id":"a","type":"t","details":{"x":1,"y":"<"},"period":60,"timeout":60,"disabled":false}]}`
	if b, _ := a.MarshalJSON(); string(b) != want {
		t.Errorf("canonical\n%s, want\n%s", b, want)
	}
	if b, err := json.Marshal(Schedule{}); string(b) != `{"checks":[]}` || err != nil {
		t.Errorf("empty: %s, %v", b, err)
	}
}

func TestDetailsWithoutJSONFormAreRejected(t *testing.T) {
	for _, v := range []any{make(chan int), json.Number("1 2"), json.Number("x"), json.Number(" 1"), json.Number("1\n"), json.Number("true")} {
		s := Schedule{Checks: []Check{{ID: "a", Type: "t", Details: Details{"v": v}}}}
		if _, err := s.MarshalJSON(); err == nil {
			t.Errorf("%v is accepted", v)
		}
		if s.Hash() != "" {
			t.Error("it has a hash")
		}
	}
}

// FuzzParseEndpoint checks that accepted schedules are within the limits, and the same after a
// round trip through JSON and through the stored form.
func FuzzParseEndpoint(f *testing.F) {
	for _, s := range []string{
		`{"checks": {"id": "ch1234", "type": "agent.cpu", "details": {"foo": "foo"}, "period": 30, "timeout": 30, "disabled": false}}`,
		`{"checks":[{"id":"a","type":"t","period":"90","details":{"n":-1.5e3,"o":{"x":[1]}},"alarms":[{}]},{"id":"a"},null]}`,
		`{"checks":[{"id":"a","type":"t"},{"id":"b","type":"","period":-1,"fault":"\ud800 x"},{"id":"c","label":"\u0007"},{"id":"a"},7]}`,
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
				t.Fatalf("accepted, but %v", err)
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
		if err != nil || len(problems) != countFaults(s) || again.Hash() != s.Hash() {
			t.Fatalf("changed by the round trip through JSON: %v, %v\n%s\n%s", err, problems, text(s), text(again))
		}
		stored, err := Cached{Schedule: s, Hash: hash, Fetched: time.UnixMilli(1)}.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseCached(stored)
		if err != nil || back.Schedule.Hash() != s.Hash() || fmt.Sprint(back.Schedule) != fmt.Sprint(s) {
			t.Fatalf("changed by the round trip through the stored form: %v\n%q", err, stored)
		}
	})
}

func countFaults(s Schedule) (n int) {
	for _, c := range s.Checks {
		if c.Fault != "" {
			n++
		}
	}
	return n
}

// An endpoint sends a check with a mistake in a form that an agent without this field does not run.
func TestParseEndpointReadsFaults(t *testing.T) {
	s, _, problems, err := ParseEndpoint([]byte(`{"checks":[{"id":"a","type":"t","period":300,"disabled":true,` +
		`"details":{"x":1},"fault":"default.yaml:3: \u001b[2Jno"},{"id":"b","type":"t"}]}`))
	want := `{"id":"a","type":"t","details":{},"period":300,"timeout":60,"disabled":false,"fault":"default.yaml:3:  [2Jno"}`
	if got, _, _ := strings.Cut(text(s), "\n"); err != nil || got != want {
		t.Errorf("%v\ngot  %s\nwant %s", err, got, want)
	}
	if len(problems) != 1 || problems[0].CheckID != "a" || problems[0].Err.Error() != s.Checks[0].Fault {
		t.Errorf("problems %v", problems)
	}
	if _, _, _, err := ParseEndpoint([]byte(`{"checks":[{"id":"a","type":"t","fault":"no"}]}`)); !errors.Is(err, ErrNoValidCheck) {
		t.Errorf("a schedule of faults alone: %v", err)
	}
	stored, err := Cached{Schedule: s, Fetched: time.UnixMilli(1)}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if back, err := ParseCached(stored); err != nil || text(back.Schedule) != text(s) {
		t.Errorf("stored and read again: %s, %v", text(back.Schedule), err)
	}
	s.Checks = s.Checks[1:]
	if stored, err = (Cached{Schedule: s, Fetched: time.UnixMilli(1)}).Marshal(); err != nil || stored[0] != cachedVersion {
		t.Errorf("a schedule without faults is stored in version %d, %v, which earlier programs cannot read", stored[0], err)
	}
}

// Separators inside strings do not count.
func TestCountValues(t *testing.T) {
	for in, want := range map[string]int{
		`{}`: 2, `[1,2,3]`: 4, `{"a":[1,2],"b":{"c":null}}`: 6, `{"a":",[{\",","b":"\\"}`: 3, ``: 1,
		`{"a":"\",\",\","}`: 2,
	} {
		if got := countValues([]byte(in)); got != want {
			t.Errorf("%s: %d, want %d", in, got, want)
		}
	}
}
