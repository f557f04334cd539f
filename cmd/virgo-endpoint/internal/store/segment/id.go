package segment

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"strings"

	"virgo/transport/receipt"
)

// An ID is a result's id as ids has it: two results of an agent are one if and only if their IDs are
// equal.
//
// Of "agent/start-order" Start is start combined with a hash of the text before the slash: an agent that is
// renamed sends the results that wait with its old name in their ids. First is the order. Of all other
// ids both are from the SHA-256, and First is negative.
type ID struct{ Start, First int64 }

// IDs makes IDs. The zero value is ready to use; it remembers the hash of the last agent's name.
type IDs struct {
	prefix string
	hash   uint64
}

// Of returns the ID of a result's id, which is not empty.
func (p *IDs) Of(resultID string) ID {
	if at := strings.LastIndexByte(resultID, '/'); at >= 0 {
		prefix := resultID[:at]
		if start, n, ok := receipt.ParseID(prefix, resultID); ok && n <= math.MaxInt64 {
			return ID{int64(start ^ p.of(prefix)), int64(n)}
		}
	}
	sum := sha256.Sum256([]byte(resultID))
	return ID{int64(binary.LittleEndian.Uint64(sum[:])), int64(binary.LittleEndian.Uint64(sum[8:]) | 1<<63)}
}

// of returns the hash of a name.
func (p *IDs) of(prefix string) uint64 {
	if prefix != p.prefix || p.hash == 0 {
		sum := sha256.Sum256([]byte(prefix))
		p.prefix, p.hash = strings.Clone(prefix), binary.LittleEndian.Uint64(sum[:])
	}
	return p.hash
}

// ordered reports whether First is an order.
func (i ID) ordered() bool { return i.First >= 0 }

// Order returns the order in an id; false if it has none.
func (i ID) Order() (uint64, bool) { return uint64(max(i.First, 0)), i.ordered() }
