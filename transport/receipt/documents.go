package receipt

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
)

// maxDocuments bounds the documents of a file.
const maxDocuments = 1 << 12

// Documents iterates over the documents of a file, one per line. Each is valid until the next.
// After an error it stops: [ErrNotReceipt] where the file or a line is too long, or that of r.
func Documents(r io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(make([]byte, 0, 4<<10), MaxBytes+2)
		n := 0
		for lines.Scan() {
			doc := bytes.TrimSpace(lines.Bytes())
			if len(doc) == 0 {
				continue
			}
			if n++; n > maxDocuments {
				yield(nil, fmt.Errorf("%w: more than %d documents", ErrNotReceipt, maxDocuments))
				return
			}
			if !yield(doc, nil) {
				return
			}
		}
		if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
			yield(nil, fmt.Errorf("%w: a line is longer than %d bytes", ErrNotReceipt, MaxBytes))
		} else if err != nil {
			yield(nil, fmt.Errorf("read the receipts: %w", err))
		}
	}
}
