package intake

import (
	"errors"
	"fmt"
)

// ErrFull is returned by Append, AddBundle and Admit when there is no space to store anything: nothing of the batch
// is stored, and agents keep their results. It ends by itself once there is space.
var ErrFull = errors.New("the disk is full")

// A FullError is ErrFull with its figures.
type FullError struct {
	// Dir is the folder on the disk, Free what is free there, Floor what has to be. In bytes.
	Dir         string
	Free, Floor int64
	// Migrating is true while the store has the table of before segments: then keeping less makes no space.
	Migrating bool
}

func (e *FullError) Error() string {
	return fmt.Sprintf("%v: %q has %d MiB of free space, and below %d MiB (--min-free) nothing is stored", ErrFull, e.Dir, e.Free>>20, e.Floor>>20)
}

func (e *FullError) Unwrap() error { return ErrFull }

// Hint returns the next step.
func (e *FullError) Hint() string {
	if e.Migrating {
		return "make space on that disk: results of an earlier version are being moved into segments, and until that is done " +
			"--keep-results and --max-bytes make none; agents keep their results and deliver them then"
	}
	return "make space on that disk, or keep less: serve --keep-results or --max-bytes; agents keep their results and deliver them then"
}
