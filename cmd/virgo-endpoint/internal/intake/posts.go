package intake

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
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
	// yieldEvery is the number of results, some 0.1 ms, after which the readers of long lists let other goroutines run. Those
	// with a single run's results would wait behind whole lists in the scheduler's queue, at each of their steps.
	yieldEvery = 16
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
	s := scanner{text: string(params)}
	var all []Parsed
	var fault error
	lists := 0
	if s.space() != '{' {
		fault = ParamsError(mistyped("", s.value()))
	} else {
		s.begin()
		for n := 0; s.next(n, '}'); n++ {
			if name, _ := s.key(); name != "results" {
				s.value()
				continue
			}
			var err error
			all, err = s.posts("results", now)
			fault = cmp.Or(fault, err)
			lists++
		}
	}
	switch {
	case !s.end():
		return nil, syntaxError(params)
	case fault != nil:
		return nil, fault
	case lists != 1:
		return nil, errors.New("params have to have one list of results")
	}
	return all, nil
}

// ParseResults reads the list alone, as results_lz4 has it, like [ParsePosts].
func ParseResults(list json.RawMessage, now time.Time) ([]Parsed, error) {
	s := scanner{text: string(list)}
	all, err := s.posts("", now)
	if !s.end() {
		return nil, syntaxError(list)
	}
	return all, err
}

// posts reads a list of results. With an error it has still read the value.
func (s *scanner) posts(name string, now time.Time) (all []Parsed, fault error) {
	if s.space() != '[' {
		return nil, ParamsError(mistyped(name, s.value()))
	}
	from, outer := s.at, s.depth
	s.begin()
	for n := 0; s.next(n, ']'); n++ {
		if n%yieldEvery == yieldEvery-1 {
			runtime.Gosched()
		}
		if n >= MaxFrameResults {
			fault = fmt.Errorf("there are more than %d results", MaxFrameResults)
			s.value()
			continue
		}
		s.space()
		begin := s.at
		p := s.post()
		s.depth = outer + 1
		one := s.text[begin:s.at]
		p.size = len(one)
		r, err := p.result(now)
		if err == nil {
			r.Params = validUTF8(one)
		}
		all = append(all, Parsed{r, err})
	}
	if size := s.at - from; size > MaxResultsBytes {
		fault = fmt.Errorf("the results have %d bytes, more than %d", size, MaxResultsBytes)
	}
	if fault != nil {
		return nil, fault
	}
	return all, nil
}

// validUTF8 returns a copy in valid UTF-8.
func validUTF8(params string) json.RawMessage {
	if !utf8.ValidString(params) { // faster than what ToValidUTF8 does to find out
		params = strings.ToValidUTF8(params, "\uFFFD")
	}
	return json.RawMessage(params)
}
