package transporttest

import (
	"encoding/json"
	"fmt"

	"github.com/pierrec/lz4/v4"

	"virgo/transport"
)

// A MultiFrame describes a frame of several results that the endpoint received.
type MultiFrame struct {
	Results    int  // in it
	Compressed bool // by post_multi_lz4
	RawBytes   int  // of the list of results
	WireBytes  int  // of the params
}

// multiParams are the params of check_metrics.post_multi.
type multiParams struct {
	Results  json.RawMessage `json:"results"`
	LZ4      []byte          `json:"results_lz4"`
	RawBytes *int            `json:"raw_bytes"`
}

// postMulti answers check_metrics.post_multi. What an agent may not send is a fault, and its error is
// that of the whole frame.
func (c *serverConn) postMulti(f *transport.Frame) error {
	c.posts++
	if !c.script.has(transport.FeaturePostMulti) {
		c.ended = true
		return c.reply(f, nil, transport.NotFound(f.Method))
	}
	list, err := c.multiResults(f.Params)
	if err != nil {
		c.e.records.fault(fmt.Errorf("%s: %w", f.Method, err))
		return c.reply(f, nil, &transport.Error{Code: transport.CodeBadRequest, Message: err.Error()})
	}
	switch {
	case c.script.MultiError != nil:
		c.ended = c.script.MultiError.EndsSession()
		return c.reply(f, nil, c.script.MultiError)
	case c.script.MultiResult != nil:
		return c.reply(f, c.script.MultiResult, nil)
	case c.script.RateLimitAt > 0 && c.posts >= c.script.RateLimitAt:
		c.ended = true
		return c.reply(f, nil, c.script.rateLimit())
	}
	answers := make([]any, len(list))
	for i, params := range list {
		refusal := c.e.records.take(c.script, f.Source, params)
		if refusal != nil && refusal.EndsSession() {
			c.ended = true
			return c.reply(f, nil, refusal)
		}
		if answers[i] = 0; refusal != nil {
			answers[i] = refusal
		}
	}
	return c.reply(f, map[string]any{"results": answers}, nil)
}

// multiResults returns the results of a frame, and records it.
func (c *serverConn) multiResults(params []byte) (list []json.RawMessage, err error) {
	var p multiParams
	if err := json.Unmarshal(params, &p); err != nil {
		return nil, err
	}
	raw, compressed := p.Results, p.LZ4 != nil
	switch {
	case compressed && !c.script.has(transport.FeaturePostMultiLZ4):
		return nil, fmt.Errorf("the feature %s was not announced", transport.FeaturePostMultiLZ4)
	case compressed && (p.Results != nil || p.RawBytes == nil || *p.RawBytes < 0 || *p.RawBytes > transport.MaxFrameBytes):
		return nil, fmt.Errorf("params %.80s", params)
	case compressed:
		raw = make([]byte, *p.RawBytes)
		if n, err := lz4.UncompressBlock(p.LZ4, raw); err != nil || n != len(raw) {
			return nil, fmt.Errorf("an LZ4 block of %d bytes, not %d: %w", n, len(raw), err)
		}
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("results: %w", err)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no results")
	}
	c.e.records.mu.Lock()
	defer c.e.records.mu.Unlock()
	c.e.records.multi = append(c.e.records.multi, MultiFrame{len(list), compressed, len(raw), len(params)})
	return list, nil
}

// Multi returns the frames of several results, in order.
func (e *Endpoint) Multi() []MultiFrame {
	e.records.mu.Lock()
	defer e.records.mu.Unlock()
	return append([]MultiFrame(nil), e.records.multi...)
}
