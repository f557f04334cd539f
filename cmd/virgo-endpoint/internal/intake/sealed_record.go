package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// A SealedRecord is one result of a bundle.
type SealedRecord struct {
	// ResultID is the id of the result; it belongs to the bundle's agent.
	ResultID string
	// Order is the result's place in the order of the agent's results.
	Order uint64
	// Made is when it was made, by the agent's clock.
	Made time.Time
	// Params of check_metrics.post, without the fields that an agent adds when it sends them.
	Params []byte
}

var (
	// errOtherID is a refusal: what a receipt names must be what is stored.
	errOtherID = errors.New("its params name another result_id")
	// errNotObject is a refusal: nothing can be added to such params.
	errNotObject = errors.New("params cannot be read: they are not a JSON object")
)

// Result returns the record as if it had been posted: validated, and with the params that an agent
// adds when it sends them (result_id, order, and if it is late, late and its age).
func (r *SealedRecord) Result(now time.Time) (Result, error) {
	id, err := json.Marshal(r.ResultID)
	if err != nil {
		return Result{}, err
	}
	fields, ok := bytes.CutPrefix(bytes.TrimLeft(r.Params, " \t\r\n"), []byte("{"))
	if !ok {
		return Result{}, errNotObject
	}
	params := make([]byte, 0, len(r.Params)+len(id)+128)
	params = fmt.Appendf(params, `{"result_id":%s,"order":%d`, id, r.Order)
	period, err := periodOf(r.Params)
	if err != nil {
		return Result{}, err
	}
	if late, age := lateAt(r.Made, period, now); late {
		params = append(params, `,"late":true,"age_ms":`...)
		params = strconv.AppendInt(params, age, 10)
	}
	if fields = bytes.TrimLeft(fields, " \t\r\n"); !bytes.HasPrefix(fields, []byte("}")) {
		params = append(params, ',')
	}
	params = append(params, fields...)
	result, err := ParsePost(params, now)
	if err != nil {
		return Result{}, err
	}
	if result.ResultID != r.ResultID {
		return Result{}, errOtherID
	}
	result.Params = bytes.ToValidUTF8(params, []byte("\uFFFD"))
	return result, nil
}

// periodOf returns the check's period in ms; 0 if params have none.
func periodOf(params []byte) (int64, error) {
	var p struct {
		Period int64 `json:"min_check_period"`
	}
	if err := json.Unmarshal(params, &p); err != nil {
		return 0, ParamsError(err)
	}
	return p.Period, nil
}

// lateAt reports whether a result of a bundle is late, and returns its age in ms, at least 0. It is
// late if it is older than its check's period, or made in the future: then one of the clocks is wrong
// and its age is unknown.
func lateAt(made time.Time, period int64, now time.Time) (late bool, age int64) {
	age = now.UnixMilli() - made.UnixMilli()
	return age < 0 || age > period, min(max(age, 0), MaxAgeMS)
}
