package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"virgo/schedule/number"
)

// The parser that encoding/json did three times over, before the scanner. The scanner is held to it:
// what was accepted and stored once is accepted when it comes again.

// referenceParams are the params of check_metrics.post that are validated. Other fields are stored as they
// are.
type referenceParams struct {
	ResultID       *string           `json:"result_id"`
	CheckID        string            `json:"check_id"`
	CheckType      string            `json:"check_type"`
	State          string            `json:"state"`
	Status         string            `json:"status"`
	Timestamp      *int64            `json:"timestamp"`
	MinCheckPeriod *int64            `json:"min_check_period"`
	Order          *uint64           `json:"order"`
	Late           bool              `json:"late"`
	Refused        bool              `json:"refused"`
	AgeMS          *int64            `json:"age_ms"`
	Metrics        []json.RawMessage `json:"metrics"`
}

// referenceMetric is one metric in params.
type referenceMetric struct {
	Type  string  `json:"t"`
	Value *string `json:"v"`
	Unit  *string `json:"u"`
}

// referencePost reads and validates the params of check_metrics.post. It decides by params alone, so a
// copy is accepted or refused like the first one. With an error, the Result has only its ResultID, if
// that could be read. A result without a timestamp, as agents of the original protocol send it, gets
// now as its Time. Only an unavailable result can be refused by the host's owner. The caller sets Params and ClockOffsetMS.
func referencePost(params json.RawMessage, now time.Time) (Result, error) {
	if len(params) == 0 {
		return Result{}, ErrNoParams
	}
	var p referenceParams
	err := json.Unmarshal(params, &p)
	refused := Result{}
	if p.ResultID != nil && ValidResultID(*p.ResultID) {
		refused.ResultID = *p.ResultID
	}
	if err != nil {
		return refused, ParamsError(err)
	}
	if err := p.check(); err != nil {
		return refused, err
	}
	for i, entry := range p.Metrics {
		if err := referenceCheck(entry); err != nil {
			return refused, fmt.Errorf("metrics[%d]: %w", i, err)
		}
	}
	if err := referenceSurplus(params); err != nil {
		return refused, err
	}
	r := Result{
		ResultID: refused.ResultID, CheckID: p.CheckID, CheckType: p.CheckType, State: p.State, Status: p.Status,
		Order: p.Order, Late: p.Late, AgeMS: p.AgeMS, Time: now, Received: now,
		Refused: p.Refused && p.State == "unavailable",
	}
	if p.Timestamp != nil {
		r.Time = time.UnixMilli(*p.Timestamp)
	}
	return r, nil
}

func (p *referenceParams) check() error {
	switch {
	case p.ResultID != nil && !ValidResultID(*p.ResultID):
		return fmt.Errorf("result_id has to be 1 to %d bytes of plain text", MaxResultIDBytes)
	case !ValidID(p.CheckID):
		return fmt.Errorf("check_id has to be 1 to %d bytes of plain text", MaxIDBytes)
	case !ValidID(p.CheckType):
		return fmt.Errorf("check_type has to be 1 to %d bytes of plain text", MaxIDBytes)
	case p.State != "available" && p.State != "unavailable":
		return fmt.Errorf("state is %s, neither \"available\" nor \"unavailable\"", Quote(p.State))
	case utf8.RuneCountInString(p.Status) > MaxStatusRunes:
		return fmt.Errorf("status is longer than %d characters", MaxStatusRunes)
	case p.Timestamp != nil && (*p.Timestamp < MinTimeMS || *p.Timestamp > MaxTimeMS):
		return fmt.Errorf("timestamp %d is not a time in milliseconds since 1970", *p.Timestamp)
	case p.Order != nil && *p.Order > math.MaxInt64:
		return fmt.Errorf("order %d is larger than %d", *p.Order, int64(math.MaxInt64))
	case p.AgeMS != nil && (*p.AgeMS < 0 || *p.AgeMS > MaxAgeMS):
		return fmt.Errorf("age_ms %d is not an age of at most %d", *p.AgeMS, int64(MaxAgeMS))
	case p.MinCheckPeriod != nil && *p.MinCheckPeriod < 0:
		return fmt.Errorf("min_check_period %d is negative", *p.MinCheckPeriod)
	}
	return nil
}

// referenceEntry reads one entry of metrics: [dimension, {name: {t, v, u}}].
func referenceEntry(entry json.RawMessage) (dimension *string, metrics map[string]*referenceMetric, err error) {
	var pair []json.RawMessage
	if err := json.Unmarshal(entry, &pair); err != nil || len(pair) != 2 {
		return nil, nil, errors.New("it is not a list of a dimension and its metrics")
	}
	if err := json.Unmarshal(pair[0], &dimension); err != nil {
		return nil, nil, fmt.Errorf("its dimension is neither null nor text: %w", jsonError(err))
	}
	if err := json.Unmarshal(pair[1], &metrics); err != nil {
		return nil, nil, fmt.Errorf("its metrics cannot be read: %w", jsonError(err))
	}
	return dimension, metrics, nil
}

// referenceCheck validates one entry of metrics.
func referenceCheck(entry json.RawMessage) error {
	_, metrics, err := referenceEntry(entry)
	if err != nil {
		return err
	}
	// The first fault by name is reported, so that it is always the same one.
	first, fault := "", error(nil)
	for name, m := range metrics {
		if err := m.check(); err != nil && (fault == nil || name < first) {
			first, fault = name, err
		}
	}
	if fault != nil {
		return fmt.Errorf("metric %s: %w", Quote(first), fault)
	}
	return nil
}

// check returns an error if the value does not have the metric's type.
func (m *referenceMetric) check() error {
	if m == nil || m.Value == nil {
		return errors.New("it has no value")
	}
	if _, ok := number.Value(m.Type, *m.Value); ok {
		return nil
	}
	if _, known := number.Value(m.Type, "0"); !known {
		return fmt.Errorf("its type %s is unknown", Quote(m.Type))
	}
	return fmt.Errorf("its value %s is not of type %s", Quote(*m.Value), m.Type)
}

// referenceMetrics is what Metrics was.
func referenceMetrics(params json.RawMessage) (list []Metric, err error) {
	var p struct {
		Metrics []json.RawMessage `json:"metrics"`
	}
	if err := json.Unmarshal(params, &p); err != nil {
		return nil, fmt.Errorf("reading metrics: %w", err)
	}
	for _, entry := range p.Metrics {
		dimension, metrics, err := referenceEntry(entry)
		if err != nil {
			return nil, fmt.Errorf("reading metrics: %w", err)
		}
		for _, name := range slices.Sorted(maps.Keys(metrics)) {
			m := metrics[name]
			if m == nil {
				return nil, fmt.Errorf("reading metrics: metric %s has no value", Quote(name))
			}
			value, _ := number.Value(m.Type, orEmpty(m.Value))
			list = append(list, Metric{
				Dimension: orEmpty(dimension), Name: name, Type: m.Type, Value: value, Unit: orEmpty(m.Unit),
			})
		}
	}
	return list, nil
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// referenceSurplus returns an error if params, which are valid JSON, have more than MaxSurplusBytes of
// surplus. Params that are not larger than that are not read.
func referenceSurplus(params json.RawMessage) error {
	if len(params) <= MaxSurplusBytes {
		return nil
	}
	if n := referenceSurplusOf(params); n > MaxSurplusBytes {
		return fmt.Errorf("%d bytes are unknown or repeated fields or white space, more than %d", n, MaxSurplusBytes)
	}
	return nil
}

// referenceSurplusOf returns the number of bytes in params that are not a known field, its value or punctuation.
func referenceSurplusOf(params []byte) int {
	s := referenceReader{params: params, dec: json.NewDecoder(bytes.NewReader(params))}
	s.dec.UseNumber()
	s.object(func(name string) func() {
		switch name {
		case "metrics":
			return s.metrics
		case "result_id", "check_id", "check_type", "state", "status", "timestamp", "min_check_period",
			"order", "late", "age_ms", "refused":
			return s.scalar
		}
		return nil
	})
	return len(params) - s.known
}

// A referenceReader reads params token by token and counts the known bytes. Each of its methods reads one value;
// one of another type than the method expects is not counted. After an error of the decoder they do
// nothing.
type referenceReader struct {
	params []byte
	dec    *json.Decoder
	known  int
	failed bool
}

// token reads a token and returns its length as it is written, without what is around it.
func (s *referenceReader) token() (t json.Token, size int) {
	from := s.dec.InputOffset()
	t, err := s.dec.Token()
	if err != nil {
		s.failed = true
		return nil, 0
	}
	return t, len(bytes.TrimLeft(s.params[from:s.dec.InputOffset()], " \t\r\n,:"))
}

// scalar counts a value that is neither an object nor a list.
func (s *referenceReader) scalar() {
	t, n := s.token()
	if d, ok := t.(json.Delim); ok {
		s.skip(d)
		return
	}
	s.known += n
}

// skip reads to the end of an object or a list that began with d.
func (s *referenceReader) skip(d json.Delim) {
	for depth := 1; depth > 0 && !s.failed; {
		switch t, _ := s.token(); t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
}

// object counts an object. field returns the method that reads the value of a field; nil for a field that
// is not known. A field counts once.
func (s *referenceReader) object(field func(name string) func()) {
	if !s.begin('{') {
		return
	}
	seen := map[string]bool{}
	for s.more() {
		name, n := s.token()
		text, _ := name.(string)
		read := field(text)
		if read == nil || seen[text] {
			s.unknown()
			continue
		}
		s.comma(len(seen))
		seen[text] = true
		s.known += n + len(":")
		read()
	}
	s.end()
}

// list counts a list whose values each reads.
func (s *referenceReader) list(each func(i int)) {
	if !s.begin('[') {
		return
	}
	for i := 0; s.more(); i++ {
		s.comma(i)
		each(i)
	}
	s.end()
}

// comma counts the comma before a value that has others before it.
func (s *referenceReader) comma(before int) {
	if before > 0 {
		s.known += len(",")
	}
}

func (s *referenceReader) begin(want json.Delim) bool {
	t, _ := s.token()
	d, ok := t.(json.Delim)
	switch {
	case ok && d == want:
		s.known++
		return true
	case ok:
		s.skip(d)
	}
	return false
}

func (s *referenceReader) more() bool { return !s.failed && s.dec.More() }

func (s *referenceReader) end() {
	s.token()
	s.known++
}

// unknown reads a value without counting it.
func (s *referenceReader) unknown() {
	t, _ := s.token()
	if d, ok := t.(json.Delim); ok {
		s.skip(d)
	}
}

// metrics counts [[dimension, {name: {t, v, u}}], …].
func (s *referenceReader) metrics() {
	s.list(func(int) {
		s.list(func(i int) {
			if i == 0 {
				s.scalar()
				return
			}
			s.object(func(string) func() { return s.metric })
		})
	})
}

func (s *referenceReader) metric() {
	s.object(func(name string) func() {
		if name == "t" || name == "v" || name == "u" {
			return s.scalar
		}
		return nil
	})
}
