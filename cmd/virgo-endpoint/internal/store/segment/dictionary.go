package segment

import (
	_ "embed" // the default dictionary
)

// MaxDictionary bounds the dictionary of a segment. A larger one of a fleet of one kind makes blobs no smaller
// and takes longer (BenchmarkAppend).
const MaxDictionary = 64 << 10

// defaultDictionary is that of a segment that is made without one, the first of a store: results of the
// schedule that virgo-endpoint init writes, as testdata/session.jsonl has them.
//
//go:embed default_dictionary.jsonl
var defaultDictionary []byte
