package fleet

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// maxAnswer bounds a line of the endpoint, as the protocol does.
const maxAnswer = 4 << 20

// A RefusedError is returned when the endpoint asked to come back later.
type RefusedError struct {
	// After is the pause that it asked for; 0 if it named none.
	After time.Duration
}

// Error says what the endpoint asked for.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("a rate limit has been reached: come back in %v", e.After)
}

// An answer is a line of the endpoint, as far as the simulator reads it.
type answer struct {
	ID     json.Number     `json:"id"`
	Method string          `json:"method"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code         int    `json:"code"`
		Message      string `json:"message"`
		Type         string `json:"type"`
		RetryAfterMS int64  `json:"retry_after_ms"`
	} `json:"error"`
}

// err returns the answer's error, a *RefusedError for a rate limit.
func (a *answer) err() error {
	switch {
	case a.Error == nil:
		return nil
	case a.Error.Type == "rateLimitReached":
		return &RefusedError{time.Duration(a.Error.RetryAfterMS) * time.Millisecond}
	}
	return &answeredError{a.Error.Code, a.Error.Type, a.Error.Message}
}

// An answeredError is returned when the endpoint refused a request.
type answeredError struct {
	code         int
	typ, message string
}

// Error says what the endpoint answered.
func (e *answeredError) Error() string {
	return fmt.Sprintf("the endpoint answered %d: %.200q", e.code, e.message)
}

// errAnswer is returned for a line that is no answer.
var errAnswer = errors.New("not an answer")

// isPlain reports whether a line is a positive answer, by its text alone: parsing all of them would cost the
// simulator more than writing them costs the endpoint. A line that only looks different is parsed.
func isPlain(line []byte) bool {
	return bytes.HasPrefix(line, []byte(`{"v":"1","id":`)) && !bytes.Contains(line, []byte(`"method"`)) &&
		!bytes.Contains(line, []byte(`"code"`)) && bytes.Contains(line, []byte(`"result":`))
}

// next reads the next answer's line, which the next call overwrites. Requests of the endpoint are skipped.
func next(r *bufio.Reader, long []byte) (line []byte, err error) {
	for {
		line, err = r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			long = append(long[:0], line...)
			for errors.Is(err, bufio.ErrBufferFull) && len(long) <= maxAnswer {
				line, err = r.ReadSlice('\n')
				long = append(long, line...)
			}
			line = long
		}
		if err != nil {
			return nil, err
		}
		if isPlain(line) {
			return line, nil
		}
		var a answer
		if err := json.Unmarshal(line, &a); err != nil {
			return nil, fmt.Errorf("%w: %.100q", errAnswer, line)
		}
		if a.Method != "" {
			continue
		}
		if err := a.err(); err != nil {
			return nil, err
		}
		return line, nil
	}
}

// countAccepted returns how many results the answer to a check_metrics.post_multi accepts.
func countAccepted(line []byte) (int, error) {
	_, list, ok := bytes.Cut(line, []byte(`"results":[`))
	list, _, end := bytes.Cut(list, []byte("]"))
	if !ok || !end {
		return 0, fmt.Errorf("%w to many results: %.100q", errAnswer, line)
	}
	n := 0
	for i := 0; i < len(list); i++ { // 0,0,0,…
		if list[i] != '0' || i+1 < len(list) && list[i+1] != ',' {
			return 0, fmt.Errorf("a result was refused: %.100q", list[i:])
		}
		n, i = n+1, i+1
	}
	return n, nil
}
