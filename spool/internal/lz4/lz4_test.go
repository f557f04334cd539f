package lz4

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

// A block by hand, from the format's description: "abcd" four times, and five bytes that end it.
func TestKnownBlock(t *testing.T) {
	block := []byte{4<<4 | 12 - 4, 'a', 'b', 'c', 'd', 4, 0, 5 << 4, 'v', 'w', 'x', 'y', 'z'}
	got, err := Expand(nil, block, 21)
	if want := strings.Repeat("abcd", 4) + "vwxyz"; err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	for cut := range block {
		if _, err := Expand(nil, block[:cut], 21); err == nil {
			t.Errorf("a block cut at %d expands", cut)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for n := range 400 {
		src := make([]byte, rnd.IntN(n*n+1))
		letters := 1 + rnd.IntN(255)
		for i := range src {
			src[i] = byte(rnd.IntN(letters))
			if back := rnd.IntN(i + 1); rnd.IntN(3) > 0 && back > 0 {
				src[i] = src[i-back]
			}
		}
		block := Append([]byte("head"), src)
		got, err := Expand([]byte("there"), block[4:], len(src))
		if err != nil || string(got[:5]) != "there" || !bytes.Equal(got[5:], src) {
			t.Fatalf("%d bytes do not come back: %v", len(src), err)
		}
		if _, err := Expand(nil, block[4:], len(src)+1); err == nil {
			t.Fatal("a block of another size expands")
		}
	}
}

func FuzzBlock(f *testing.F) {
	f.Add([]byte("abcdabcdabcdabcdabcdabcdabcdvwxyz"))
	f.Add([]byte{4<<4 | 8, 'a', 'b', 'c', 'd', 4, 0, 5 << 4, 'v', 'w', 'x', 'y', 'z'})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := Expand(nil, Append(nil, b), len(b))
		if err != nil || !bytes.Equal(got, b) {
			t.Fatalf("%x comes back as %x, %v", b, got, err)
		}
		const most = 1 << 16
		if got, err := Expand(nil, b, most); err == nil && len(got) != most {
			t.Fatalf("%d bytes", len(got))
		}
	})
}
