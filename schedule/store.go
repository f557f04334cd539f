package schedule

// A Reader is the reading half of a Store.
type Reader interface {
	// Get gives a copy; nil where there is none.
	Get(space, key string) []byte
}

// A Store is one transaction of the caller's over what is kept from run to run. Claims are only as good
// as its isolation: two runs must not be inside of one at the same time.
type Store interface {
	Reader
	Put(space, key string, value []byte) error
	Delete(space, key string) error
	// Each goes through one space. fn must not write.
	Each(space string, fn func(key string, value []byte) error) error
}

// The spaces of the Store that hold something for each check, by its id.
const (
	// CheckSpace holds Last, see AppendBinary.
	CheckSpace = "checks"
	// SampleSpace holds the samples of the checks' types; Prune alone touches them here.
	SampleSpace = "samples"
)
