package script

import (
	"encoding/json"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/detail"
)

// detailValues returns the table of details that run gets: what the check has or the default, each
// as a value of its kind. Durations are numbers of the unit of their kind. A detail without a value
// is nil. Errors are those of the schedule: *[collect.MissingDetailError], *[schedule.DetailError].
func (c *Call) detailValues(l *lua.LState, specs []schedule.Detail) (*lua.LTable, error) {
	table := l.CreateTable(0, len(specs))
	for _, spec := range specs {
		given := c.Details
		if v := given[spec.Name]; v == nil || v == "" {
			if spec.Required {
				return nil, &collect.MissingDetailError{Key: spec.Name}
			}
			if spec.Default == "" {
				continue
			}
			given = schedule.Details{spec.Name: spec.Default}
			if spec.Kind == detail.List && strings.HasPrefix(spec.Default, "[") {
				var list []any
				if json.Unmarshal([]byte(spec.Default), &list) == nil {
					given[spec.Name] = list
				}
			}
		}
		if err := spec.Validate(given); err != nil {
			return nil, err
		}
		value, err := detailValue(spec, given)
		if err != nil {
			return nil, err
		}
		v, err := c.fromGo(l, value)
		if err != nil {
			return nil, &schedule.DetailError{Key: spec.Name, Want: "data that is small enough"}
		}
		table.RawSetString(spec.Name, v)
	}
	return table, nil
}

// detailValue returns the value of a detail that is there.
func detailValue(spec schedule.Detail, d schedule.Details) (any, error) {
	switch spec.Kind {
	case detail.Integer, detail.Port:
		return d.Int(spec.Name, 0)
	case kindNumber:
		return d.Float(spec.Name, 0)
	case detail.Boolean:
		return d.Bool(spec.Name, false)
	case detail.Milliseconds:
		span, err := d.Duration(spec.Name, time.Millisecond, 0)
		return float64(span) / float64(time.Millisecond), err
	case detail.Seconds:
		span, err := d.Duration(spec.Name, time.Second, 0)
		return span.Seconds(), err
	case detail.List:
		return d.Strings(spec.Name)
	case detail.Object:
		return d.Object(spec.Name)
	}
	text, err := collect.OptionalText(d, spec.Name)
	if err != nil {
		return nil, err
	}
	if spec.Kind == detail.Choice {
		return schedule.ParseChoice(spec.Name, text, spec.Choices)
	}
	return text, nil
}
