package intake

import "time"

// A Storage is what a store says about itself.
type Storage struct {
	// Results is the number of results that are stored, Bytes what the files take on disk.
	Results, Bytes int64
	// MaxBytes is the bound of Bytes; 0 if there is none. FreeBytes is the free space of the disk that
	// this process may use; -1 if it is unknown.
	MaxBytes, FreeBytes int64
	// Oldest is when the oldest stored results arrived, by day where it is not known better; zero if there
	// are none.
	Oldest time.Time
	// Segments is the number of files with results, Damaged that of those which were set aside.
	Segments, Damaged int
	// ThrownAway counts results that were acknowledged and not stored, because they were made before the
	// oldest that are kept.
	ThrownAway int64
	// Full is true while nothing is stored for want of space.
	Full bool
}
