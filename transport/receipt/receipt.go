package receipt

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// Limits of a receipt, enforced by Sign and Open.
const (
	MaxBytes   = 4<<20 - 4<<10 // of a document, which fits a frame as a result
	MaxRanges  = 1 << 15
	MaxRefused = 1 << 10
	// MaxMessageBytes bounds the message of a refusal; Sign truncates longer ones.
	MaxMessageBytes = 512

	maxIDBytes       = 1<<10 + 64 // of a result's id: an agent's id and two numbers
	maxAgentBytes    = 1 << 10
	maxEndpointBytes = 1 << 10
	maxCertificates  = 10
	maxTime          = 253402300799999 // ms: the end of the year 9999
	bundleDigits     = 32
)

// The kinds of failure. By errors.Is, each error of [Open] is one of them.
var (
	// ErrNotReceipt is returned for input that is not a receipt, or not a complete one.
	ErrNotReceipt = errors.New("not a receipt")
	// ErrNewer is returned for a receipt of a later version than this program knows.
	ErrNewer = errors.New("receipt of a newer version")
	// ErrChanged is returned when the signature does not match.
	ErrChanged = errors.New("receipt was changed")
	// ErrUntrusted is returned when the signature matches and the signer is not trusted.
	ErrUntrusted = errors.New("receipt is not signed by an endpoint that this host trusts")
)

// A Receipt names the results of one agent that an endpoint has stored, and those that it has refused.
type Receipt struct {
	// Agent is the id of the agent whose results these are.
	Agent string
	// Bundle is the id of the bundle that had them, 32 hexadecimal digits; empty if there was none.
	Bundle string
	// Ranges are the stored results.
	Ranges []Range
	// Refused are results that the endpoint refused.
	Refused []Refused
	// Endpoint is the endpoint's name, for people.
	Endpoint string
	// IssuedMS is when the receipt was signed, by the endpoint's clock, in ms since the Unix epoch.
	IssuedMS int64
}

// A Refused is a result that the endpoint refused, and why.
type Refused struct {
	ID      string `json:"id"`
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// Issued returns IssuedMS as a time.
func (r *Receipt) Issued() time.Time { return time.UnixMilli(r.IssuedMS) }

// check verifies the limits and the form of all fields.
func (r *Receipt) check() error {
	switch {
	case r.Agent == "" || len(r.Agent) > maxAgentBytes || !utf8.ValidString(r.Agent):
		return fmt.Errorf("its agent is not 1 to %d bytes of text", maxAgentBytes)
	case len(r.Endpoint) > maxEndpointBytes:
		return fmt.Errorf("its endpoint is longer than %d bytes", maxEndpointBytes)
	case len(r.Ranges) > MaxRanges:
		return fmt.Errorf("it has %d ranges, more than %d", len(r.Ranges), MaxRanges)
	case len(r.Refused) > MaxRefused:
		return fmt.Errorf("it has %d refused results, more than %d", len(r.Refused), MaxRefused)
	case r.IssuedMS <= 0 || r.IssuedMS > maxTime:
		return fmt.Errorf("issued_ms %d is not a time", r.IssuedMS)
	}
	if r.Bundle != "" {
		if _, err := hex.DecodeString(r.Bundle); err != nil || len(r.Bundle) != bundleDigits {
			return fmt.Errorf("its bundle is not %d hexadecimal digits", bundleDigits)
		}
	}
	for _, g := range r.Ranges {
		if g.From > g.To {
			return fmt.Errorf("range %s ends before it begins", g)
		}
	}
	for _, f := range r.Refused {
		if _, _, ok := ParseID(r.Agent, f.ID); !ok {
			return fmt.Errorf("refused result %.64q is not of agent %.64q", f.ID, r.Agent)
		}
		if len(f.Message) > MaxMessageBytes {
			return fmt.Errorf("a refusal's message is longer than %d bytes", MaxMessageBytes)
		}
	}
	return nil
}
