package plugin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"virgo/collect"
	"virgo/schedule/shorttext"
)

// escapeByte begins the control sequences of terminals.
const escapeByte = '\x1b'

// maxJSONDepth is how deep objects and lists may be nested.
const maxJSONDepth = 8

// jsonFormat reads JSON: an object, several in sequence, or a list of objects. Every number, string
// and boolean is a metric; null is not. The names of nested objects are joined by dots.
type jsonFormat struct {
	parser
	text        []byte // the output so far
	counted     int    // lineNumber is that of this offset in text
	status      string
	gotStatus   bool
	gotState    bool
	unavailable bool
	inexact     map[int]jsonMetric // of metrics, by place: those with dots within keys
}

func (j *jsonFormat) line(text []byte) {
	if len(j.text) == 0 {
		text = bytes.TrimPrefix(text, []byte(byteOrderMark))
	}
	if bytes.IndexByte(text, escapeByte) >= 0 { // no JSON has one, but what jq prints in colour
		text = []byte(shorttext.StripControls(string(text)))
	}
	j.text = append(append(j.text, text...), '\n')
}

// partial ignores the line: report rejects a truncated output.
func (j *jsonFormat) partial([]byte) {}

func (j *jsonFormat) report(e exit, truncated bool) (collect.Report, error) {
	if truncated {
		return collect.Report{}, failure(noteBytesCut + ", which leaves the JSON incomplete")
	}
	j.lineNumber = 1
	j.parseValues()
	if err := j.failed("json"); err != nil {
		return collect.Report{}, err
	}
	if fault := e.fault(); fault != "" {
		if j.status != "" {
			fault = j.status
		}
		return collect.Report{}, failure(j.withNote(fault, false))
	}
	return collect.Report{Unavailable: j.unavailable, Status: j.withNote(j.status, false), Metrics: j.metrics}, nil
}

func (j *jsonFormat) diagnosis() (string, []Fault) { return "json", j.faults }

// parseValues parses the text. It ends at a syntax error, but not at a value that cannot be a
// metric.
func (j *jsonFormat) parseValues() {
	dec := json.NewDecoder(bytes.NewReader(j.text))
	dec.UseNumber()
	list := false
	for !j.stopped() {
		token, err := dec.Token()
		if err == io.EOF && !list {
			return
		}
		switch {
		case err != nil:
			j.faultAtError(dec, err)
			return
		case token == json.Delim('['):
			if list {
				j.faultAtToken(dec, "a list within the list")
				return
			}
			list = true
		case token == json.Delim(']'):
			list = false
		case token == json.Delim('{'):
			o := jsonObject{dec: dec, format: j}
			if err := o.read("", "", 1); err != nil {
				j.faultAtError(dec, err)
				return
			}
			o.addMetrics()
		default:
			j.skipAtToken(dec, fmt.Sprintf("%.64q is not an object", fmt.Sprint(token)))
		}
		if j.skips > maxFaults {
			j.faultAtToken(dec, fmt.Sprintf("more than %d faults", maxFaults))
			return
		}
	}
}

// errTooDeep is returned when objects or lists are nested deeper than maxJSONDepth.
const errTooDeep = failure("nested more than 8 levels deep")

// faultAtError adds the error that ended parsing as a fault of its line.
func (j *jsonFormat) faultAtError(dec *json.Decoder, err error) {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		j.faultAt(len(bytes.TrimRight(j.text, blanks+"\n")), "the JSON ends too early")
		return
	}
	// The error lies behind the last token.
	offset := int(dec.InputOffset())
	if rest := bytes.TrimLeft(j.text[offset:], blanks+"\n"); len(rest) > 0 {
		offset = len(j.text) - len(rest)
	}
	j.faultAt(offset, err.Error())
}

// faultAtToken adds a fault of the token that was read last.
func (j *jsonFormat) faultAtToken(dec *json.Decoder, text string) {
	j.faultAt(int(dec.InputOffset()), text)
}

// skipAtToken adds a fault of the token that was read last, which costs that value alone.
func (j *jsonFormat) skipAtToken(dec *json.Decoder, text string) {
	j.goTo(int(dec.InputOffset()))
	j.skip(text)
}

// faultAt adds a fault of the line at the offset.
func (j *jsonFormat) faultAt(offset int, text string) {
	j.goTo(offset)
	j.addFault(text)
}

// goTo makes the line at the offset the current one. The offset does not decrease from call to call.
func (j *jsonFormat) goTo(offset int) {
	if offset > j.counted {
		j.lineNumber += bytes.Count(j.text[j.counted:offset], []byte("\n"))
		j.counted = offset
	}
}

// isJSONStart reports whether a first line begins an object or a list of objects.
func isJSONStart(s string) bool {
	if s[0] == '{' {
		return true
	}
	rest, list := strings.CutPrefix(s, "[")
	rest = strings.TrimLeft(rest, blanks)
	return list && (rest == "" || rest[0] == '{' || rest[0] == ']')
}
