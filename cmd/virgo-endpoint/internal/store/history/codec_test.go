package history

import (
	"bytes"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// Columns of every form come back as they were.
func TestColumns(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	random := func(n int, one func(i int) intake.Value) (list []intake.Value) {
		for i := range n {
			list = append(list, one(i))
		}
		return list
	}
	ints := func(list ...int64) (values []intake.Value) {
		for _, n := range list {
			values = append(values, intake.IntValue(n))
		}
		return values
	}
	for name, test := range map[string]struct {
		form   byte
		most   int // bytes
		values []intake.Value
	}{
		"constant":   {formConstant, 3, ints(7, 7, 7)},
		"one":        {formConstant, 12, []intake.Value{intake.FloatValue(0.1)}},
		"extremes":   {formSigned, 60, ints(math.MinInt64, math.MaxInt64, 0, math.MinInt64, math.MaxInt64, -1)},
		"min":        {formSigned, 60, ints(0, math.MinInt64)},
		"counter":    {formSigned, 70, random(60, func(i int) intake.Value { return intake.IntValue(1e12 + 4096*int64(i)) })},
		"pages":      {formSigned, 130, random(60, func(int) intake.Value { return intake.IntValue(r.Int64N(8192) * 4096) })},
		"unsigned":   {formUnsigned, 40, []intake.Value{intake.UintValue(math.MaxUint64), intake.IntValue(0), intake.UintValue(1 << 63)}},
		"decimals":   {formDecimal, 140, random(60, func(int) intake.Value { return intake.FloatValue(float64(r.IntN(10_000)) / 100) })},
		"tiny":       {formDecimal, 40, []intake.Value{intake.FloatValue(1e-15), intake.FloatValue(-3e-15), intake.IntValue(0)}},
		"floats":     {formFloat, 490, random(60, func(int) intake.Value { return intake.FloatValue(r.NormFloat64()) })},
		"huge":       {formFloat, 40, []intake.Value{intake.FloatValue(math.MaxFloat64), intake.FloatValue(-math.MaxFloat64), intake.FloatValue(5e-324)}},
		"mixed":      {formMixed, 40, []intake.Value{intake.IntValue(math.MaxInt64), intake.FloatValue(0.1), intake.UintValue(math.MaxUint64)}},
		"mixed sign": {formMixed, 40, []intake.Value{intake.IntValue(-1), intake.UintValue(math.MaxUint64)}},
	} {
		var e columnEncoder
		b := e.append([]byte("before"), test.values)[len("before"):]
		if b[0] != test.form || len(b) > test.most {
			t.Errorf("%s: form %d of %d bytes, want %d and %d", name, b[0], len(b), test.form, test.most)
		}
		d := reader{rest: append(b, "behind"...)}
		if got := d.column(nil, len(test.values)); !slices.Equal(got, test.values) || string(d.rest) != "behind" || d.err != nil {
			t.Errorf("%s: %v, want %v; %q %v", name, got, test.values, d.rest, d.err)
		}
	}
}

func FuzzColumn(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 0}, []byte{2})
	f.Fuzz(func(t *testing.T, data, kinds []byte) {
		var values []intake.Value
		for i := 0; i+8 <= len(data) && len(values) < 200; i += 8 {
			n := uint64(0)
			for _, c := range data[i : i+8] {
				n = n<<8 | uint64(c)
			}
			kind := byte(0)
			if len(kinds) > 0 {
				kind = kinds[i/8%len(kinds)]
			}
			switch f := math.Float64frombits(n); {
			case kind%3 == 1:
				values = append(values, intake.UintValue(n))
			case kind%3 == 2 && !math.IsNaN(f) && !math.IsInf(f, 0):
				values = append(values, intake.FloatValue(f))
			default:
				values = append(values, intake.IntValue(int64(n)>>(kind/3%64)))
			}
		}
		if len(values) == 0 {
			return
		}
		var e columnEncoder
		d := reader{rest: e.append(nil, values)}
		if got := d.column(nil, len(values)); !slices.Equal(got, values) || len(d.rest) > 0 || d.err != nil {
			t.Fatalf("%v, want %v; %v", got, values, d.err)
		}
	})
}

// someChecks are checks of every kind.
func someChecks() []check {
	return []check{
		{number: 1, period: 60_000, times: []int64{hourMS, hourMS + 60_000, hourMS + 60_000, 2*hourMS - 1}, flags: []byte{0, flagLate, flagBare, 0},
			columns: []column{
				{number: 2, rows: []int32{0, 1, 3}, values: []intake.Value{intake.IntValue(1), intake.IntValue(2), intake.IntValue(9)}},
				{number: 5, rows: []int32{3}, values: []intake.Value{intake.FloatValue(0.5)}},
				{number: 7, text: true, rows: []int32{0, 3}, texts: []string{"up", ""}},
			}},
		{number: 3, times: []int64{hourMS}, flags: []byte{flagBare}},
	}
}

// Whatever a row says, reading it ends, and what is read is encoded to what reads the same.
func FuzzChunk(f *testing.F) {
	var e encoder
	f.Add(e.chunk(nil, hourMS, someChecks()))
	f.Fuzz(func(t *testing.T, content []byte) {
		checks, err := readChunk(content, hourMS)
		if err != nil {
			return
		}
		again, err := readChunk(e.chunk(nil, hourMS, checks), hourMS)
		if err != nil || !reflect.DeepEqual(again, checks) {
			t.Fatalf("%+v, %v\nwant %+v", again, err, checks)
		}
	})
}

func TestChunk(t *testing.T) {
	var e encoder
	b := e.chunk(nil, hourMS, someChecks())
	got, err := readChunk(b, hourMS)
	if err != nil || !reflect.DeepEqual(got, someChecks()) {
		t.Errorf("%+v, %v", got, err)
	}
	for n := range b {
		if _, err := readChunk(b[:n], hourMS); err == nil {
			t.Errorf("%d of %d bytes are read", n, len(b))
		}
	}
}

func FuzzRollup(f *testing.F) {
	var e encoder
	var r rollup
	r.add(someChecks(), hourMS, 5*minuteMS, minuteBuckets)
	f.Add(e.rollup(nil, r))
	f.Fuzz(func(t *testing.T, content []byte) {
		list, err := readRollup(content, minuteBuckets)
		if err != nil {
			return
		}
		b := e.rollup(nil, list)
		again, err := readRollup(b, minuteBuckets)
		if err != nil || !bytes.Equal(e.rollup(nil, again), b) {
			t.Fatalf("%+v, %v\nwant %+v", again, err, list)
		}
	})
}

func FuzzDictionary(f *testing.F) {
	d := newDictionary()
	d.entry(name{check: "cpu", kind: kindCheck}, "agent.cpu", "", 19_000)
	d.entry(name{check: "cpu", metric: "usage", unit: "percent"}, "agent.cpu", "double", 19_000)
	d.entry(name{check: "net", dimension: "eth0", metric: "link", kind: kindText}, "agent.network", "string", 19_001)
	f.Add(d.append(nil))
	f.Fuzz(func(t *testing.T, content []byte) {
		d, err := readDictionary(content)
		if err != nil {
			return
		}
		again, err := readDictionary(d.append(nil))
		if err != nil || !reflect.DeepEqual(again, d) {
			t.Fatalf("%+v, %v\nwant %+v", again, err, d)
		}
	})
}
