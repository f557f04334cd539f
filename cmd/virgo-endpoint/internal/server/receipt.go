package server

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport"
	"virgo/transport/receipt"
)

const (
	// receiptTime bounds the search for one receipt.
	receiptTime = 5 * time.Second
	// bundleDigits is the length of a bundle's id.
	bundleDigits = 32
)

// receiptParams are the params of results.receipt.
type receiptParams struct {
	AgentID string          `json:"agent_id"`
	Bundle  string          `json:"bundle"`
	Ranges  []receipt.Range `json:"ranges"`
}

// receipt answers results.receipt. When it is the answer's turn, everything that the connection posted
// before is durable: results because answers are sent in order, refusals because batches are committed
// in order.
func (c *conn) receipt(f *transport.Frame, s *session) error {
	p, err := parseReceiptParams(f.Params)
	if err == nil && p.AgentID != s.agentID {
		err = fmt.Errorf("a session gets receipts for its own agent %s, not for %s",
			intake.Quote(s.agentID), intake.Quote(p.AgentID))
	}
	if err != nil {
		return c.refuse(f, transport.CodeBadRequest, err.Error())
	}
	sub := c.srv.committer.submit(s.arrival(c.srv.opt.Now()), nil)
	head := responseTo(f)
	return c.answer(answer{ready: sub.done, write: func(w *transport.Writer) error {
		if refusal := denied(sub.err); refusal != nil {
			return c.writeRefusal(w, head, s, refusal)
		}
		doc, err := c.srv.makeReceipt(p)
		if err != nil {
			c.log.Error("no receipt could be made", "agent", p.AgentID, "error", err)
			if errors.Is(err, context.DeadlineExceeded) {
				return writeError(w, head, transport.CodeBadRequest,
					"the search took too long; ask for fewer ranges")
			}
			return writeError(w, head, transport.CodeBadRequest, "the endpoint cannot make a receipt now")
		}
		head.Result = doc
		return w.WriteFrame(&head)
	}})
}

func parseReceiptParams(params json.RawMessage) (receiptParams, error) {
	var p receiptParams
	if len(params) == 0 {
		return p, intake.ErrNoParams
	}
	if err := json.Unmarshal(params, &p); err != nil {
		return p, intake.ParamsError(err)
	}
	if _, err := hex.DecodeString(p.Bundle); p.Bundle != "" && (err != nil || len(p.Bundle) != bundleDigits) {
		return p, fmt.Errorf("bundle is not %d hexadecimal digits", bundleDigits)
	}
	if len(p.Ranges) > receipt.MaxRanges {
		return p, fmt.Errorf("%d ranges are more than %d; ask several times", len(p.Ranges), receipt.MaxRanges)
	}
	return p, intake.CheckAgentID(p.AgentID)
}

// makeReceipt searches the store and signs the receipt. Only one receipt is made at a time: a search may
// take long, and the store has few read connections.
func (s *Server) makeReceipt(p receiptParams) ([]byte, error) {
	s.receipts.Lock()
	defer s.receipts.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), receiptTime)
	defer cancel()
	ranges, refused, err := s.opt.Intake.Held(ctx, p.AgentID, p.Ranges)
	if err != nil {
		return nil, err
	}
	return s.opt.SignReceipt(receipt.Receipt{
		Agent: p.AgentID, Bundle: p.Bundle, Ranges: ranges, Refused: refused, IssuedMS: s.opt.Now().UnixMilli(),
	})
}
