package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"virgo/spool/bundle"
	"virgo/transport"
	"virgo/transport/receipt"
)

// carryAttempts is how often one carrying tries, within its time.
const carryAttempts = 3

// shownRefusals bounds how many refused results a person is told of.
const shownRefusals = 100

// A Carriage is what became of a bundle that was handed over for its agent.
type Carriage struct {
	Endpoint string
	// Delivered results are in the endpoint's store now, Refused ones it does not want; Refusals are the first of them.
	Delivered, Refused int
	Refusals           []receipt.Refused
	// Receipts are the endpoint's documents, and Confirmed is how many results they name. HasReceipts is
	// false for an endpoint that gives none.
	HasReceipts bool
	Receipts    [][]byte
	Confirmed   uint64
	Took        time.Duration
}

// Carry delivers a bundle under the name of its agent, and asks for a receipt. The bundle's ids go with
// the results, so that it may be carried as often and from as many hosts as anybody likes. Nothing of this
// agent's own is sent, kept or answered for.
//
// With an error, the Carriage still says what was delivered until then.
func (a *Agent) Carry(ctx context.Context, b *bundle.Reader) (Carriage, error) {
	started := a.Now()
	token, err := a.Token()
	if err != nil {
		return Carriage{}, &ConfigError{Err: fmt.Errorf("reading the token: %w", err)}
	}
	c := carrying{agent: a, token: token, queue: newCarried(a, b)}
	err = transport.Retry(ctx, transport.RetryOptions{Attempts: carryAttempts}, func(ctx context.Context) error {
		c.queue.rewind()
		err := c.session(ctx)
		if err != nil {
			a.Verbose("delivery: %v", err)
		}
		return err
	})
	c.done.Delivered, c.done.Refused, c.done.Refusals = c.queue.delivered, c.queue.refused, c.queue.refusals
	c.done.Took = a.Now().Sub(started)
	return c.done, err
}

type carrying struct {
	agent *Agent
	token string
	queue *carried
	done  Carriage
}

// session is one from hello to goodbye.
func (c *carrying) session(ctx context.Context) error {
	a, h := c.agent, c.queue.bundle.Header()
	dialer := transport.Dialer{Endpoints: a.Endpoints, TLS: a.TLS, Proxy: a.Proxy, DialContext: a.DialContext}
	conn, endpoint, err := dialer.Dial(ctx)
	if err != nil {
		return err
	}
	a.Verbose("session: connected to %s for agent %s", endpoint, h.Agent)
	c.done.Endpoint = endpoint
	// No handler: what the endpoint asks is meant for a host that is not this one.
	sess := transport.Start(ctx, conn, transport.Identity{
		AgentID: h.Agent, AgentName: h.Name, Token: c.token,
		ProcessVersion: h.Version, BundleVersion: h.Version,
		Features:  []transport.Feature{{Name: transport.FeaturePipelining, Version: "1"}, {Name: transport.FeatureResultID, Version: "1"}},
		Elsewhere: true,
	}, transport.SessionOptions{Now: a.Now})
	err = c.converse(ctx, sess)
	if err == nil {
		if err := sess.Close(ctx); err != nil {
			a.Verbose("session: %v", err)
		}
		return nil
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	_ = sess.Close(over) // why it ended is known already
	return err
}

func (c *carrying) converse(ctx context.Context, sess *transport.Session) error {
	if _, err := sess.Deliver(ctx, c.queue); err != nil {
		return fmt.Errorf("delivering to %s: %w", c.done.Endpoint, err)
	}
	w, err := sess.Welcome(ctx)
	if err != nil {
		return err
	}
	if c.done.HasReceipts = w.Has(featureReceipt); !c.done.HasReceipts {
		return nil
	}
	if c.done.Receipts, c.done.Confirmed, err = askReceipts(ctx, sess, c.queue.bundle.Header(), c.queue.ranges.List()); err != nil {
		return &ReceiptError{err}
	}
	return nil
}

// A ReceiptError says that all was delivered and that the endpoint gave no receipt for it.
type ReceiptError struct{ Err error }

// Error says what was wrong with the receipt.
func (e *ReceiptError) Error() string { return "delivered, but without a receipt: " + e.Err.Error() }
func (e *ReceiptError) Unwrap() error { return e.Err }

// Hint gives the next step.
func (e *ReceiptError) Hint() string {
	return "flush --from with the same bundle asks again, and stores nothing twice"
}

// errNoCarriedID is told of a result whose id no receipt could name; its own spool makes none.
var errNoCarriedID = errors.New("its id is not one of a spool")
