package service

import (
	"context"
	"fmt"
	"strings"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/detail"
)

func httpJSONType() collect.Type {
	details := append(pageDetails(""),
		collect.Detail{Name: "headers", Role: schedule.Headers, Kind: detail.Object,
			Summary: `additional request headers, for example {"Accept":"application/json"}`},
		collect.Detail{Name: "metrics", Role: schedule.Other, Required: true, Kind: detail.Object,
			Summary: `what to report: name to JSON pointer ("/a/0") or to {"path":"/a/0","type":"gauge","unit":"bytes"}`})
	return collect.Type{
		Name:    "agent.http_json",
		Summary: "numbers and strings from a JSON document over HTTP",
		Details: details,
		Checker: collect.CheckerFunc(checkHTTPJSON),
	}
}

func checkHTTPJSON(ctx context.Context, req collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{}, err
	}
	d := req.Check.Details
	if _, err := collect.RequiredText(d, "url"); err != nil {
		return collect.Report{}, err
	}
	p, err := readPage(d, "", req.Guard)
	if err != nil {
		return collect.Report{}, err
	}
	if p.header, err = readHeaders(d); err != nil {
		return collect.Report{}, err
	}
	selectors, err := readSelectors(d)
	if err != nil {
		return collect.Report{}, err
	}
	return p.report(ctx, func(body []byte) (collect.Report, error) { return selectMetrics(body, selectors) })
}

// selectMetrics reports what is wanted of a page. What is not there, or not of the type that was
// asked for, is left out: a gap is seen, and the status names it; where nothing is left the check
// is unavailable. Error: *garbageError.
func selectMetrics(body []byte, all []jsonSelector) (collect.Report, error) {
	document, err := decodeJSON(body)
	if err != nil {
		return collect.Report{}, err
	}
	var (
		f       collect.MetricBuilder
		missing []string
	)
	for _, w := range all {
		value, ok := findPointer(document, w.pointer)
		if m, fits := jsonMetric(w, value); ok && fits {
			f.Add(w.name, m.Type, m.Value, w.unit)
		} else if ok {
			missing = append(missing, fmt.Sprintf("%s (%s is not of its type)", w.name, w.pointer))
		} else {
			missing = append(missing, fmt.Sprintf("%s (no %s)", w.name, w.pointer))
		}
	}
	report := collect.Report{Metrics: f.Metrics, Unavailable: len(f.Metrics) == 0}
	if len(missing) > 0 {
		report.Status = fmt.Sprintf("%d of %d metrics left out: %s",
			len(missing), len(all), strings.Join(missing, ", "))
	}
	return report, nil
}
