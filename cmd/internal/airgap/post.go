package airgap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"virgo/cmd/internal/link"
	"virgo/spool/bundle"
	"virgo/transport"
	"virgo/transport/receipt"
)

// The bytes of a bundle in one request: few at first, and after a session that broke, because a connection
// may be slow; twice as many after each answer.
const (
	firstBlock = 128 << 10
	leastBlock = 16 << 10                                  // has any header
	mostBlock  = (transport.MaxFrameBytes - 8<<10) / 4 * 3 // as base64 in a frame
)

// maxStalls is how many answers may ask for no byte behind the ones before.
const maxStalls = 3

// errNoBundles is returned for an endpoint that does not have the feature.
var errNoBundles = errors.New("the endpoint takes no bundles")

// A RefusedError is returned if the endpoint refused the bundle.
type RefusedError struct{ Err *transport.Error }

// Error has the endpoint's reason, which names the next step.
func (e *RefusedError) Error() string { return "the endpoint refuses the bundle: " + e.Err.Message }
func (e *RefusedError) Unwrap() error { return e.Err }

// Hint returns the next step.
func (e *RefusedError) Hint() string {
	switch e.Err.Type {
	case transport.TypeBundleNoKey, transport.TypeBundleOtherKey:
		return "compare the key with that of the host (virgo key show there), and ask the endpoint's owner to register it"
	case transport.TypeBundleChanged:
		return "transfer it again from the host that exported it, where its results are still queued"
	}
	return ""
}

// A courier brings a bundle in this host's own sessions.
type courier struct {
	cfg    *link.Config
	bundle *bundle.Reader
	plain  io.ReaderAt
	size   int64
	block  int64 // bytes of the next request
	most   int64
	ranges []receipt.Range
	d      Delivery
}

// A place is the result of bundle.post.
type place struct {
	Offset   int64 `json:"offset"`
	Results  int   `json:"results"`
	Refused  int   `json:"refused"`
	Complete bool  `json:"complete"`
}

// bring delivers a bundle in this host's own sessions: the blocks as its host sealed them. Errors: those of
// [Deliver], errNoBundles.
func bring(ctx context.Context, cfg *link.Config, b *bundle.Reader) (Delivery, error) {
	c := &courier{cfg: cfg, bundle: b, block: firstBlock, most: mostBlock}
	c.plain, c.size = b.Plain()
	err := c.findRanges()
	if err == nil {
		err = attempts(cfg).Retry(ctx, c.attempt)
	}
	return c.d, err
}

// findRanges collects the ids for the receipt.
func (c *courier) findRanges() error {
	var ranges receipt.Ranges
	c.bundle.Rewind()
	defer c.bundle.Rewind()
	for {
		records, err := c.bundle.Next()
		if errors.Is(err, io.EOF) {
			c.ranges = ranges.List()
			return nil
		}
		if err != nil {
			return err
		}
		for _, r := range records {
			if start, n, ok := receipt.ParseID(c.bundle.Header().Agent, r.ID); ok {
				ranges.Add(start, n)
			}
		}
	}
}

// attempt is one session from hello to goodbye.
func (c *courier) attempt(ctx context.Context) error {
	state, err := c.cfg.State(ctx)
	if err != nil {
		return err
	}
	s := link.NewSession(c.cfg, state)
	err = c.session(ctx, s)
	c.d.Endpoint = s.Endpoint()
	var refused *RefusedError
	leaveErr := s.Leave(ctx, err != nil && !errors.As(err, &refused) && !errors.Is(err, errNoBundles))
	if err != nil {
		c.cfg.Verbose("delivery: %v", err)
		c.most = max(c.block/4, leastBlock)
		c.block = min(c.block, c.most)
		return err
	}
	return leaveErr
}

func (c *courier) session(ctx context.Context, s *link.Session) error {
	w, err := s.Greet(ctx)
	if err != nil {
		return err
	}
	if !w.Has(transport.FeatureBundle) {
		return errNoBundles
	}
	if err := c.sendAll(ctx, s); err != nil {
		return err
	}
	if c.d.HasReceipts = w.Has(transport.FeatureReceipt); !c.d.HasReceipts {
		return nil
	}
	c.d.Receipts, c.d.Confirmed, err = fetchReceipts(ctx, s, c.bundle.Header(), c.ranges)
	if err != nil {
		return &ReceiptError{err}
	}
	c.d.Refusals = refusalsIn(c.d.Receipts)
	return nil
}

// sendAll sends the bundle from where the endpoint wants it.
func (c *courier) sendAll(ctx context.Context, s caller) error {
	at, err := c.send(ctx, s, 0, nil)
	if err != nil {
		return err
	}
	for stalls := 0; !at.Complete; {
		block := make([]byte, min(c.block, c.size-at.Offset))
		if _, err := c.plain.ReadAt(block, at.Offset); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the bundle at byte %d: %w", at.Offset, err)
		}
		next, err := c.send(ctx, s, at.Offset, block)
		if err != nil {
			return err
		}
		if next.Offset <= at.Offset && !next.Complete {
			if stalls++; stalls > maxStalls {
				return fmt.Errorf("%w: of the bundle it asks for byte %d again and again", transport.ErrProtocol, next.Offset)
			}
		}
		at, c.block = next, min(2*c.block, c.most)
	}
	return nil
}

// send sends one block and returns what the endpoint has then.
func (c *courier) send(ctx context.Context, s caller, offset int64, block []byte) (at place, err error) {
	h := c.bundle.Header()
	params, err := json.Marshal(struct {
		AgentID string `json:"agent_id"`
		Bundle  string `json:"bundle"`
		Offset  int64  `json:"offset"`
		Block   []byte `json:"block"`
	}{h.Agent, h.ID, offset, append([]byte{}, block...)})
	if err != nil {
		return at, err
	}
	result, err := s.Call(ctx, transport.MethodBundle, params)
	var refused *transport.Error
	if errors.As(err, &refused) && !refused.EndsSession() {
		return at, &RefusedError{refused}
	}
	if err != nil {
		return at, fmt.Errorf("delivering: %w", err)
	}
	if err := json.Unmarshal(result, &at); err != nil {
		return at, fmt.Errorf("%w: %s: %w", transport.ErrProtocol, transport.MethodBundle, err)
	}
	if at.Offset < 0 || at.Offset > c.size || at.Complete && at.Offset != c.size ||
		at.Results < 0 || at.Refused < 0 || at.Refused > at.Results || uint64(at.Results) > c.bundle.Count() {
		return at, fmt.Errorf("%w: %s: the endpoint says it has %d results, up to byte %d of %d",
			transport.ErrProtocol, transport.MethodBundle, at.Results, at.Offset, c.size)
	}
	c.d.Delivered, c.d.Refused = at.Results-at.Refused, at.Refused
	if c.cfg.Progress != nil {
		c.cfg.Progress(c.d.Delivered)
	}
	return at, nil
}

// refusalsIn returns the first refused results that receipts name.
func refusalsIn(docs [][]byte) (list []receipt.Refused) {
	for _, doc := range docs {
		r, err := receipt.Read(doc)
		if err != nil {
			continue // it was read before
		}
		list = append(list, r.Refused[:min(len(r.Refused), maxRefusals-len(list))]...)
	}
	return list
}
