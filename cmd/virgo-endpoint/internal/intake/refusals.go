package intake

import (
	"time"

	"virgo/transport/receipt"
)

// A Refusal is a result that the endpoint did not accept, and remembers for receipts: at most
// MaxRefusals of an agent, those that came last. It is not the refusal of a host's owner, which is a stored result
// (Result.Refused).
type Refusal struct {
	AgentID string
	receipt.Refused
	// Received is when it was refused.
	Received time.Time
}
