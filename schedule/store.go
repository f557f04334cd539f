package schedule

// A Reader reads a Store.
type Reader interface {
	// Get returns a copy of a value; nil if there is none.
	Get(space, key string) []byte
}

// A Store is a transaction of the caller on the state that is stored between runs. Claims rely on
// its isolation: two runs must not have a writing transaction at the same time.
type Store interface {
	Reader
	Put(space, key string, value []byte) error
	Delete(space, key string) error
	// Each calls fn for every value of a space. fn must not write.
	Each(space string, fn func(key string, value []byte) error) error
}

// The spaces of the Store that have a value for each check, by its id.
const (
	// CheckSpace has a Last for each check, see Last.AppendBinary.
	CheckSpace = "checks"
	// SampleSpace has the samples from which check types compute rates. In this package, only Prune
	// uses it.
	SampleSpace = "samples"
	// LatestSpace has the latest result of each check. In this package, only Prune uses it.
	LatestSpace = "latest"
)
