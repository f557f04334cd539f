package plugin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"virgo/collect"
)

// maxJSONDepth bounds objects within objects.
const maxJSONDepth = 8

// jsonFormat reads objects of JSON: one, several one after another, or a list of them. Every number, text
// and truth value is a metric, null is none, and the names of an object within are joined by a dot.
type jsonFormat struct {
	reading
	text        []byte // all of it: an object is judged by its end
	counted     int    // how much of text the line number is for
	status      string
	gotStatus   bool
	gotState    bool
	unavailable bool
}

func (j *jsonFormat) line(text []byte) {
	if len(j.text) == 0 {
		text = bytes.TrimPrefix(text, []byte(byteOrderMark))
	}
	j.text = append(append(j.text, text...), '\n')
}

// partial passes over the rest: report says that the output was cut.
func (j *jsonFormat) partial([]byte) {}

func (j *jsonFormat) report(e exit, cut bool) (collect.Report, error) {
	if cut {
		return collect.Report{}, failure(cutAtBytes + ", which is no whole JSON")
	}
	j.at = 1
	j.values()
	if err := j.refused("json"); err != nil {
		return collect.Report{}, err
	}
	if said := e.fault(); said != "" {
		if j.status != "" {
			said = j.status
		}
		return collect.Report{}, failure(j.noted(said, false))
	}
	return collect.Report{Unavailable: j.unavailable, Status: j.noted(j.status, false), Metrics: j.metrics}, nil
}

func (j *jsonFormat) examined() (string, []Fault) { return "json", j.faults }

// values reads all of the text. What is no JSON ends it; what is only no metric does not.
func (j *jsonFormat) values() {
	dec := json.NewDecoder(bytes.NewReader(j.text))
	dec.UseNumber()
	list := false
	for !j.over() {
		token, err := dec.Token()
		if err == io.EOF && !list {
			return
		}
		switch {
		case err != nil:
			j.broken(dec, err)
			return
		case token == json.Delim('['):
			if list {
				j.misplaced(dec, "a list stands within the list")
				return
			}
			list = true
		case token == json.Delim(']'):
			list = false
		case token == json.Delim('{'):
			o := jsonObject{dec: dec, format: j}
			if err := o.read("", 1); err != nil {
				j.broken(dec, err)
				return
			}
			o.add()
		default:
			j.misplaced(dec, fmt.Sprintf("%.64q is no object", fmt.Sprint(token)))
		}
	}
}

// errDeep is returned where objects are nested deeper than maxJSONDepth.
const errDeep = failure("objects lie more than 8 deep in one another")

// broken keeps the fault that ended the reading.
func (j *jsonFormat) broken(dec *json.Decoder, err error) {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		j.faultAt(len(bytes.TrimRight(j.text, blanks+"\n")), "the JSON has no end")
		return
	}
	// What is wrong begins behind the last token that was read.
	at := int(dec.InputOffset())
	if behind := bytes.TrimLeft(j.text[at:], blanks+"\n"); len(behind) > 0 {
		at = len(j.text) - len(behind)
	}
	j.faultAt(at, err.Error())
}

// misplaced keeps a fault of the token that was read last.
func (j *jsonFormat) misplaced(dec *json.Decoder, text string) {
	j.faultAt(int(dec.InputOffset()), text)
}

func (j *jsonFormat) faultAt(offset int, text string) {
	if offset > j.counted {
		j.at += bytes.Count(j.text[j.counted:offset], []byte("\n"))
		j.counted = offset
	}
	j.wrong(text)
}

// A jsonObject is one that is no part of another.
type jsonObject struct {
	dec       *json.Decoder
	format    *jsonFormat
	dimension string
	metrics   []collect.Metric
}

// read reads the object whose "{" was read; within is the names that lead to it, each with a dot.
func (o *jsonObject) read(within string, depth int) error {
	for o.dec.More() {
		key, err := o.dec.Token()
		if err != nil {
			return err
		}
		name := within + clean(fmt.Sprint(key))
		value, err := o.dec.Token()
		switch {
		case err != nil:
			return err
		case value == json.Delim('{') && depth == maxJSONDepth:
			return errDeep
		case value == json.Delim('{'):
			if err := o.read(name+".", depth+1); err != nil {
				return err
			}
		case value == json.Delim('['):
			o.format.misplaced(o.dec, fmt.Sprintf("%.64q is a list", name))
			if err := skipList(o.dec); err != nil {
				return err
			}
		default:
			o.take(name, value)
		}
	}
	_, err := o.dec.Token()
	return err
}

// skipList reads on to the end of a list.
func skipList(dec *json.Decoder) error {
	for depth := 1; depth > 0; {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('['), json.Delim('{'):
			if depth++; depth > maxJSONDepth {
				return errDeep
			}
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
	}
	return nil
}

// take takes a value that is no object: one of the names with a meaning, or a metric.
func (o *jsonObject) take(name string, value json.Token) {
	m := collect.Metric{Name: name}
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		m.Dimension, m.Name = name[:i], name[i+1:]
	}
	switch value := value.(type) {
	case nil:
		return
	case string:
		if text := clean(value); o.meant(name, text) {
			return
		} else {
			m.Type, m.Value = collect.String, text
		}
	case bool:
		m.Type, m.Value = collect.Bool, fmt.Sprint(value)
	case json.Number:
		f, err := value.Float64()
		if err != nil {
			o.format.misplaced(o.dec, fmt.Sprintf("%.64q is too large a number: %.64q", name, value.String()))
			return
		}
		m.Type, m.Value = collect.Double, figure(value.String(), f)
	}
	if m.Name == "" {
		o.format.misplaced(o.dec, fmt.Sprintf("%.64q is no metric's name", name))
		return
	}
	if len(o.metrics) <= collect.MaxMetrics { // one more, which tells that there were more
		o.metrics = append(o.metrics, m)
	}
}

// meant takes the texts that say something of the result: of several the first stands, as in the format virgo.
func (o *jsonObject) meant(name, text string) bool {
	j := o.format
	switch state := collect.State(text); {
	case name == "dimension":
		o.dimension = text
	case name == "status":
		if !j.gotStatus {
			j.gotStatus, j.status = true, text
		}
	case name == "state" && (state == collect.Available || state == collect.Unavailable):
		if !j.gotState {
			j.gotState, j.unavailable = true, state == collect.Unavailable
		}
	default:
		return false
	}
	return true
}

// add hands on the metrics of an object that was read, in the dimension that it names.
func (o *jsonObject) add() {
	for _, m := range o.metrics {
		switch {
		case o.dimension == "":
		case m.Dimension == "":
			m.Dimension = o.dimension
		default:
			m.Dimension = o.dimension + "." + m.Dimension
		}
		o.format.add(m)
	}
}

// saysJSON reports whether a first line begins an object, or a list of some.
func saysJSON(s string) bool {
	if s[0] == '{' {
		return true
	}
	behind, list := strings.CutPrefix(s, "[")
	behind = strings.TrimLeft(behind, blanks)
	return list && (behind == "" || behind[0] == '{' || behind[0] == ']')
}
