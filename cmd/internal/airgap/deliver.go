package airgap

import (
	"context"
	"errors"
	"fmt"
	"time"

	"virgo/cmd/internal/link"
	"virgo/spool/bundle"
	"virgo/transport"
	"virgo/transport/receipt"
)

// maxRefusals bounds Delivery.Refusals.
const maxRefusals = 100

// A Delivery describes what happened to the results of a bundle.
type Delivery struct {
	Endpoint string
	// Delivered results are in the endpoint's store; Refused ones were rejected by it. Refusals
	// describes the first maxRefusals of the refused ones.
	Delivered, Refused int
	Refusals           []receipt.Refused
	// Receipts are the endpoint's documents, Confirmed is the number of results that they confirm.
	// HasReceipts is false if the endpoint does not support receipts.
	HasReceipts bool
	Receipts    [][]byte
	Confirmed   uint64
	Took        time.Duration
}

// Deliver delivers a bundle, and requests a receipt. The results keep their ids, so any number of hosts may
// deliver the same bundle any number of times.
//
// This host brings the sealed bundle in sessions of its own. To an endpoint that takes none, or that
// knows neither this host nor the key of the bundle's agent, it delivers the results under that agent's
// id instead, if the endpoint's owner has given it a token for that.
//
// With an error, the Delivery describes what was delivered before it. Errors: [link.ConfigError],
// [RefusedError], [ReceiptError], the bundle's and transport's.
func Deliver(ctx context.Context, cfg *link.Config, b *bundle.Reader) (Delivery, error) {
	started := cfg.Now()
	d, err := bring(ctx, cfg, b)
	if needsToken(err) {
		cfg.Verbose("delivery: %v; trying under the id of agent %s", err, b.Header().Agent)
		as, asErr := deliverAs(ctx, cfg, b)
		var noToken *noTokenError
		if errors.Is(err, errNoBundles) || asErr == nil || !errors.Is(asErr, transport.ErrAuth) && !errors.As(asErr, &noToken) {
			d, err = as, asErr
		}
	}
	d.Took = cfg.Now().Sub(started)
	return d, err
}

// attempts are those of a bundle, for whose delivery a person waits.
func attempts(cfg *link.Config) transport.Attempts {
	return transport.Attempts{Most: transport.BundleAttempts, Busy: func(pause time.Duration) {
		cfg.Notice("the endpoint is busy: trying again in %s", pause.Round(time.Second))
	}}
}

// needsToken reports whether a bundle that could not be brought in this host's own session may be
// delivered with a token for the bundle's agent.
func needsToken(err error) bool {
	var refused *RefusedError
	return errors.Is(err, errNoBundles) || errors.Is(err, transport.ErrAuth) ||
		errors.As(err, &refused) && refused.Err.Type == transport.TypeBundleNoKey
}

// deliverAs delivers the results of a bundle under its agent's id, with a token.
func deliverAs(ctx context.Context, cfg *link.Config, b *bundle.Reader) (Delivery, error) {
	token, err := cfg.Credentials()
	if err == nil && token == "" {
		err = &link.ConfigError{Err: &noTokenError{}}
	}
	if err != nil {
		return Delivery{}, err
	}
	var d Delivery
	q := newQueue(cfg, b)
	err = attempts(cfg).Retry(ctx, func(ctx context.Context) error {
		q.Rewind()
		err := runSession(ctx, cfg, token, q, &d)
		if err != nil {
			cfg.Verbose("delivery: %v", err)
		}
		return err
	})
	if transport.KeyRefusal(err) != "" {
		err = &knownHostError{err}
	}
	d.Delivered, d.Refused, d.Refusals = q.delivered, q.refused, q.refusals
	return d, err
}

// A noTokenError is returned on a host that enrolled and has no token any more: its own key says nothing
// about the host whose results these are.
type noTokenError struct{}

func (*noTokenError) Error() string {
	return "this endpoint takes no bundles: to deliver for another host needs a token, and none is configured"
}

// Hint returns the next step.
func (*noTokenError) Hint() string {
	return "token: file:PATH in virgo.yaml, with a token of the endpoint's owner for that host's id"
}

// A knownHostError is returned for a host that the endpoint knows by its key, which only that host has.
type knownHostError struct{ error }

func (e *knownHostError) Unwrap() error { return e.error }

// Hint returns the next step.
func (*knownHostError) Hint() string {
	return "the endpoint takes that host's results from itself alone; virgo-endpoint import reads the bundle there"
}

// runSession is one session from hello to goodbye.
func runSession(ctx context.Context, cfg *link.Config, token string, q *queue, d *Delivery) error {
	h := q.bundle.Header()
	dialer := transport.Dialer{
		Endpoints: cfg.Endpoints, TLS: cfg.TLS, Proxy: cfg.Proxy, DialContext: cfg.DialContext,
	}
	conn, endpoint, err := dialer.Dial(ctx)
	if err != nil {
		return err
	}
	cfg.Verbose("session: connected to %s for agent %s", endpoint, h.Agent)
	d.Endpoint = endpoint
	// No handler: what the endpoint asks is meant for a host that is not this one.
	sess := transport.Start(ctx, conn, transport.Identity{
		AgentID: h.Agent, AgentName: h.Name, Token: token,
		ProcessVersion: h.Version, BundleVersion: h.Version,
		Features: []transport.Feature{
			{Name: transport.FeaturePipelining, Version: "1"}, {Name: transport.FeatureResultID, Version: "1"},
		},
		Elsewhere: true,
	}, transport.SessionOptions{
		Now: cfg.Now,
		// Another host's data: in a list they might look like more results than they are.
		Single: true,
	})
	err = deliverIn(ctx, sess, q, d)
	if err == nil {
		if err := sess.Close(ctx); err != nil {
			cfg.Verbose("session: %v", err)
		}
		return nil
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	_ = sess.Close(over) // why it ended is known already
	return err
}

// deliverIn delivers the results, and then requests the receipt.
func deliverIn(ctx context.Context, sess *transport.Session, q *queue, d *Delivery) error {
	if _, err := sess.Deliver(ctx, q); err != nil {
		return fmt.Errorf("delivering to %s: %w", d.Endpoint, err)
	}
	w, err := sess.Welcome(ctx)
	if err != nil {
		return err
	}
	if d.HasReceipts = w.Has(transport.FeatureReceipt); !d.HasReceipts {
		return nil
	}
	d.Receipts, d.Confirmed, err = fetchReceipts(ctx, sess, q.bundle.Header(), q.ranges.List())
	if err != nil {
		return &ReceiptError{err}
	}
	return nil
}

// A ReceiptError is returned if all results were delivered, but the endpoint returned no valid
// receipt.
type ReceiptError struct{ Err error }

// Error describes why there is no valid receipt.
func (e *ReceiptError) Error() string { return "delivered, but without a receipt: " + e.Err.Error() }
func (e *ReceiptError) Unwrap() error { return e.Err }

// Hint returns the next step.
func (e *ReceiptError) Hint() string {
	return "flush --from with the same bundle asks again, and stores nothing twice"
}

// errNotSpoolID is returned for a result whose id was not assigned by a spool, so that no receipt
// could name it.
var errNotSpoolID = errors.New("its id was not assigned by a spool")
