package api

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect/script"
)

func csvModule() script.Module {
	return script.Module{
		Name: "csv", Pure: true,
		Doc: "Comma-separated values (RFC 4180).",
		Functions: []script.Function{
			{Name: "decode", Signature: `csv.decode(text [, {sep=",", header=false}]) -> rows`, MinArgs: 1, MaxArgs: 2,
				Doc: "The rows, each a list of its fields; with header=true, each a table by the " +
					"names in the first row. Rows may differ in length. More than 100,000 fields, of " +
					"which a row counts as five, and what is not CSV, give nil and why.",
				Call: func(c *script.Call, l *lua.LState) int {
					text, o := textAt(c, l, 1), optionsAt(l, 2, "sep", "header")
					sep, size := utf8.DecodeRuneInString(o.text("sep", ","))
					if size != len(o.text("sep", ",")) || strings.ContainsRune("\"\r\n", sep) || sep == utf8.RuneError {
						l.ArgError(2, "option sep: want one character")
					}
					rows, err := decodeCSV(l, text, sep, o.flag("header", false))
					if err != nil {
						return c.Fail(l, fmt.Errorf("CSV: %w", err))
					}
					l.Push(rows)
					return 1
				}},
		},
	}
}

func decodeCSV(l *lua.LState, text string, sep rune, header bool) (*lua.LTable, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord, r.ReuseRecord = sep, true, -1, true
	var (
		rows   []lua.LValue
		names  []string
		fields int
	)
	for {
		record, err := r.Read()
		if err == io.EOF {
			return tableOf(l, rows), nil
		}
		if err != nil {
			return nil, err
		}
		if fields += len(record) + 1; fields > maxValues {
			return nil, fmt.Errorf("more than %d fields", maxValues)
		}
		if header && names == nil {
			names = append([]string{}, record...)
			continue
		}
		fields += byName
		if !header {
			row := make([]lua.LValue, len(record))
			for i, field := range record {
				row[i] = lua.LString(strings.Clone(field))
			}
			rows = append(rows, tableOf(l, row))
			continue
		}
		if len(record) > len(names) {
			return nil, errors.New("a row has more fields than the header")
		}
		row := l.CreateTable(0, len(record))
		for i, field := range record {
			row.RawSetString(names[i], lua.LString(strings.Clone(field)))
		}
		rows = append(rows, row)
	}
}
