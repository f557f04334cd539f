package web

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"virgo/schedule/shorttext"
)

func tableOf(t *testing.T, metrics string) *infoTable {
	t.Helper()
	table, err := newInfoTable(json.RawMessage(metrics))
	if err != nil {
		t.Fatalf("%.100s: %v", metrics, err)
	}
	return table
}

func TestInfoTables(t *testing.T) {
	for name, c := range map[string]struct {
		metrics string
		want    infoTable
	}{
		"none":           {`null`, infoTable{}},
		"nothing":        {``, infoTable{}},
		"an empty list":  {`[]`, infoTable{Columns: []string{}}},
		"one object":     {`{"b":1.50,"a":"x\u0007"}`, infoTable{Rows: [][]string{{"b", "1.50"}, {"a", "x" + shorttext.Sanitize("\a")}}}},
		"a list of one":  {`[{"b":true}]`, infoTable{Rows: [][]string{{"b", "true"}}}},
		"a list of some": {`[{"b":1,"a":null},{"c":["x","y"],"b":{"d":[1]}}]`, infoTable{Columns: []string{"b", "a", "c"}, Rows: [][]string{{"1", "–", ""}, {`{"d":[1]}`, "", "x, y"}}}},
		"a name twice":   {`{"a":1,"a":2}`, infoTable{Rows: [][]string{{"a", "2"}}}},
		"lists":          {`{"a":[],"b":[null],"c":[1,2]}`, infoTable{Rows: [][]string{{"a", ""}, {"b", "[null]"}, {"c", "[1,2]"}}}},
	} {
		if got := tableOf(t, c.metrics); !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, *got, c.want)
		}
	}
	if _, err := newInfoTable(json.RawMessage(`[1]`)); err == nil {
		t.Error("a list of numbers is a table")
	}
}

// A host's answer of any size makes a page of a bounded one, which says what it leaves out.
func TestInfoTablesAreBounded(t *testing.T) {
	rows := tableOf(t, "["+strings.Repeat(`{"a":1},`, maxInfoRows+6)+`{"a":1}]`)
	if len(rows.Rows) != maxInfoRows || rows.MoreRows != 7 {
		t.Errorf("%d rows, %d more", len(rows.Rows), rows.MoreRows)
	}
	var names []string
	for i := range maxInfoColumns + 3 {
		names = append(names, fmt.Sprintf(`"c%d":1`, i))
	}
	columns := tableOf(t, "[{"+strings.Join(names, ",")+"},{}]")
	if len(columns.Columns) != maxInfoColumns || columns.MoreColumns != 3 || len(columns.Rows[0]) != maxInfoColumns {
		t.Errorf("%d columns, %d more", len(columns.Columns), columns.MoreColumns)
	}
	long := tableOf(t, "["+strings.Repeat(fmt.Sprintf(`{"a":%q,"b":%q,"c":%q},`, strings.Repeat("ä", 400), strings.Repeat("b", 400), strings.Repeat("c", 400)), 700)+"{}]")
	size := 0
	for _, row := range long.Rows {
		for _, text := range row {
			if size += len(text); utf8.RuneCountInString(text) > maxInfoCell {
				t.Fatalf("a cell of %d characters", utf8.RuneCountInString(text))
			}
		}
	}
	if size > maxInfoText || long.MoreRows == 0 || len(long.Rows)+long.MoreRows != 701 {
		t.Errorf("%d bytes, %d rows, %d more", size, len(long.Rows), long.MoreRows)
	}
	names = nil
	for i := range 2000 {
		names = append(names, fmt.Sprintf(`"c%d":%q`, i, strings.Repeat("x", 400)))
	}
	single := tableOf(t, "{"+strings.Join(names, ",")+"}")
	if len(single.Rows) != maxInfoRows || single.MoreRows != 1000 {
		t.Errorf("%d rows, %d more", len(single.Rows), single.MoreRows)
	}
}

func FuzzInfoTable(f *testing.F) {
	for _, seed := range []string{`[{"a":[{}]},{"\u202e":"\u001b[2J"}]`, `{"a":{"b":null}}`, `null`, `[[]]`, `[{}`, `[null]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, metrics []byte) {
		table, err := newInfoTable(metrics)
		if err != nil {
			return
		}
		for _, row := range table.Rows {
			for _, text := range row {
				if strings.ContainsAny(text, "\x1b\x00\u202e") {
					t.Errorf("%q", text)
				}
			}
		}
	})
}
