package question

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// Read reads the result of host_info.get into i: metrics are an object, a list of objects, or null; the error is one
// sentence or null. What has another form is unusable, and nothing of it is kept.
func Read(i *watch.Info, result json.RawMessage) {
	if reason := read(i, result); reason != "" {
		i.Outcome, i.Metrics, i.Error = watch.InfoUnusable, nil, reason
		return
	}
	i.Outcome = watch.InfoAnswered
}

func read(i *watch.Info, result json.RawMessage) (reason string) {
	if len(result) > watch.MaxInfoBytes {
		return fmt.Sprintf("the answer has %d bytes, more than %d", len(result), watch.MaxInfoBytes)
	}
	var answer struct {
		Metrics json.RawMessage `json:"metrics"`
		Error   *string         `json:"error"`
	}
	if err := json.Unmarshal(result, &answer); err != nil {
		return "the answer is not what PROTOCOL.md says: " + err.Error()
	}
	if answer.Error != nil {
		i.Error = *answer.Error
	}
	metrics := answer.Metrics
	if len(metrics) == 0 || string(metrics) == "null" {
		if i.Error == "" {
			return "the answer has neither metrics nor an error"
		}
		return ""
	}
	var list []map[string]json.RawMessage
	if metrics[0] == '{' {
		metrics = append(append([]byte{'['}, metrics...), ']')
	}
	if err := json.Unmarshal(metrics, &list); err != nil {
		return "the answer's metrics are neither an object nor a list of objects"
	}
	for _, one := range list {
		if one == nil {
			return "the answer's metrics are neither an object nor a list of objects"
		}
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, answer.Metrics); err != nil {
		return "the answer's metrics are no JSON"
	}
	i.Metrics = compact.Bytes()
	if !utf8.Valid(i.Metrics) {
		i.Metrics = bytes.ToValidUTF8(i.Metrics, []byte("?"))
	}
	return ""
}
