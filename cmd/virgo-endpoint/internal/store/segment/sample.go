package segment

import (
	"context"
	"fmt"
	"slices"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// Sample returns a dictionary for the next segment, of at most size bytes: params of results from all over
// this one. It is empty if there are none. Each agent and check type gives at most one of its results, until there
// are no others.
func (s *Segment) Sample(ctx context.Context, size int) ([]byte, error) {
	const places = 256
	b, err := s.Bounds(ctx)
	if err != nil || b.Empty {
		return nil, err
	}
	type source struct {
		agent     int64
		checkType string
	}
	seen := map[source]bool{}
	var first, rest []intake.Result
	step := max(1, (b.Next-s.first)/places)
	for seq := s.first - 1; seq < b.Next; seq += step {
		list, err := s.page(ctx, "SELECT "+blobColumns+" FROM blobs WHERE seq > ? ORDER BY seq LIMIT 1", seq)
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			break
		}
		seq = max(seq, list[0].Seq)
		results, err := list[0].Results(nil)
		if err != nil {
			return nil, err
		}
		for i := range results {
			from := source{list[0].Agent, results[i].CheckType}
			if seen[from] {
				rest = append(rest, results[i])
			} else {
				first = append(first, results[i])
			}
			seen[from] = true
		}
	}
	var chosen [][]byte
	for _, r := range slices.Concat(first, rest) {
		if size -= len(r.Params); size < 0 {
			break
		}
		chosen = append(chosen, r.Params)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("sampling the segment %q: %w", s.path, err)
	}
	return slices.Concat(chosen...), nil
}
