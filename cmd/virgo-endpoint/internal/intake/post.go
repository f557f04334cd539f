package intake

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A field is a field of check_metrics.post that is validated. Others are stored as they are.
type field int

const (
	resultID field = iota
	checkID
	checkType
	state
	status
	timestamp
	minCheckPeriod
	order
	late
	refused
	ageMS
	metrics
	unknown
)

var fieldNames = [unknown]string{
	resultID: "result_id", checkID: "check_id", checkType: "check_type", state: "state", status: "status",
	timestamp: "timestamp", minCheckPeriod: "min_check_period", order: "order", late: "late",
	refused: "refused", ageMS: "age_ms", metrics: "metrics",
}

// fieldOf returns the field with a name. Like encoding/json it does not mind upper and lower case where no
// name fits exactly.
func fieldOf(name string) (f field, exact bool) {
	for f, known := range fieldNames {
		if name == known {
			return field(f), true
		}
	}
	for f, known := range fieldNames {
		if strings.EqualFold(name, known) {
			return field(f), false
		}
	}
	return unknown, false
}

// A post is what the params of check_metrics.post say. Of a field that is there several times the last
// one counts; null is as if the field were not there, but does not undo a text or a boolean.
type post struct {
	texts    [status + 1]string
	numbers  [ageMS + 1]int64
	given    [ageMS + 1]bool // result_id and the numbers that are there
	order    uint64
	late     bool
	refused  bool
	mistyped error // the first field of another type
	faulty   error // the first fault of the metrics
	// size is the number of bytes, and known how many of them are known fields.
	size, known int
}

// ParsePost reads and validates the params of check_metrics.post. It decides by params alone, so a
// copy is accepted or refused like the first one. With an error, the Result has only its ResultID, if
// that could be read. A result without a timestamp, as agents of the original protocol send it, gets
// now as its Time. Only an unavailable result can be refused by the host's owner. The caller sets Params and ClockOffsetMS.
func ParsePost(params json.RawMessage, now time.Time) (Result, error) {
	if len(params) == 0 {
		return Result{}, ErrNoParams
	}
	s := scanner{text: string(params)}
	p := s.post()
	if !s.end() {
		return Result{}, syntaxError(params)
	}
	p.size = len(params)
	return p.result(now)
}

// post reads one value.
func (s *scanner) post() (p post) {
	s.depth = 0
	if s.space() != '{' {
		if t := s.value(); t.kind != null {
			p.mistyped = ParamsError(mistyped("", t))
		}
		return p
	}
	s.begin()
	p.known = len("{}")
	var seen [unknown]bool
	fields := 0
	for n := 0; s.next(n, '}'); n++ {
		name, size := s.key()
		f, exact := fieldOf(name)
		var value int
		if f == metrics {
			var wrong error
			value, wrong, p.faulty = s.entries(s.checkEntry)
			p.wrong(wrong)
		} else {
			t := s.value()
			value = len(t.raw)
			p.set(f, t)
		}
		if exact && !seen[f] {
			seen[f] = true
			if fields++; fields > 1 {
				p.known += len(",")
			}
			p.known += size + len(":") + value
		}
	}
	return p
}

// set stores the value of a field other than metrics.
func (p *post) set(f field, t token) {
	wanted := integer
	switch f {
	case unknown:
		return
	case resultID, checkID, checkType, state, status:
		wanted = text
	case late, refused:
		wanted = boolean
	}
	switch {
	case t.kind == null:
		if wanted == integer || f == resultID {
			p.given[f] = false
		}
		return
	case t.kind != wanted:
		p.wrong(mistyped(fieldNames[f], t))
		return
	}
	var err error
	switch f {
	case resultID, checkID, checkType, state, status:
		p.texts[f] = t.text
	case late:
		p.late = t.raw == "true"
	case refused:
		p.refused = t.raw == "true"
	case order:
		p.order, err = strconv.ParseUint(t.raw, 10, 64)
	default:
		p.numbers[f], err = strconv.ParseInt(t.raw, 10, 64)
	}
	p.given[f] = true
	if err != nil {
		p.wrong(fmt.Errorf("%s is a JSON number %s", fieldNames[f], Shorten(t.raw)))
	}
}

// wrong remembers the first field of another type.
func (p *post) wrong(err error) {
	if p.mistyped == nil && err != nil {
		p.mistyped = ParamsError(err)
	}
}

// result returns the result, or why it is refused.
func (p *post) result(now time.Time) (Result, error) {
	id := ""
	if p.given[resultID] && ValidResultID(p.texts[resultID]) {
		id = p.texts[resultID]
	}
	for _, err := range []error{p.mistyped, p.check(), p.faulty, p.checkSurplus()} {
		if err != nil {
			return Result{ResultID: strings.Clone(id)}, err
		}
	}
	// The texts are kept for longer than params: together in one copy of their own.
	t := &p.texts
	all := id + t[checkID] + t[checkType] + t[status]
	cut := func(s string) (text string) {
		text, all = all[:len(s)], all[len(s):]
		return text
	}
	r := Result{
		ResultID: cut(id), CheckID: cut(t[checkID]), CheckType: cut(t[checkType]), Status: cut(t[status]),
		State: "available", Late: p.late, Time: now, Received: now,
	}
	if t[state] == "unavailable" {
		r.State, r.Refused = "unavailable", p.refused
	}
	if p.given[order] || p.given[ageMS] {
		kept := &struct {
			order uint64
			ageMS int64
		}{p.order, p.numbers[ageMS]}
		if p.given[order] {
			r.Order = &kept.order
		}
		if p.given[ageMS] {
			r.AgeMS = &kept.ageMS
		}
	}
	if p.given[timestamp] {
		r.Time = time.UnixMilli(p.numbers[timestamp])
	}
	return r, nil
}

func (p *post) check() error {
	id, number := p.texts[resultID], &p.numbers
	switch {
	case p.given[resultID] && !ValidResultID(id):
		return fmt.Errorf("result_id has to be 1 to %d bytes of plain text", MaxResultIDBytes)
	case !ValidID(p.texts[checkID]):
		return fmt.Errorf("check_id has to be 1 to %d bytes of plain text", MaxIDBytes)
	case !ValidID(p.texts[checkType]):
		return fmt.Errorf("check_type has to be 1 to %d bytes of plain text", MaxIDBytes)
	case p.texts[state] != "available" && p.texts[state] != "unavailable":
		return fmt.Errorf("state is %s, neither \"available\" nor \"unavailable\"", Quote(p.texts[state]))
	case utf8.RuneCountInString(p.texts[status]) > MaxStatusRunes:
		return fmt.Errorf("status is longer than %d characters", MaxStatusRunes)
	case p.given[timestamp] && (number[timestamp] < MinTimeMS || number[timestamp] > MaxTimeMS):
		return fmt.Errorf("timestamp %d is not a time in milliseconds since 1970", number[timestamp])
	case p.given[order] && p.order > math.MaxInt64:
		return fmt.Errorf("order %d is larger than %d", p.order, int64(math.MaxInt64))
	case p.given[ageMS] && (number[ageMS] < 0 || number[ageMS] > MaxAgeMS):
		return fmt.Errorf("age_ms %d is not an age of at most %d", number[ageMS], int64(MaxAgeMS))
	case p.given[minCheckPeriod] && number[minCheckPeriod] < 0:
		return fmt.Errorf("min_check_period %d is negative", number[minCheckPeriod])
	}
	return nil
}
