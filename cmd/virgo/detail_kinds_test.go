package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/collect/host"
	"virgo/collect/plugin"
	"virgo/collect/worker"
	"virgo/schedule"
	"virgo/schedule/detail"
)

// What schedule check takes of a detail, its check takes, and what it refuses, the check refuses with a
// *schedule.DetailError.
func TestDetailsAgreeWithTheirChecks(t *testing.T) {
	remote, err := openWorkerChecks(worker.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	types := append(host.Types(host.Options{}), plugin.Type(plugin.Options{Dir: t.TempDir()}))
	types = append(types, remote.Types()...)
	tried := 0
	for _, typ := range types {
		base := baseDetails(typ)
		if _, err := checkOnce(t.Context(), typ, base); err != nil && strings.Contains(err.Error(), "only on Windows") {
			continue
		}
		for _, spec := range typ.Details {
			good, bad := valuesOf(spec)
			for _, v := range good {
				d := with(base, spec.Name, v)
				if wrong := typ.Definition().Mistakes(schedule.Check{Details: d}); len(wrong) > 0 {
					t.Errorf("%s %s=%v: schedule check: %v", typ.Name, spec.Name, v, wrong)
				}
				_, err := checkOnce(t.Context(), typ, d)
				if wrong := (*schedule.DetailError)(nil); errors.As(err, &wrong) {
					t.Errorf("%s %s=%v: the check: %v", typ.Name, spec.Name, v, err)
				}
			}
			for _, v := range bad {
				tried++
				d := with(base, spec.Name, v)
				if wrong := typ.Definition().Mistakes(schedule.Check{Details: d}); len(wrong) != 1 {
					t.Errorf("%s %s=%.40v: schedule check: %v", typ.Name, spec.Name, v, wrong)
				}
				_, err := checkOnce(t.Context(), typ, d)
				if wrong := (*schedule.DetailError)(nil); !errors.As(err, &wrong) || wrong.Key != spec.Name {
					t.Errorf("%s %s=%.40v: the check: %v", typ.Name, spec.Name, v, err)
				}
			}
		}
	}
	if tried < 300 {
		t.Errorf("only %d values were tried", tried)
	}
}

// checkOnce runs a check where nobody answers.
func checkOnce(ctx context.Context, typ collect.Type, d schedule.Details) (collect.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return typ.Checker.Check(ctx, collect.Request{
		Check: schedule.Check{ID: "x", Type: typ.Name, Details: d, Period: time.Minute, Timeout: time.Second}, Now: time.Now,
	})
}

// baseDetails returns valid details, by which a check asks a port of this host where nobody listens.
func baseDetails(typ collect.Type) schedule.Details {
	d := make(schedule.Details)
	for _, spec := range typ.Details {
		switch {
		case spec.Name == "host", spec.Name == "target" && spec.Kind == detail.Host:
			d[spec.Name] = "127.0.0.1"
		case spec.Kind == detail.Port:
			d[spec.Name] = "1"
		case spec.Kind == detail.URL, spec.Kind == detail.PageURL:
			d[spec.Name] = "http://127.0.0.1:1/"
		case spec.Name == "metrics":
			d[spec.Name] = map[string]any{"a": "/a"}
		case spec.Kind == detail.HostPort:
			d[spec.Name] = "127.0.0.1:1"
		case spec.Kind == detail.AbsolutePath:
			d[spec.Name] = "/nowhere"
		case spec.Required, spec.Name == "name":
			d[spec.Name] = "x"
		}
	}
	return d
}

func with(d schedule.Details, key string, value any) schedule.Details {
	d = maps.Clone(d)
	d[key] = value
	return d
}

// valuesOf returns values that are of a detail's kind, and values that are not.
func valuesOf(spec collect.Detail) (good, bad []any) {
	list, object := []any{"a"}, map[string]any{"a": "/a"}
	switch spec.Kind {
	case detail.List:
		return []any{list, "a b", json.Number("5"), []any{"a", json.Number("1")}}, []any{object, []any{object}, []any{list}}
	case detail.Object:
		return []any{object, `{"a":"/a"}`}, []any{list, "a", "[]", "{} {}", json.Number("1")}
	}
	bad = []any{list, object}
	switch spec.Kind {
	case detail.Integer:
		good = []any{json.Number(fmt.Sprint(spec.Min)), fmt.Sprintf(" %d ", spec.Min+1)}
		bad = append(bad, "abc", json.Number("1.5"), true, json.Number(fmt.Sprint(spec.Min-1)))
		if spec.Max > 0 {
			bad = append(bad, json.Number(fmt.Sprint(spec.Max+1)))
		}
	case detail.Number:
		good, bad = []any{json.Number(fmt.Sprint(spec.Min)), fmt.Sprintf(" %d.5 ", spec.Min)}, append(bad, "abc", "1.5s", true, "NaN")
		if spec.Max > 0 {
			bad = append(bad, fmt.Sprintf("%d.5", spec.Max))
		}
	case detail.Port:
		good, bad = []any{json.Number("1"), "65535"}, append(bad, "abc", json.Number("0"), "65536", "http")
	case detail.Milliseconds, detail.Seconds:
		good, bad = []any{json.Number("5"), "1.5s", "20"}, append(bad, "fast", json.Number("-1"), "5 parsecs", true)
		if spec.Min > 0 {
			bad = append(bad, json.Number("0.5"))
		}
	case detail.Boolean:
		good, bad = []any{true, "no", json.Number("1")}, append(bad, "maybe", json.Number("2"))
	case detail.Choice:
		for _, c := range spec.Choices {
			good = append(good, c, strings.ToUpper(c))
		}
		bad = append(bad, "none of these", json.Number("1"))
	case detail.Regexp:
		good, bad = []any{"a.*b", json.Number("5")}, append(bad, "(", "a{9999}", strings.Repeat("a", 2000))
	case detail.URL, detail.PageURL:
		good = []any{"http://127.0.0.1:1/x?y=z", "https://[::1]:1"}
		bad = append(bad, "nonsense", "ftp://127.0.0.1/", "http://", "http://a b/", "http://"+strings.Repeat("a", 300)+"/")
		if spec.Kind == detail.PageURL {
			good = append(good, "http://unix:/nowhere:/x")
		}
	case detail.Host:
		good = []any{"127.0.0.1", "[::1]", "localhost"}
		bad = append(bad, "a b", "localhost:80", "http://localhost", "user@localhost", strings.Repeat("a", 300))
	case detail.HostPort:
		good, bad = []any{"127.0.0.1:1", "[::1]:1"}, append(bad, "a b", "127.0.0.1:http", "127.0.0.1:0", "a/b")
	case detail.AbsolutePath:
		good, bad = []any{"/nowhere", "/nowhere/*.log"}, append(bad, "nowhere", "./x", "~/x")
	case detail.Path:
		good = []any{"/nowhere"}
	}
	return good, bad
}
