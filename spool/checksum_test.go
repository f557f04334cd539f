package spool

import "testing"

// The hashes of xxHash's sanity check and of the examples of its specification.
func TestChecksumIsHalfOfXXH64(t *testing.T) {
	for in, hash := range map[string]uint64{
		"":     0xef46db3751d8e999,
		"a":    0xd24ec4f1a98c6e5b,
		"as":   0x1c330fb2d66be179,
		"asd":  0x631c37ce72a97393,
		"asdf": 0x415872f599cea71e,
		"Call me Ishmael. Some years ago--never mind how long precisely-": 0x02a2e85470d6fd96,
	} {
		if got := checksum(0, []byte(in)); got != uint32(hash) {
			t.Errorf("checksum(0, %q) = %x, want the low half of %x", in, got, hash)
		}
	}
	if checksum(1, nil) == checksum(0, nil) {
		t.Error("the seed is ignored")
	}
}
