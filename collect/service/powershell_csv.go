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

// maxPowerShellRows of an answer are read; a server has some hundred counters.
const maxPowerShellRows = 5000

// powerShellError is the Name of a row that tells what went wrong in its Value: the existing agent's word.
const powerShellError = "__VIRGO_ERROR"

// A powerShellRow is a property or a counter: its name, its value, and the value's type.
type powerShellRow struct{ name, value, kind string }

// parsePowerShell reads what ConvertTo-Csv printed: perhaps a line that begins with #TYPE, then the columns' names,
// then rows. The columns Name, Value and Type are read, in whatever order. The text is UTF-8 or UTF-16, with or
// without a byte order mark. An error of the script's is the error's text.
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
				return nil, fmt.Errorf("PowerShell printed no CSV: %.80q", strings.Join(record, ","))
			}
			continue
		}
		field := func(column string) string {
			if i, there := columns[column]; there && i < len(record) {
				return record[i]
			}
			return ""
		}
		row := powerShellRow{field("name"), field("value"), field("type")}
		switch {
		case row.name == powerShellError:
			return nil, errors.New(hide(row.value))
		case len(rows) == maxPowerShellRows:
			return nil, fmt.Errorf("PowerShell printed more than %d rows", maxPowerShellRows)
		case row.name != "":
			rows = append(rows, row)
		}
	}
}

// decodePowerShell makes UTF-8 of what Windows PowerShell prints, which depends on its version and on who reads.
func decodePowerShell(out []byte) string {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(out, []byte{0xff, 0xfe}):
		out, order = out[2:], binary.LittleEndian
	case bytes.HasPrefix(out, []byte{0xfe, 0xff}):
		out, order = out[2:], binary.BigEndian
	case len(out) > 1 && out[0] != 0 && out[1] == 0: // the first letter is ASCII: a quote or a #
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
