package bundle_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"virgo/spool/bundle"
)

// FuzzReader reads arbitrary bytes: no panic, and what can be read can be written and read again.
func FuzzReader(f *testing.F) {
	golden, err := os.ReadFile(filepath.Join("testdata", "golden.bundle"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add(golden[:20])
	f.Add(golden[:len(golden)-1])
	f.Add([]byte("age-encryption.org/v1\n-> X25519 TEiF0ypqr+bpvcqXNyCVJpL7OuwPdVwPL7KQEbFDOCc\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if fixed := reseal(b); fixed != nil { // with valid seals, which a fuzzer does not find
			readAll(t, fixed)
		}
		readAll(t, b)
	})
}

func readAll(t *testing.T, b []byte) {
	r, err := open(b)
	if err != nil {
		return
	}
	list, err := all(r)
	if err != nil || uint64(len(list)) != r.Count() {
		t.Fatalf("opened, and then: %d of %d results, %v", len(list), r.Count(), err)
	}
	again, err := open(write(t, r.Header(), testKey(1), list))
	if err != nil || again.Count() != r.Count() {
		t.Fatalf("written again: %v", err)
	}
}

// FuzzKeys parses arbitrary text as keys: no panic.
func FuzzKeys(f *testing.F) {
	f.Add("age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p")
	f.Add("AGE-SECRET-KEY-1")
	f.Fuzz(func(t *testing.T, s string) {
		bundle.ParseRecipient(s)
		bundle.ParseIdentities(bytes.NewReader([]byte(s)))
	})
}
