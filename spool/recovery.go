package spool

import "fmt"

// A Recovery reports how a damaged file was replaced.
type Recovery struct {
	// Why is one sentence for a person about what was wrong.
	Why string
	// Saved is the number of records, queued or rejected, in the new file. Lost is the number of
	// further records that the damaged file's totals counted.
	Saved, Lost uint64
	// LostUnknown means that these totals could not be read either, so that Lost is not known.
	LostUnknown bool
	// Backup is the path of the damaged file; empty if it could not be kept.
	Backup string
}

// String is the line to show to a person.
func (r Recovery) String() string {
	lost := fmt.Sprintf("%d are lost", r.Lost)
	if r.LostUnknown {
		lost = "an unknown number is lost"
	}
	s := fmt.Sprintf("the spool was damaged (%s): %d results were saved to a new one, %s", r.Why, r.Saved, lost)
	if r.Backup != "" {
		s += "; the damaged file is kept as " + r.Backup
	}
	return s
}
