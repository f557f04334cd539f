package server

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/spool/bundle"
	"virgo/transport"
	"virgo/transport/receipt"
)

const (
	// maxPieceBytes bounds the results of a bundle that are stored at once, uncompressed, by one block:
	// a block that is beyond it is left to the courier's next request.
	maxPieceBytes = 8 << 20
	// bundleTime bounds the time for one piece to be stored.
	bundleTime = 20 * time.Second
)

// bundleParams are the params of bundle.post.
type bundleParams struct {
	AgentID string `json:"agent_id"`
	Bundle  string `json:"bundle"`
	Offset  int64  `json:"offset"`
	Block   []byte `json:"block"`
}

// bundleResult is the result of bundle.post.
type bundleResult struct {
	Offset   int64 `json:"offset"`
	Results  int64 `json:"results"`
	Refused  int64 `json:"refused"`
	Complete bool  `json:"complete"`
}

// bundlePost takes a piece of a bundle that a courier brings. It is answered when its results and the new
// offset are durable. It is handled while the connection's reader waits, one piece of all connections at
// a time: so a piece's memory is bounded, and a request for a receipt comes after it.
func (c *conn) bundlePost(f *transport.Frame, s *session) error {
	p, err := parseBundleParams(f.Params)
	if err != nil {
		return c.refuse(f, transport.CodeBadRequest, err.Error())
	}
	in := pieceIntake{
		intake: c.srv.opt.Intake, id: intake.BundleID{Courier: s.agentID, AgentID: p.AgentID, Bundle: p.Bundle},
		access: s.access, now: c.srv.opt.Now(),
	}
	state, err := c.srv.takePiece(&in, &p)
	if err == nil {
		result, err := json.Marshal(bundleResult{state.Offset, state.Results, state.Refused, state.Complete})
		if err != nil {
			return err
		}
		return c.reply(f, result)
	}
	if refusal := denied(err); refusal != nil {
		head := responseTo(f)
		return c.answer(answer{write: func(w *transport.Writer) error { return c.writeRefusal(w, head, s, refusal) }})
	}
	refusal := bundleRefusal(err)
	if refusal == nil {
		c.log.Error("a bundle could not be stored; its courier keeps it", "courier", s.agentID, "agent", p.AgentID, "error", err)
		return c.refuse(f, codeUnavailable, "the bundle could not be stored")
	}
	c.log.Warn("a bundle was refused", "courier", s.agentID, "agent", p.AgentID, "reason", refusal.Message)
	return c.refuseWith(f, refusal)
}

// takePiece is take while no other piece is taken. No peer is waited for meanwhile.
func (s *Server) takePiece(in *pieceIntake, p *bundleParams) (intake.BundleState, error) {
	size := int64(len(p.Block))
	defer s.pending.give(s.pending.take(size, true))
	s.bundles.Lock()
	defer s.bundles.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), bundleTime)
	defer cancel()
	return in.take(ctx, p)
}

func parseBundleParams(params json.RawMessage) (bundleParams, error) {
	var p bundleParams
	if len(params) == 0 {
		return p, intake.ErrNoParams
	}
	if err := json.Unmarshal(params, &p); err != nil {
		return p, intake.ParamsError(err)
	}
	if _, err := hex.DecodeString(p.Bundle); err != nil || len(p.Bundle) != bundleDigits {
		return p, fmt.Errorf("bundle is not %d hexadecimal digits", bundleDigits)
	}
	if p.Offset < 0 {
		return p, errors.New("offset is negative")
	}
	return p, intake.CheckAgentID(p.AgentID)
}

// bundleRefusal returns the error object for a bundle that is refused; nil if err is another error. The
// courier's session goes on.
func bundleRefusal(err error) *transport.Error {
	for _, r := range []struct {
		err error
		typ string
	}{
		{intake.ErrNoSealKey, transport.TypeBundleNoKey},
		{intake.ErrOtherSealKey, transport.TypeBundleOtherKey},
		{intake.ErrSealRevoked, transport.TypeBundleRevoked},
		{errRanges, transport.TypeBundleLimit},
	} {
		if errors.Is(err, r.err) {
			return &transport.Error{Code: transport.CodeBadRequest, Message: unwrapTo(err, r.err).Error(), Type: r.typ}
		}
	}
	var bad *bundle.Error
	if errors.As(err, &bad) || errors.Is(err, errOtherBundle) {
		text := errOtherBundle.Error()
		if bad != nil {
			text = bad.Error()
		}
		return &transport.Error{Code: transport.CodeBadRequest, Message: text, Type: transport.TypeBundleChanged}
	}
	return nil
}

// unwrapTo returns the error that says target first, without what the store says around it.
func unwrapTo(err, target error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil || next == target || !errors.Is(next, target) {
			return err
		}
		err = next
	}
}

var (
	errOtherBundle = errors.New("the header is not that of this agent's bundle")
	errRanges      = fmt.Errorf("the bundle has more gaps than %d; virgo-endpoint import takes the file", receipt.MaxRanges)
)

// A pieceIntake verifies and stores one piece.
type pieceIntake struct {
	intake intake.Intake
	id     intake.BundleID
	access intake.Access
	now    time.Time
}

// take returns the state after the piece, which is that before it if the piece is not the next one.
// Errors: those of [intake.Bundles], of package bundle, errOtherBundle, errRanges. What was verified
// before one of these is stored.
func (in *pieceIntake) take(ctx context.Context, p *bundleParams) (intake.BundleState, error) {
	open, err := in.intake.Open(ctx, in.id.Courier, in.access, in.now)
	if err != nil {
		return intake.BundleState{}, err
	}
	if !open {
		return intake.BundleState{}, in.access.Withdrawn()
	}
	state, standing, err := in.intake.Bundle(ctx, in.id, in.now)
	if err != nil || state.Complete || p.Offset != state.Offset || len(p.Block) == 0 {
		return state, err
	}
	v, err := bundle.NewVerifier(state.Verified, p.Block)
	if err != nil {
		return state, err
	}
	piece := intake.BundlePiece{BundleID: in.id, Access: in.access, Before: state.Offset, After: state, Received: in.now}
	verifyErr := in.verify(v, &standing, &piece)
	var changed *bundle.Error
	if verifyErr != nil && !errors.As(verifyErr, &changed) || !v.Begun() || v.Offset() == state.Offset {
		return state, verifyErr
	}
	h := v.Header()
	piece.Name, piece.Key, piece.After.Offset, piece.After.Complete = h.Name, h.Key, v.Offset(), v.Complete()
	if piece.After.Verified, err = v.State(); err != nil {
		return state, err
	}
	switch err := in.intake.AddBundle(ctx, &piece); {
	case errors.Is(err, intake.ErrBundleMoved): // by another session of this courier
		state, _, err = in.intake.Bundle(ctx, in.id, in.now)
		return state, err
	case err != nil:
		return state, err
	}
	return piece.After, verifyErr
}

// verify adds to the piece what is verified, and stops after as much as is stored at once.
func (in *pieceIntake) verify(v *bundle.Verifier, agent *intake.Standing, piece *intake.BundlePiece) error {
	var ranges receipt.Ranges
	for _, r := range piece.After.Ranges {
		ranges.AddRange(r)
	}
	for bytes := 0; ; {
		list, err := v.Next()
		if v.Begun() && piece.Key == nil {
			h := v.Header()
			if h.ID != in.id.Bundle || h.Agent != in.id.AgentID {
				return errOtherBundle
			}
			if err := intake.DecideSeal(agent, h.Key); err != nil {
				return err
			}
			piece.Key = h.Key
		}
		if err != nil {
			piece.After.Ranges = ranges.List()
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		for i := range list {
			in.add(piece, &ranges, &list[i])
		}
		if len(ranges.List()) > receipt.MaxRanges {
			return errRanges
		}
		if bytes += v.BlockBytes(); bytes >= maxPieceBytes {
			v.Stop()
			piece.After.Ranges = ranges.List()
			return nil
		}
	}
}

// add adds one verified result.
func (in *pieceIntake) add(piece *intake.BundlePiece, ranges *receipt.Ranges, r *bundle.Record) {
	piece.After.Results++
	if start, n, ok := receipt.ParseID(in.id.AgentID, r.ID); ok {
		ranges.Add(start, n)
	}
	sealed := intake.SealedRecord{ResultID: r.ID, Order: r.Order, Made: r.Made, Params: r.Data}
	result, err := sealed.Result(in.now)
	if err != nil {
		piece.After.Refused++
		piece.Refusals = append(piece.Refusals,
			receipt.Refused{ID: r.ID, Code: intake.RefusedCode, Message: err.Error()})
		return
	}
	piece.Results = append(piece.Results, result)
}
