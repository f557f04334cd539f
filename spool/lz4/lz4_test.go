package lz4

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// A block written by hand from the format's description: "abcd" four times, and the last five
// bytes.
func TestKnownBlock(t *testing.T) {
	block := []byte{4<<4 | 12 - 4, 'a', 'b', 'c', 'd', 4, 0, 5 << 4, 'v', 'w', 'x', 'y', 'z'}
	got, err := Expand(nil, block, 21)
	if want := strings.Repeat("abcd", 4) + "vwxyz"; err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	for n := range block {
		if _, err := Expand(nil, block[:n], 21); err == nil {
			t.Errorf("a block truncated to %d bytes expands", n)
		}
	}
}

func TestDamagedBlocks(t *testing.T) {
	literals := []byte{5 << 4, 'v', 'w', 'x', 'y', 'z'}
	for name, tt := range map[string]struct {
		block []byte
		size  int
	}{
		"empty":                                      {nil, 0},
		"a negative size":                            {literals, -1},
		"a size that it cannot have":                 {literals, 7 * maxRatio},
		"more literals than the size":                {literals, 4},
		"fewer literals than the size":               {literals, 6},
		"literals missing":                           {literals[:5], 5},
		"long literals missing":                      {append([]byte{15 << 4, 1}, bytes.Repeat([]byte("a"), 15)...), 16},
		"a length without its end":                   {[]byte{15 << 4, 255, 255}, 525},
		"no offset":                                  {[]byte{1 << 4, 'a'}, 5},
		"half an offset":                             {[]byte{1 << 4, 'a', 1}, 5},
		"an offset of 0":                             {append([]byte{1 << 4, 'a', 0, 0}, literals...), 10},
		"an offset before the start":                 {append([]byte{1 << 4, 'a', 2, 0}, literals...), 10},
		"a match beyond the size":                    {append([]byte{1 << 4, 'a', 1, 0}, literals...), 4},
		"a match at the end":                         {[]byte{1 << 4, 'a', 1, 0}, 5},
		"a match that only the last token announces": {[]byte{1<<4 | 1, 'a'}, 1},
	} {
		const before = "before" // not its own, so no match refers to it
		dst := append(make([]byte, 0, 1<<12), before...)
		block := slices.Clip(tt.block) // what follows it is not its own either
		if got, err := Expand(dst, block, tt.size); !errors.Is(err, ErrBlock) {
			t.Errorf("%s: %q, %v, want ErrBlock", name, got, err)
		}
		if after := dst[len(before)+max(tt.size, 0) : cap(dst)]; slices.Max(after) != 0 {
			t.Errorf("%s: more than its size was written", name)
		}
	}
	if n := testing.AllocsPerRun(10, func() { Expand(nil, literals, 7*maxRatio) }); n != 0 {
		t.Error("memory is allocated for a size that the block cannot have")
	}
}

// Decoders may rely on the end of a block: its last five bytes are literals, and no match begins in
// the last twelve.
func TestEndOfBlock(t *testing.T) {
	for n := range 300 {
		block := Append(nil, bytes.Repeat([]byte("a"), n))
		at := 0 // in the content
		for i := 0; ; {
			literals, next, _ := readLength(block, i+1, int(block[i]>>4))
			at += literals
			if next += literals; next == len(block) {
				if at != n || i > 0 && literals < lastBytes {
					t.Errorf("%d bytes: a block of %d ends with %d literals", n, at, literals)
				}
				break
			}
			if at > n-matchLimit {
				t.Errorf("%d bytes: a match begins at %d", n, at)
			}
			match, end, _ := readLength(block, next+2, int(block[i]&15))
			at, i = at+match+minMatch, end
		}
	}
}

// An offset has 16 bits.
func TestFarthestMatch(t *testing.T) {
	const word = "sixteen letters."
	var sizes []int
	for distance := window - 1; distance <= window+2; distance++ {
		src := []byte(word + strings.Repeat("\x00", distance-len(word)) + word + "some more bytes")
		block := Append(nil, src)
		if got, err := Expand(nil, block, len(src)); err != nil || !bytes.Equal(got, src) {
			t.Errorf("at a distance of %d the content is another one: %v", distance, err)
		}
		sizes = append(sizes, len(block))
	}
	if sizes[0] != sizes[1] || sizes[1] >= sizes[2] {
		t.Errorf("the blocks have %d bytes: the farthest match is not used", sizes)
	}
}

func TestRoundTrip(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for n := range 400 {
		src := make([]byte, rnd.IntN(n*n+1))
		symbols := 1 + rnd.IntN(255)
		for i := range src {
			src[i] = byte(rnd.IntN(symbols))
			if back := rnd.IntN(i + 1); rnd.IntN(3) > 0 && back > 0 {
				src[i] = src[i-back]
			}
		}
		block := Append([]byte("head"), src)
		got, err := Expand([]byte("there"), block[4:], len(src))
		if err != nil || string(got[:5]) != "there" || !bytes.Equal(got[5:], src) {
			t.Fatalf("%d bytes differ after the round trip: %v", len(src), err)
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
			t.Fatalf("%x becomes %x, %v", b, got, err)
		}
		const most = 1 << 16
		if got, err := Expand(nil, b, most); err == nil && len(got) != most {
			t.Fatalf("%d bytes", len(got))
		}
	})
}
