package endpoint

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	"virgo/transport"
	"virgo/transport/receipt"
)

// methodReceipt is asked by whoever has to show elsewhere what is stored here.
const methodReceipt = "results.receipt"

const (
	// receiptTime bounds the search for one receipt.
	receiptTime = 5 * time.Second
	// bundleDigits is the length of a bundle's name.
	bundleDigits = 32
)

// receiptParams are the params of results.receipt.
type receiptParams struct {
	AgentID string          `json:"agent_id"`
	Bundle  string          `json:"bundle"`
	Ranges  []receipt.Range `json:"ranges"`
}

// receipt answers results.receipt. What the connection posted before is committed when its turn comes:
// answers wait for each other, and the refusals for a place in the committer's order.
func (c *conn) receipt(f *transport.Frame, s *session) error {
	p, err := parseReceiptParams(f.Params)
	if err != nil {
		return c.refuse(f, transport.CodeBadRequest, err.Error())
	}
	behind := &arrival{agentID: s.agentID, token: s.token, received: c.srv.now(), done: make(chan struct{})}
	c.srv.committer.submit(behind)
	head := responseTo(f)
	return c.answer(answer{ready: behind.done, write: func(w *transport.Writer) error {
		if errors.Is(behind.err, ErrBadToken) {
			return writeError(w, head, transport.CodeUnauthorized, behind.err.Error())
		}
		doc, err := c.srv.receipt(p)
		if err != nil {
			c.log.Error("a receipt could not be given", "agent", p.AgentID, "error", err)
			if errors.Is(err, context.DeadlineExceeded) {
				return writeError(w, head, transport.CodeBadRequest, "the search took too long; ask for fewer ranges")
			}
			return writeError(w, head, transport.CodeBadRequest, "the endpoint cannot give a receipt now")
		}
		head.Result = doc
		return w.WriteFrame(&head)
	}})
}

func parseReceiptParams(params json.RawMessage) (receiptParams, error) {
	var p receiptParams
	if len(params) == 0 {
		return p, errNoParams
	}
	if err := json.Unmarshal(params, &p); err != nil {
		return p, fmt.Errorf("params cannot be read: %w", plainJSON(err))
	}
	if _, err := hex.DecodeString(p.Bundle); p.Bundle != "" && (err != nil || len(p.Bundle) != bundleDigits) {
		return p, fmt.Errorf("bundle is not %d hexadecimal digits", bundleDigits)
	}
	switch {
	case !plainID(p.AgentID):
		return p, fmt.Errorf("agent_id has to be 1 to %d bytes of plain text", MaxIDBytes)
	case len(p.Ranges) > receipt.MaxRanges:
		return p, fmt.Errorf("%d ranges are more than %d; ask several times", len(p.Ranges), receipt.MaxRanges)
	}
	return p, nil
}

// receipt looks and signs. One receipt is made at a time: a search may be long, and the store's readers
// are few.
func (s *Server) receipt(p receiptParams) ([]byte, error) {
	s.receipts.Lock()
	defer s.receipts.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), receiptTime)
	defer cancel()
	ranges, refused, err := s.store.Held(ctx, p.AgentID, p.Ranges)
	if err != nil {
		return nil, err
	}
	cert, err := s.certificate()
	if err != nil {
		return nil, err
	}
	return receipt.Sign(receipt.Receipt{
		Agent: p.AgentID, Bundle: p.Bundle, Ranges: ranges, Refused: refused, Endpoint: EndpointName(cert.Leaf), IssuedMS: s.now().UnixMilli(),
	}, *cert)
}

// certificate is the one that TLS shows to whoever names no server.
func (s *Server) certificate() (*tls.Certificate, error) {
	if s.tls.GetCertificate != nil {
		return s.tls.GetCertificate(&tls.ClientHelloInfo{})
	}
	if len(s.tls.Certificates) == 0 {
		return nil, errNoCertificate
	}
	return &s.tls.Certificates[0], nil
}

var errNoCertificate = errors.New("there is no server certificate to sign with")

// EndpointName is what an endpoint with this certificate calls itself, for people: the first of its names
// that says something elsewhere too.
func EndpointName(cert *x509.Certificate) string {
	if cert == nil {
		return self
	}
	hosts := hostsOf(cert)
	for _, h := range hosts {
		if ip := net.ParseIP(h); h != "localhost" && !ip.IsLoopback() {
			return h
		}
	}
	if len(hosts) > 0 {
		return hosts[0]
	}
	return self
}
