package airgap

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"virgo/spool/bundle"
	"virgo/transport"
	"virgo/transport/receipt"
)

const (
	// maxRequestRanges and maxRequestResults bound one request. Both are needed because the answer
	// to a single range may have as many ranges as the range has results.
	maxRequestRanges  = 2048
	maxRequestResults = receipt.MaxRanges / 2
)

// A caller is a session in which requests are sent.
type caller interface {
	Call(ctx context.Context, method string, params []byte) (json.RawMessage, error)
}

// fetchReceipts requests receipts for the results in ranges, in as many documents as needed.
// confirmed is the number of results that the documents confirm.
func fetchReceipts(
	ctx context.Context, sess caller, h bundle.Header, ranges []receipt.Range,
) (docs [][]byte, confirmed uint64, err error) {
	for len(ranges) > 0 {
		var some []receipt.Range
		some, ranges = splitRequest(ranges)
		params, err := json.Marshal(struct {
			AgentID string          `json:"agent_id"`
			Bundle  string          `json:"bundle"`
			Ranges  []receipt.Range `json:"ranges"`
		}{h.Agent, h.ID, some})
		if err != nil {
			return nil, 0, err
		}
		doc, err := sess.Call(ctx, transport.MethodReceipt, params)
		if err != nil {
			return nil, 0, err
		}
		r, err := receipt.Read(doc)
		if err != nil {
			return nil, 0, err
		}
		if r.Agent != h.Agent {
			return nil, 0, fmt.Errorf("the receipt is for agent %.64q, not for %.64q", r.Agent, h.Agent)
		}
		for _, g := range r.Ranges {
			confirmed += g.Len()
		}
		docs = append(docs, bytes.Clone(doc))
	}
	return docs, confirmed, nil
}

// splitRequest returns the part of ranges that fits into one request, and the rest. It splits a
// range that is too long.
func splitRequest(ranges []receipt.Range) (some, rest []receipt.Range) {
	results := uint64(0)
	for i, r := range ranges {
		if i == maxRequestRanges || results == maxRequestResults {
			return ranges[:i], ranges[i:]
		}
		if left := maxRequestResults - results; r.Len() > left {
			head := receipt.Range{Start: r.Start, From: r.From, To: r.From + left - 1}
			tail := receipt.Range{Start: r.Start, From: r.From + left, To: r.To}
			some = append(append(some, ranges[:i]...), head)
			return some, append([]receipt.Range{tail}, ranges[i+1:]...)
		}
		results += r.Len()
	}
	return ranges, nil
}
