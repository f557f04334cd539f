package service

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
)

// maxPowerShellRows is how many rows are read; a server has some hundred counters.
const maxPowerShellRows = 5000

// powerShellError is the Name of a row whose Value is an error message, as in the original agent.
const powerShellError = "__VIRGO_ERROR"

// A powerShellRow is a property or a counter: name, value and the value's type.
type powerShellRow struct{ name, value, kind string }

// parsePowerShell parses the output of ConvertTo-Csv: an optional line that begins with #TYPE, the
// columns' names, and rows. The columns Name, Value and Type may be in any order; the text is UTF-8
// or UTF-16, with or without a byte order mark. An error of the script is returned as an error.
func parsePowerShell(out []byte) ([]powerShellRow, error) {
	r := csv.NewReader(strings.NewReader(decodePowerShell(out)))
	r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord, r.Comment = -1, true, true, '#'
	var rows []powerShellRow
	var columns map[string]int
	for {
		record, err := r.Read()
		switch {
		case err == io.EOF && columns == nil:
			return nil, errors.New("PowerShell printed nothing")
		case err == io.EOF:
			return rows, nil
		case err != nil:
			return nil, fmt.Errorf("reading PowerShell's CSV: %w", err)
		case columns == nil:
			columns = make(map[string]int)
			for i, name := range record {
				columns[strings.ToLower(strings.TrimSpace(name))] = i
			}
			if _, named := columns["name"]; !named {
				return nil, fmt.Errorf("PowerShell's output is not CSV: %.80q", strings.Join(record, ","))
			}
			continue
		}
		field := func(column string) string {
			if i, ok := columns[column]; ok && i < len(record) {
				return record[i]
			}
			return ""
		}
		row := powerShellRow{field("name"), field("value"), field("type")}
		switch {
		case row.name == powerShellError:
			return nil, errors.New(redact(row.value))
		case len(rows) == maxPowerShellRows:
			return nil, fmt.Errorf("PowerShell printed more than %d rows", maxPowerShellRows)
		case row.name != "":
			rows = append(rows, row)
		}
	}
}

// decodePowerShell returns PowerShell's output as UTF-8. Its encoding depends on the version and on
// what reads it.
func decodePowerShell(out []byte) string {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(out, []byte{0xff, 0xfe}):
		out, order = out[2:], binary.LittleEndian
	case bytes.HasPrefix(out, []byte{0xfe, 0xff}):
		out, order = out[2:], binary.BigEndian
	case len(out) > 1 && out[0] != 0 && out[1] == 0: // the first character is ASCII: a quotation mark or #
		order = binary.LittleEndian
	default:
		return strings.ToValidUTF8(strings.TrimPrefix(string(out), "\ufeff"), "�")
	}
	units := make([]uint16, len(out)/2)
	for i := range units {
		units[i] = order.Uint16(out[2*i:])
	}
	return string(utf16.Decode(units))
}
