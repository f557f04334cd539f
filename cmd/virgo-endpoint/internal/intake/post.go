package intake

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"virgo/schedule/number"
)

// postParams are the params of check_metrics.post that are validated. Other fields are stored as they
// are.
type postParams struct {
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

// wireMetric is one metric in params.
type wireMetric struct {
	Type  string  `json:"t"`
	Value *string `json:"v"`
	Unit  *string `json:"u"`
}

// ParsePost reads and validates the params of check_metrics.post. It decides by params alone, so a
// copy is accepted or refused like the first one. With an error, the Result has only its ResultID, if
// that could be read. A result without a timestamp, as agents of the original protocol send it, gets
// now as its Time. Only an unavailable result can be refused by the host's owner. The caller sets Params and ClockOffsetMS.
func ParsePost(params json.RawMessage, now time.Time) (Result, error) {
	if len(params) == 0 {
		return Result{}, ErrNoParams
	}
	var p postParams
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
		if err := checkMetrics(entry); err != nil {
			return refused, fmt.Errorf("metrics[%d]: %w", i, err)
		}
	}
	if err := checkSurplus(params); err != nil {
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

func (p *postParams) check() error {
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

// parseMetrics reads one entry of metrics: [dimension, {name: {t, v, u}}].
func parseMetrics(entry json.RawMessage) (dimension *string, metrics map[string]*wireMetric, err error) {
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

// checkMetrics validates one entry of metrics.
func checkMetrics(entry json.RawMessage) error {
	_, metrics, err := parseMetrics(entry)
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
func (m *wireMetric) check() error {
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
