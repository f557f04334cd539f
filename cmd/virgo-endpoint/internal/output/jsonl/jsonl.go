// Package jsonl passes results on as lines of JSON, as virgo-endpoint results --json prints them: to a file, or to a program of the owner.
//
// The file is opened by its name for each batch, so it may be rotated, and synced before the batch counts as passed on. After a failure the
// file ends where it did before the batch, unless the disk refuses that too.
//
// The program is started for each batch, with its lines as standard input, and has taken them when it ends with code 0; with 65
// (EX_DATAERR) it refuses them for ever, after every other end it is started again with the same batch. Package execute says how it is run.
//
// A batch that was passed on just before a kill is passed on again: seq tells.
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
	lines, err := encode(batch)
	if err != nil {
		return err
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

// encode returns the lines of results.
func encode(batch []output.Item) ([]byte, error) {
	var lines []byte
	for i := range batch {
		var err error
		if lines, err = report.AppendResult(lines, batch[i].Result); err != nil {
			return nil, &output.Refused{Err: err}
		}
		lines = append(lines, '\n')
	}
	return lines, nil
}
