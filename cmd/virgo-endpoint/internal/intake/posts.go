package intake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

// Bounds of the results of one frame (PROTOCOL.md, "check_metrics.post_multi").
const (
	// MaxFrameResults is how many results one frame may have. The answer names each of them, with up to
	// 500 bytes for one that is refused.
	MaxFrameResults = 4096
	// MaxResultsBytes bounds the list of a frame's results, compressed ones after they were expanded.
	MaxResultsBytes = 4 << 20
)

// A Parsed is one result of a frame that has many: as [ParsePost] returns it, with its Params.
type Parsed struct {
	// Result is complete but for its AgentID and ClockOffsetMS; with Err it has only its ResultID, if
	// that could be read.
	Result Result
	// Err is why it is refused; nil if it is accepted.
	Err error
}

// ParsePosts reads and validates the params of check_metrics.post_multi, {"results": […]}, and returns
// the results in their order. Params of each result are a copy in valid UTF-8, so params may be
// overwritten afterwards. An error refuses the whole frame: params are no object, results is no list or
// too large, or there are too many of them.
func ParsePosts(params json.RawMessage, now time.Time) ([]Parsed, error) {
	if len(params) == 0 {
		return nil, ErrNoParams
	}
	var p struct {
		Results json.RawMessage `json:"results"`
	}
	if err := json.Unmarshal(params, &p); err != nil {
		return nil, ParamsError(err)
	}
	return ParseResults(p.Results, now)
}

// ParseResults reads the list alone, as results_lz4 has it, like [ParsePosts].
func ParseResults(list json.RawMessage, now time.Time) ([]Parsed, error) {
	if len(list) > MaxResultsBytes {
		return nil, fmt.Errorf("results have %d bytes, more than %d", len(list), MaxResultsBytes)
	}
	var elements []json.RawMessage
	if err := json.Unmarshal(list, &elements); err != nil {
		return nil, ParamsError(err)
	}
	if len(elements) > MaxFrameResults {
		return nil, fmt.Errorf("there are %d results, more than %d", len(elements), MaxFrameResults)
	}
	parsed := make([]Parsed, len(elements))
	for i, params := range elements {
		p := &parsed[i]
		if p.Result, p.Err = ParsePost(params, now); p.Err == nil {
			p.Result.Params = validUTF8(params)
		}
	}
	return parsed, nil
}

// validUTF8 returns a copy in valid UTF-8.
func validUTF8(params []byte) json.RawMessage {
	if utf8.Valid(params) {
		return bytes.Clone(params)
	}
	return bytes.ToValidUTF8(params, []byte("\uFFFD"))
}
