package fleet

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// captured are the results of three runs of two checks: a counter, a gauge with decimals, a constant, a text.
func captured() (runs [][][]byte) {
	for i := range 3 {
		runs = append(runs, [][]byte{
			fmt.Appendf(nil, `{"check_id":"net","check_type":"agent.network","state":"available","status":"success","timestamp":%d,`+
				`"min_check_period":1000,"metrics":[["lo",{"rx":{"t":"gauge","v":"%d","u":"bytes"},"name":{"t":"string","v":"123"}}]]}`, 1000+i, 5000+10*i),
			fmt.Appendf(nil, `{"check_id":"cpu","check_type":"agent.cpu","state":"available","status":"success","timestamp":%d,`+
				`"min_check_period":1000,"metrics":[[null,{"idle":{"t":"double","v":"%g"},"cpus":{"t":"uint64","v":"2"},"ram":{"t":"gauge","v":"24105"}}]]}`,
				1000+i, []float64{90.25, 70.5, 91}[i]),
		})
	}
	return runs
}

// valueOf parses a made result and returns a metric's value.
func valueOf(t *testing.T, made []byte, name string) string {
	t.Helper()
	var r struct {
		Timestamp int64
		Period    int64 `json:"min_check_period"`
		Metrics   [][2]json.RawMessage
	}
	if err := json.Unmarshal(made, &r); err != nil {
		t.Fatalf("%s: %v", made, err)
	}
	if r.Timestamp != 77 || r.Period != periodMS {
		t.Errorf("time and period: %s", made)
	}
	var metrics map[string]struct{ V string }
	if err := json.Unmarshal(r.Metrics[0][1], &metrics); err != nil {
		t.Fatal(err)
	}
	return metrics[name].V
}

func TestTemplate(t *testing.T) {
	tm, err := NewTemplate(captured())
	if err != nil || tm.Results() != 2 {
		t.Fatalf("%d results, %v", tm.Results(), err)
	}
	of := func(check int, host, run uint64, name string) string {
		return valueOf(t, tm.AppendFields(nil, check, host, run, 77), name)
	}
	if a, b := of(0, 1, 1, "rx"), of(0, 1, 1, "rx"); a != b {
		t.Errorf("the same run twice: %s and %s", a, b)
	}
	before := 0
	for run := range uint64(100) {
		var v int
		if _, err := fmt.Sscan(of(0, 3, run, "rx"), &v); err != nil || v < before || v > 5000*2+int(run+2)*20 {
			t.Fatalf("counter in run %d: %d after %d, %v", run, v, before, err)
		}
		before = v
		var f float64
		if _, err := fmt.Sscan(of(1, 3, run, "idle"), &f); err != nil || f < 69 || f > 112 {
			t.Fatalf("gauge in run %d: %v, %v", run, f, err)
		}
	}
	if before == 0 {
		t.Error("no counter")
	}
	if a, b := of(1, 1, 1, "ram"), of(1, 1, 9, "ram"); a != b || a == of(1, 2, 1, "ram") {
		t.Errorf("a constant of a host: %s, %s", a, b)
	}
	if a := of(1, 5, 1, "cpus"); a != "2" {
		t.Errorf("a small constant: %s", a)
	}
	if a := of(0, 5, 1, "name"); a != "123" {
		t.Errorf("a text: %s", a)
	}
}

func TestTemplateNeedsTheSameChecks(t *testing.T) {
	runs := captured()
	runs[2] = runs[2][:1]
	tm, err := NewTemplate(runs)
	if err != nil || tm.Results() != 1 {
		t.Errorf("a check that is missing in a run: %d results, %v", tm.Results(), err)
	}
	if _, err := NewTemplate(runs[:1]); err == nil {
		t.Error("one run is enough")
	}
	runs[2] = nil
	if _, err := NewTemplate(runs); err == nil || !strings.Contains(err.Error(), "no check") {
		t.Errorf("nothing in common: %v", err)
	}
}

func TestAppendDecimal(t *testing.T) {
	for _, c := range []struct {
		v        int64
		decimals int
		want     string
	}{{0, 0, "0"}, {-5, 0, "-5"}, {49, 1, "4.9"}, {490, 2, "4.9"}, {500, 2, "5"}, {3, 4, "0.0003"}} {
		if got := string(appendDecimal(nil, c.v, c.decimals)); got != c.want {
			t.Errorf("%d, %d: %s, want %s", c.v, c.decimals, got, c.want)
		}
	}
}
