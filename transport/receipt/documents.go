package receipt

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
)

// maxDocuments bounds a file of receipts.
const maxDocuments = 1 << 12

// Documents gives the documents of a file, one a line, each good until the next. An error is the last thing it
// gives: [ErrNotReceipt] for what is too long, or too much, to be receipts, and those of r.
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
				yield(nil, fmt.Errorf("%w: more than %d of them", ErrNotReceipt, maxDocuments))
				return
			}
			if !yield(doc, nil) {
				return
			}
		}
		if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
			yield(nil, fmt.Errorf("%w: a line has more than %d bytes", ErrNotReceipt, MaxBytes))
		} else if err != nil {
			yield(nil, fmt.Errorf("read the receipts: %w", err))
		}
	}
}
