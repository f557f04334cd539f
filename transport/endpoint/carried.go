package endpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// A Carried is one result that came in a bundle.
type Carried struct {
	// ResultID is its id, of the bundle's agent.
	ResultID string
	// Order is its place in the order of the agent's results.
	Order uint64
	// Made is when it was made, by the agent's clock.
	Made time.Time
	// Params of check_metrics.post, without what an agent adds when it sends.
	Params []byte
}

// errOtherID is a refusal: what a receipt would name must be what is stored.
var errOtherID = errors.New("its params name another result_id")

// result is c as if it had been posted: validated, and its params completed with what an agent adds.
func (c *Carried) result(now time.Time) (Result, error) {
	id, err := json.Marshal(c.ResultID)
	if err != nil {
		return Result{}, err
	}
	fields, ok := bytes.CutPrefix(bytes.TrimLeft(c.Params, " \t\r\n"), []byte("{"))
	if !ok {
		return Result{}, errNoObject
	}
	params := make([]byte, 0, len(c.Params)+len(id)+128)
	params = fmt.Appendf(params, `{"result_id":%s,"order":%d`, id, c.Order)
	period, err := periodOf(c.Params)
	if err != nil {
		return Result{}, err
	}
	if late, age := lateAt(c.Made, period, now); late {
		params = append(params, `,"late":true,"age_ms":`...)
		params = strconv.AppendInt(params, age, 10)
	}
	if fields = bytes.TrimLeft(fields, " \t\r\n"); !bytes.HasPrefix(fields, []byte("}")) {
		params = append(params, ',')
	}
	params = append(params, fields...)
	r, err := parsePost(params, now)
	if err != nil {
		return Result{}, err
	}
	if r.ResultID != c.ResultID {
		return Result{}, errOtherID
	}
	r.Params = bytes.ToValidUTF8(params, []byte("\uFFFD"))
	return r, nil
}

var errNoObject = errors.New("params cannot be read: they are no JSON object")

// periodOf reads how often the check runs, in ms; 0 where it does not say.
func periodOf(params []byte) (int64, error) {
	var p struct {
		Period *int64 `json:"min_check_period"`
	}
	if err := json.Unmarshal(params, &p); err != nil {
		return 0, fmt.Errorf("params cannot be read: %w", plainJSON(err))
	}
	if p.Period == nil {
		return 0, nil
	}
	return *p.Period, nil
}

// lateAt says whether a result that came by hand is no news: where it was made longer ago than its check's
// period, or where the two clocks cannot tell, because it comes from the future.
func lateAt(made time.Time, period int64, now time.Time) (late bool, age int64) {
	age = now.UnixMilli() - made.UnixMilli()
	return age < 0 || age > period, min(max(age, 0), maxAge)
}
