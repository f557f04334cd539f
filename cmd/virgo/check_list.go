package main

import (
	"errors"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/term"
	"virgo/collect"
	"virgo/schedule/detail"
)

type typeDocument struct {
	Name    string           `json:"name"`
	Summary string           `json:"summary"`
	Details []detailDocument `json:"details"`
}

type detailDocument struct {
	Name     string `json:"name"`
	Summary  string `json:"summary"`
	Required bool   `json:"required"`
	// Kind is what the value is; absent for a text. On a command line a list or an object is JSON.
	Kind    detail.Kind `json:"kind,omitempty"`
	Min     int64       `json:"min,omitempty"`
	Max     int64       `json:"max,omitempty"`
	Choices []string    `json:"choices,omitempty"`
	Default string      `json:"default,omitempty"`
}

// list prints all check types, or the named one, with their details.
func (c *checkCmd) list(a *app, reg *collect.Registry) error {
	types := reg.Types()
	if c.Type != "" {
		typ, err := lookup(reg, c.Type)
		if err != nil {
			return err
		}
		if typ, err = a.Declared(a.Context, typ); err != nil {
			return err
		}
		types = []collect.Type{typ}
	} else if !c.List {
		return agent.WithCode(agent.ExitUsage, agent.WithHint(
			errors.New("no check type is given"), "virgo check --list, then for example virgo check agent.cpu",
		))
	}
	if a.JSON {
		docs := make([]typeDocument, len(types))
		for i, typ := range types {
			docs[i] = typeDocument{typ.Name, typ.Summary, []detailDocument{}}
			for _, d := range typ.Details {
				docs[i].Details = append(docs[i].Details, detailDocument{
					Name: d.Name, Summary: d.Summary, Required: d.Required, Kind: d.Kind,
					Min: d.Min, Max: d.Max, Choices: d.Choices, Default: d.Default,
				})
			}
		}
		return a.printJSON(struct {
			document
			Types []typeDocument `json:"types"`
		}{document{schemaVersion}, docs})
	}
	var t term.Table
	for _, typ := range types {
		t.Cells(term.Cell{Text: typ.Name, Color: term.Head}, term.Cell{Text: typ.Summary})
		for _, d := range typ.Details {
			name := d.Name
			if d.Required {
				name += " (required)"
			}
			t.Cells(
				term.Cell{Text: "  " + name, Color: term.Faint},
				term.Cell{Text: "  " + d.Text(), Color: term.Faint},
			)
		}
	}
	return t.Write(a.Out, a.Color())
}
