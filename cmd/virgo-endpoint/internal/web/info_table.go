package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"virgo/schedule/shorttext"
)

// Bounds of what is shown of an answer; the API has all of it.
const (
	maxInfoRows    = 1000
	maxInfoColumns = 30
	maxInfoText    = 512 << 10 // bytes in all cells together
	maxInfoCell    = 300       // characters
	maxInfoValue   = 4000      // characters, where there is one object only
)

// An infoTable is an answer of a host as a table: a row for each object, or for a single object one for each field.
type infoTable struct {
	// Columns are the fields of the objects, in the order in which they come first; nil for a single object.
	Columns []string
	Rows    [][]string
	// MoreRows and MoreColumns are not shown.
	MoreRows, MoreColumns int
}

// Single reports whether each row is a field and its value.
func (t *infoTable) Single() bool { return t.Columns == nil }

// A field is one of an object, which keeps its order.
type field struct {
	name  string
	value json.RawMessage
}

// newInfoTable makes a table of metrics: an object, a list of objects, or null, which has no rows.
func newInfoTable(metrics json.RawMessage) (*infoTable, error) {
	var objects []json.RawMessage
	switch first := bytes.TrimSpace(metrics); {
	case len(first) == 0 || string(first) == "null":
		return &infoTable{}, nil
	case first[0] == '{':
		objects = []json.RawMessage{first}
	default:
		if err := json.Unmarshal(metrics, &objects); err != nil {
			return nil, fmt.Errorf("reading an answer: %w", err)
		}
	}
	t := &infoTable{MoreRows: max(0, len(objects)-maxInfoRows)}
	objects = objects[:len(objects)-t.MoreRows]
	list := make([][]field, len(objects))
	for i, data := range objects {
		var err error
		if list[i], err = fieldsOf(data); err != nil {
			return nil, err
		}
	}
	if len(list) == 1 {
		t.single(list[0])
	} else {
		t.several(list)
	}
	return t, nil
}

// fieldsOf returns the fields of an object; of a name that comes twice, the last one.
func fieldsOf(data json.RawMessage) ([]field, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return nil, errors.Join(errors.New("reading an answer: it has something else than objects"), err)
	}
	var fields []field
	at := map[string]int{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("reading an answer: %w", err)
		}
		var f field
		f.name = fmt.Sprint(name)
		if err := d.Decode(&f.value); err != nil {
			return nil, fmt.Errorf("reading an answer: %w", err)
		}
		if i, known := at[f.name]; known {
			fields[i] = f
			continue
		}
		at[f.name] = len(fields)
		fields = append(fields, f)
	}
	return fields, nil
}

func (t *infoTable) single(fields []field) {
	size := 0
	for i, f := range fields {
		row := []string{shown(f.name, maxInfoCell), infoText(f.value, maxInfoValue)}
		if size += len(row[0]) + len(row[1]); size > maxInfoText || i >= maxInfoRows {
			t.MoreRows = len(fields) - i
			return
		}
		t.Rows = append(t.Rows, row)
	}
}

func (t *infoTable) several(list [][]field) {
	t.Columns = []string{}
	column := map[string]int{}
	for _, fields := range list {
		for _, f := range fields {
			if _, known := column[f.name]; known {
				continue
			}
			column[f.name] = len(column)
			if len(t.Columns) < maxInfoColumns {
				t.Columns = append(t.Columns, shown(f.name, maxInfoCell))
			} else {
				t.MoreColumns++
			}
		}
	}
	size := 0
	for i, fields := range list {
		row := make([]string, len(t.Columns))
		for _, f := range fields {
			if at := column[f.name]; at < len(row) {
				row[at] = infoText(f.value, maxInfoCell)
				size += len(row[at])
			}
		}
		if size > maxInfoText {
			t.MoreRows += len(list) - i
			return
		}
		t.Rows = append(t.Rows, row)
	}
}

// infoText is a value as text: texts without quotes, a list of texts with commas, other objects and lists as JSON.
func infoText(value json.RawMessage, limit int) string {
	var text string
	if json.Unmarshal(value, &text) == nil && value[0] == '"' {
		return shown(text, limit)
	}
	var texts []string
	if value[0] == '[' && json.Unmarshal(value, &texts) == nil && !bytes.Contains(value, []byte("null")) {
		return shown(strings.Join(texts, ", "), limit)
	}
	if string(value) == "null" {
		return "–"
	}
	return shown(string(value), limit)
}

// shown is a host's text as people may see it.
func shown(text string, limit int) string {
	return shorttext.Shorten(shorttext.Sanitize(shorttext.TruncateRunes(text, limit+1)), limit)
}
