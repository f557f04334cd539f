package report

import (
	"bytes"
	"encoding/json"
	"fmt"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// A Result is a stored result, as JSON. Null means that the agent did not send it.
type Result struct {
	Seq           int64           `json:"seq" doc:"Numbers results in the order of their arrival."`
	AgentID       string          `json:"agent_id" doc:"The agent's id."`
	ResultID      *string         `json:"result_id" doc:"Unique within the agent."`
	CheckID       string          `json:"check_id" doc:"The check's id."`
	CheckType     string          `json:"check_type" doc:"The check's type, for example agent.cpu."`
	State         string          `json:"state" enum:"available,unavailable" doc:"Whether the check could be made."`
	Refused       bool            `json:"refused" doc:"The owner of the host does not allow the check. Nothing is wrong with the host, and it should not raise alerts."`
	Status        string          `json:"status" doc:"A text for people."`
	Timestamp     int64           `json:"timestamp_ms" doc:"When the check finished, by the agent's clock: milliseconds since the Unix epoch."`
	Received      int64           `json:"received_ms" doc:"When it arrived, by this endpoint's clock."`
	Order         *uint64         `json:"order" doc:"Grows with every result of the agent."`
	Late          bool            `json:"late" doc:"It was sent later than its check's period after it was made, and should not raise alerts."`
	AgeMS         *int64          `json:"age_ms" doc:"Its age when it was sent."`
	ClockOffsetMS *int64          `json:"clock_offset_ms" doc:"This endpoint's clock minus the agent's at that session's hello."`
	Params        json.RawMessage `json:"params" doc:"The params of check_metrics.post as they came, with the metrics."`
}

// ResultOf returns a result as JSON.
func ResultOf(r *intake.Result) Result {
	e := Result{
		Seq: r.Seq, AgentID: r.AgentID, CheckID: r.CheckID, CheckType: r.CheckType, State: r.State, Refused: r.Refused, Status: r.Status,
		Timestamp: r.Time.UnixMilli(), Received: r.Received.UnixMilli(),
		Order: r.Order, Late: r.Late, AgeMS: r.AgeMS, ClockOffsetMS: r.ClockOffsetMS, Params: r.Params,
	}
	if r.ResultID != "" {
		id := r.ResultID
		e.ResultID = &id
	}
	return e
}

// noParams is how the JSON of a result without params ends; they are its last member.
const noParams = "null}"

// AppendResult appends a result as JSON, in one line. Its params are appended as they are stored: they were verified when
// they were accepted, and doing that again for each would take longer than all the rest.
func AppendResult(b []byte, r *intake.Result) ([]byte, error) {
	one := ResultOf(r)
	params := one.Params
	if !bytes.ContainsAny(params, "\r\n") {
		one.Params = nil
	}
	head, err := json.Marshal(&one)
	if err != nil {
		return b, fmt.Errorf("result %d as JSON: %w", r.Seq, err)
	}
	if one.Params != nil || len(params) == 0 {
		return append(b, head...), nil
	}
	b = append(b, bytes.TrimSuffix(head, []byte(noParams))...)
	return append(append(b, params...), '}'), nil
}

// A Refusal is a result that the endpoint did not accept, as JSON.
type Refusal struct {
	AgentID  string `json:"agent_id" doc:"The agent's id."`
	ResultID string `json:"result_id" doc:"The id of the result."`
	Code     int64  `json:"code" doc:"The error's code, 400."`
	Message  string `json:"message" doc:"What is wrong with the result."`
	Received int64  `json:"received_ms" doc:"When it was refused: milliseconds since the Unix epoch."`
}

// RefusalOf returns a refusal as JSON.
func RefusalOf(r *intake.Refusal) Refusal {
	return Refusal{AgentID: r.AgentID, ResultID: r.ID, Code: int64(r.Code), Message: r.Message, Received: r.Received.UnixMilli()}
}
