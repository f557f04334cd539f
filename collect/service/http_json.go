package service

import (
	"context"
	"fmt"
	"strings"

	"virgo/collect"
)

func httpJSONType() collect.Type {
	details := append(pageDetails(""),
		collect.Detail{Name: "headers", Summary: `more headers of the request, for example {"Accept":"application/json"}`},
		collect.Detail{Name: "metrics", Required: true,
			Summary: `what to report, name to JSON pointer ("/a/0") or to {"path":"/a/0","type":"gauge","unit":"bytes"}`})
	return collect.Type{
		Name:    "agent.http_json",
		Summary: "figures of any page of JSON",
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
	p, err := readPage(d, "")
	if err != nil {
		return collect.Report{}, err
	}
	if p.header, err = readHeaders(d); err != nil {
		return collect.Report{}, err
	}
	wanted, err := readWanted(d)
	if err != nil {
		return collect.Report{}, err
	}
	return p.report(ctx, func(body []byte) (collect.Report, error) { return pick(body, wanted) })
}

// pick reports what is wanted of a page. What is not there, or not of the type that was asked for, is left
// out: a gap is seen, and the status names it; where nothing is left the check is unavailable. Error: *garbageError.
func pick(body []byte, all []wanted) (collect.Report, error) {
	document, err := decodeJSON(body)
	if err != nil {
		return collect.Report{}, err
	}
	var (
		f       collect.Figures
		without []string
	)
	for _, w := range all {
		value, ok := find(document, w.pointer)
		if m, fits := figure(w, value); ok && fits {
			f.Add(w.name, m.Type, m.Value, w.unit)
		} else if ok {
			without = append(without, fmt.Sprintf("%s (%s is not of its type)", w.name, w.pointer))
		} else {
			without = append(without, fmt.Sprintf("%s (no %s)", w.name, w.pointer))
		}
	}
	report := collect.Report{Metrics: f.Metrics, Unavailable: len(f.Metrics) == 0}
	if len(without) > 0 {
		report.Status = fmt.Sprintf("%d of %d metrics left out: %s", len(without), len(all), strings.Join(without, ", "))
	}
	return report, nil
}
