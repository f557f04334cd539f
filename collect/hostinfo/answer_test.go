package hostinfo

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/collect/hostinfo/source"
)

func TestAnswerReportsErrors(t *testing.T) {
	h := &Host{}
	for _, c := range []struct {
		typ  Type
		want string
	}{
		{Type{Name: "x", Systems: []string{"plan9"}}, "Unsupported operating system for x"},
		{Type{Name: "x", Read: func(context.Context, *Host) (any, error) { panic("a bug") }},
			"reading x failed by a mistake of virgo's own"},
		{Type{Name: "x", Read: func(context.Context, *Host) (any, error) {
			return nil, errors.New("password=hunter2")
		}}, "password=[redacted]"},
		{Type{Name: "x", Read: func(context.Context, *Host) (any, error) { return func() {}, nil }},
			"the answer is no JSON"},
	} {
		a := answer(t.Context(), h, c.typ)
		if a.Error == nil || !strings.HasPrefix(*a.Error, c.want) || a.Metrics != nil || a.Timestamp == 0 {
			t.Errorf("%+v, want %s", a, c.want)
		}
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, typ := range Types() {
		if a := answer(cancelled, h, typ); typ.SupportedOn(runtime.GOOS) &&
			(a.Error == nil || !strings.Contains(*a.Error, "context canceled")) {
			t.Errorf("%s, cancelled: %+v", typ.Name, a)
		}
	}
}

// A type that does not return is abandoned; one that returns a little late still answers.
func TestAnswerHasATimeLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		release := make(chan struct{})
		hangs := Type{Name: "x", Read: func(context.Context, *Host) (any, error) { <-release; return nil, nil }}
		start := time.Now()
		a := answer(ctx, &Host{}, hangs)
		if a.Error == nil || !strings.Contains(*a.Error, "reading x was not done in its time") ||
			time.Since(start) > time.Second+grace {
			t.Errorf("%+v after %v", a, time.Since(start))
		}
		close(release)
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		late := Type{Name: "x", Read: func(ctx context.Context, _ *Host) (any, error) {
			<-ctx.Done()
			return []int{1}, ctx.Err()
		}}
		a := answer(ctx, &Host{}, late)
		if rows, ok := a.Metrics.([]int); !ok || len(rows) != 1 || a.Error == nil {
			t.Errorf("%+v", a)
		}
	})
}

func TestBound(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for name, c := range map[string]struct {
		value any
		want  string
		rows  int
	}{
		"a short list":          {[]string{"a"}, "", 1},
		"too many rows":         {make([]int, source.MaxRows+5), "only the first 10000 of 10005 rows are reported", source.MaxRows},
		"too many bytes":        {slices.Repeat([]string{long}, 5000), "of 5000 rows are reported", 2000},
		"lists in an object":    {struct{ A, B []string }{[]string{"a"}, slices.Repeat([]string{long}, 5000)}, "of 5001 rows are reported", 2000},
		"what cannot be cut":    {map[string]string{"a": strings.Repeat("x", MaxAnswerBytes+1)}, "the answer is longer than 2097152 bytes", -1},
		"one row that is large": {[]string{strings.Repeat("x", MaxAnswerBytes+1)}, "only the first 0 of 1 rows are reported", 0},
		"nothing":               {nil, "", -1},
	} {
		got, err := bound(c.value)
		if c.want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
		b, _ := json.Marshal(got)
		if len(b) > MaxAnswerBytes {
			t.Errorf("%s: %d bytes", name, len(b))
		}
		n := -1
		switch v := got.(type) {
		case []string:
			n = len(v)
		case []int:
			n = len(v)
		case struct{ A, B []string }:
			n = len(v.A) + len(v.B)
		}
		if n < c.rows || n > c.rows+200 {
			t.Errorf("%s: %d rows, want about %d", name, n, c.rows)
		}
	}
}

type countedRow struct {
	text string
	made *int
}

func (c countedRow) MarshalJSON() ([]byte, error) {
	*c.made++
	return json.Marshal(c.text)
}

// Rows that cannot fit are not encoded.
func TestBoundEncodesOnlyRowsThatFit(t *testing.T) {
	made := 0
	rows := slices.Repeat([]countedRow{{strings.Repeat("x", MaxAnswerBytes/10), &made}}, source.MaxRows)
	if _, err := bound(rows); err == nil || made > 100 {
		t.Errorf("%d rows were encoded, %v", made, err)
	}
}
