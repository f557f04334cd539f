package intake

import "fmt"

// MaxSurplusBytes bounds the bytes of a result's params that no field of this protocol accounts for:
// unknown fields, repeated ones, and white space. They are stored with the result.
const MaxSurplusBytes = 64 << 10

// checkSurplus returns an error if there are more than MaxSurplusBytes of surplus.
func (p *post) checkSurplus() error {
	if n := p.size - p.known; n > MaxSurplusBytes {
		return fmt.Errorf("%d bytes are unknown or repeated fields or white space, more than %d", n, MaxSurplusBytes)
	}
	return nil
}
