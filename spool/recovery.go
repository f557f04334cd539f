package spool

import "fmt"

// A Recovery says what became of a damaged file.
type Recovery struct {
	// Why is what was wrong with it, one sentence for a person.
	Why string
	// Saved is how many records were carried over to a fresh file, waiting or refused; Gone how many
	// more the damaged file's totals spoke of.
	Saved, Gone uint64
	// Kept is where the damaged file is now; empty where it could not be kept.
	Kept string
}

// String is the line that a person should see.
func (r Recovery) String() string {
	s := fmt.Sprintf("the spool was damaged (%s): %d results were carried over to a fresh one, %d are gone", r.Why, r.Saved, r.Gone)
	if r.Kept != "" {
		s += "; the damaged file is kept as " + r.Kept
	}
	return s
}
