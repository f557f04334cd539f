package receipt

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// Limits of a receipt. What is past them is refused by Sign and by Open alike.
const (
	MaxBytes   = 4<<20 - 4<<10 // of a document: a frame of 4 MiB can carry it as a result
	MaxRanges  = 1 << 15
	MaxRefused = 1 << 10
	// MaxMessageBytes of a refusal's message; Sign cuts longer ones.
	MaxMessageBytes = 512

	maxIDBytes       = 1<<10 + 64 // of a result's id: an agent's and two numbers
	maxAgentBytes    = 1 << 10
	maxEndpointBytes = 1 << 10
	maxCertificates  = 10
	maxTime          = 253402300799999 // ms: the end of the year 9999
	bundleDigits     = 32
)

// The kinds of failure; each error of [Open] is one of them to errors.Is.
var (
	// ErrNotReceipt is returned for what is not a receipt at all, or is cut.
	ErrNotReceipt = errors.New("not a receipt")
	// ErrNewer is returned for a receipt of a later form than this program knows.
	ErrNewer = errors.New("receipt of a newer form")
	// ErrChanged is returned where the signature is not over what is there.
	ErrChanged = errors.New("receipt was changed")
	// ErrUntrusted is returned where the signature is good and its maker is nobody to believe.
	ErrUntrusted = errors.New("receipt is signed by nobody this host trusts")
)

// A Receipt is what an endpoint signs: it has these results.
type Receipt struct {
	// Agent whose results these are.
	Agent string
	// Bundle that brought them, 32 hexadecimal digits; may be empty.
	Bundle string
	// Ranges of results that the endpoint's store has.
	Ranges []Range
	// Refused are results that it does not want.
	Refused []Refused
	// Endpoint is the name that it gives itself, for people.
	Endpoint string
	// IssuedMS is when it was signed, by the endpoint's clock, ms since the epoch.
	IssuedMS int64
}

// A Refused is a result that the endpoint does not want, and why.
type Refused struct {
	ID      string `json:"id"`
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// Issued is IssuedMS as a time.
func (r *Receipt) Issued() time.Time { return time.UnixMilli(r.IssuedMS) }

// check says what of r no receipt may hold.
func (r *Receipt) check() error {
	switch {
	case r.Agent == "" || len(r.Agent) > maxAgentBytes || !utf8.ValidString(r.Agent):
		return fmt.Errorf("its agent is not 1 to %d bytes of text", maxAgentBytes)
	case len(r.Endpoint) > maxEndpointBytes:
		return fmt.Errorf("its endpoint has more than %d bytes", maxEndpointBytes)
	case len(r.Ranges) > MaxRanges:
		return fmt.Errorf("it has %d ranges, more than %d", len(r.Ranges), MaxRanges)
	case len(r.Refused) > MaxRefused:
		return fmt.Errorf("it has %d refused results, more than %d", len(r.Refused), MaxRefused)
	case r.IssuedMS <= 0 || r.IssuedMS > maxTime:
		return fmt.Errorf("issued_ms %d is no time", r.IssuedMS)
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
			return fmt.Errorf("a refusal's message has more than %d bytes", MaxMessageBytes)
		}
	}
	return nil
}
