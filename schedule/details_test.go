package schedule

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

var details = Details{
	"text": "abc", "sixty": json.Number("60"), "sixtyText": " 60 ", "float": json.Number("1.50"), "yes": true,
	"null": nil, "empty": "", "list": []any{"a", json.Number("1"), true}, "object": map[string]any{"a": nil},
	"int": 5, "int64": int64(-5), "uint64": uint64(18446744073709551615), "float64": 2.5, "whole": json.Number("6e1"),
	"huge": json.Number("1e300"), "nan": "NaN", "span": "90s", "days": "30d", "negative": "-1", "off": "Off", "strings": []string{"x"},
	"nested": []any{[]any{}},
}

func TestDetailsText(t *testing.T) {
	for key, want := range map[string]string{"text": "abc", "sixty": "60", "float": "1.50", "yes": "true", "empty": "", "int": "5", "int64": "-5", "uint64": "18446744073709551615", "float64": "2.5"} {
		if got, ok := details.Text(key); got != want || !ok {
			t.Errorf("%s: %q, %v", key, got, ok)
		}
	}
	for _, key := range []string{"null", "list", "object", "none", "strings"} {
		if got, ok := details.Text(key); got != "" || ok {
			t.Errorf("%s: %q, %v", key, got, ok)
		}
	}
	if got, ok := Details(nil).Text("x"); got != "" || ok {
		t.Error("nil details have text")
	}
}

func TestDetailsNumbers(t *testing.T) {
	for key, want := range map[string]int64{"sixty": 60, "sixtyText": 60, "int": 5, "int64": -5, "whole": 60, "none": 7, "null": 7, "empty": 7, "negative": -1} {
		if got, err := details.Int(key, 7); got != want || err != nil {
			t.Errorf("int %s: %d, %v", key, got, err)
		}
	}
	for key, want := range map[string]float64{"sixty": 60, "float": 1.5, "none": 7, "huge": 1e300, "float64": 2.5} {
		if got, err := details.Float(key, 7); got != want || err != nil {
			t.Errorf("float %s: %v, %v", key, got, err)
		}
	}
	for key, want := range map[string]bool{"yes": true, "off": false, "none": true, "empty": true} {
		if got, err := details.Bool(key, true); got != want || err != nil {
			t.Errorf("bool %s: %v, %v", key, got, err)
		}
	}
	for key, want := range map[string]time.Duration{"sixty": 60 * time.Millisecond, "float": 1500 * time.Microsecond, "span": 90 * time.Second, "days": 720 * time.Hour, "none": time.Hour} {
		if got, err := details.Duration(key, time.Millisecond, time.Hour); got != want || err != nil {
			t.Errorf("duration %s: %v, %v", key, got, err)
		}
	}
}

func TestDetailsErrorsNameTheDetail(t *testing.T) {
	long := Details{"text": strings.Repeat("ü", 1000)}
	for what, call := range map[string]func(Details, string) error{
		"int":      func(d Details, k string) error { _, err := d.Int(k, 0); return err },
		"float":    func(d Details, k string) error { _, err := d.Float(k, 0); return err },
		"bool":     func(d Details, k string) error { _, err := d.Bool(k, false); return err },
		"duration": func(d Details, k string) error { _, err := d.Duration(k, time.Second, 0); return err },
	} {
		for _, key := range []string{"text", "list", "object", "nan"} {
			err := call(details, key)
			var e *DetailError
			if !errors.As(err, &e) || e.Key != key || !strings.Contains(err.Error(), `detail "`+key+`" is `) {
				t.Errorf("%s of %s: %v", what, key, err)
			}
		}
		if err := call(long, "text"); err == nil || len(err.Error()) > 200 {
			t.Errorf("%s: a long value is quoted whole", what)
		}
	}
	for _, key := range []string{"negative", "huge"} {
		if d, err := details.Duration(key, time.Second, 0); err == nil {
			t.Errorf("duration %s: %v", key, d)
		}
	}
	for _, key := range []string{"float", "huge"} {
		if n, err := details.Int(key, 0); err == nil {
			t.Errorf("%s as a whole number: %d", key, n)
		}
	}
}

func TestDetailsStrings(t *testing.T) {
	for key, want := range map[string][]string{"list": {"a", "1", "true"}, "text": {"abc"}, "sixty": {"60"}, "none": nil, "null": nil, "strings": {"x"}} {
		if got, err := details.Strings(key); !reflect.DeepEqual(got, want) || err != nil {
			t.Errorf("%s: %v, %v", key, got, err)
		}
	}
	for _, key := range []string{"object", "nested"} {
		if got, err := details.Strings(key); err == nil {
			t.Errorf("%s: %v", key, got)
		}
	}
}

func TestDetailsKeys(t *testing.T) {
	if got := (Details{"b": 1, "a": 2, "c": nil}).Keys(); !reflect.DeepEqual(got, []string{"a", "b", "c"}) {
		t.Errorf("keys %v", got)
	}
}
