package agent

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
	featureReceipt = "receipt"
	methodReceipt  = "results.receipt"

	// receiptRanges and receiptResults bound one question: what is asked for in ranges can be answered in
	// as many ranges as it has results.
	receiptRanges  = 2048
	receiptResults = receipt.MaxRanges / 2
)

// askReceipts asks for the results of ranges, in as many documents as it takes, and says how many of them the
// documents name: taken or refused.
func askReceipts(ctx context.Context, sess *transport.Session, h bundle.Header, ranges []receipt.Range) (docs [][]byte, named uint64, err error) {
	for len(ranges) > 0 {
		var some []receipt.Range
		some, ranges = part(ranges)
		params, err := json.Marshal(struct {
			AgentID string          `json:"agent_id"`
			Bundle  string          `json:"bundle"`
			Ranges  []receipt.Range `json:"ranges"`
		}{h.Agent, h.ID, some})
		if err != nil {
			return nil, 0, err
		}
		doc, err := sess.Call(ctx, methodReceipt, params)
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
			named += g.Len()
		}
		docs = append(docs, bytes.Clone(doc))
	}
	return docs, named, nil
}

// part takes as much off the front of ranges as one question may hold; it cuts a long range in two.
func part(ranges []receipt.Range) (some, rest []receipt.Range) {
	results := uint64(0)
	for i, r := range ranges {
		if i == receiptRanges || results == receiptResults {
			return ranges[:i], ranges[i:]
		}
		if room := receiptResults - results; r.Len() > room {
			some = append(append(some, ranges[:i]...), receipt.Range{Start: r.Start, From: r.From, To: r.From + room - 1})
			rest = append([]receipt.Range{{Start: r.Start, From: r.From + room, To: r.To}}, ranges[i+1:]...)
			return some, rest
		}
		results += r.Len()
	}
	return ranges, nil
}
