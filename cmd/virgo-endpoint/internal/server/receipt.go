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
	if err != nil {
		return c.refuse(f, transport.CodeBadRequest, err.Error())
	}
	if p.AgentID != s.agentID {
		if refusal := c.onlyVerified(&p, s); refusal != nil {
			return c.refuseWith(f, refusal)
		}
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

// onlyVerified limits a request for a receipt of another agent to the results that the session's agent has
// brought in this bundle, and that were verified.
func (c *conn) onlyVerified(p *receiptParams, s *session) *transport.Error {
	ctx, cancel := context.WithTimeout(context.Background(), receiptTime)
	defer cancel()
	id := intake.BundleID{Courier: s.agentID, AgentID: p.AgentID, Bundle: p.Bundle}
	state, _, err := c.srv.opt.Intake.Bundle(ctx, id, c.srv.opt.Now())
	if err != nil {
		c.log.Error("a bundle could not be looked up", "agent", p.AgentID, "error", err)
		return &transport.Error{Code: transport.CodeBadRequest, Message: "the endpoint cannot make a receipt now"}
	}
	if state.Offset == 0 {
		return &transport.Error{Code: transport.CodeBadRequest, Message: fmt.Sprintf(
			"a session gets receipts for its own agent %s and for bundles that it brought, not for %s",
			intake.Quote(s.agentID), intake.Quote(p.AgentID))}
	}
	p.Ranges = receipt.Intersect(p.Ranges, state.Ranges)
	return nil
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
