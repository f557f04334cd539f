package boltfile

import (
	"errors"
	"fmt"
	"io"
)

// ErrNewerVersion is returned when both metas are of a later version of bbolt's format.
var ErrNewerVersion = errors.New("the file is of a newer version of bbolt's format")

// A CorruptError is returned when bytes of the file cannot be right.
type CorruptError struct {
	// Reason is one sentence that does not name the file, such as "page 7 is in use twice".
	Reason string
}

func (e *CorruptError) Error() string { return e.Reason }

// IsCorrupt reports whether err is about the bytes of the file, and not about the disk.
func IsCorrupt(err error) bool {
	var e *CorruptError
	return errors.As(err, &e)
}

func corrupt(format string, args ...any) error {
	return &CorruptError{fmt.Sprintf(format, args...)}
}

// readAt fills b from the offset. It returns a CorruptError if the file ends before b is full.
func readAt(f io.ReaderAt, b []byte, offset int64) error {
	_, err := f.ReadAt(b, offset)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return corrupt("the file ends within page %d", offset/PageSize)
	}
	return err
}
