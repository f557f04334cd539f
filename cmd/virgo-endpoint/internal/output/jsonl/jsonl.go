// Package jsonl appends results to a file, a line of JSON each, as virgo-endpoint results --json prints them. The file is opened by its
// name for each batch, so it may be rotated, and synced before the batch counts as passed on. After a failure the file ends
// where it did before the batch, unless the disk refuses that too. A batch that was written just before a kill is written again: seq tells.
package jsonl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"virgo/cmd/virgo-endpoint/internal/output"
	"virgo/cmd/virgo-endpoint/internal/report"
)

// A Sink appends to a file.
type Sink struct{ path string }

// New returns a sink. The file is made with the first batch.
func New(path string) *Sink { return &Sink{path} }

// Send is of [output.Sink].
func (s *Sink) Send(_ context.Context, batch []output.Item) error {
	var lines []byte
	for i := range batch {
		var err error
		if lines, err = report.AppendResult(lines, batch[i].Result); err != nil {
			return &output.Refused{Err: err}
		}
		lines = append(lines, '\n')
	}
	// Opening a pipe that nobody reads must not hold this process up.
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular(): // it cannot be synced, so each batch would come again and again
		err = fmt.Errorf("%q is no regular file", s.path)
	default:
		if _, err = f.Write(lines); err == nil {
			err = f.Sync()
		}
		if err != nil {
			err = errors.Join(err, f.Truncate(info.Size()))
		}
	}
	return errors.Join(err, f.Close())
}
