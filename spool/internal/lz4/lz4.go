// Package lz4 packs results: LZ4's block format (lz4_Block_format.md of the reference implementation),
// which is sequences of
//
//	token u8 (literals in the high half, match length - 4 in the low), more length bytes where a
//	half is 15, the literals, offset u16 little-endian, more length bytes
//
// The last sequence has literals alone; the last five bytes are always literals, and no match begins
// in the last twelve. Results that follow one another repeat nearly all of their words, so that this
// brings them to a tenth. It is here in place of compress/flate because that fills its tables at
// start-up, which every run would pay and hardly any would use.
package lz4

import (
	"encoding/binary"
	"errors"
)

const (
	minMatch   = 4
	lastBytes  = 5
	matchLimit = 12
	window     = 1<<16 - 1
	hashBits   = 12
)

// Append appends the block for src to dst.
func Append(dst, src []byte) []byte {
	var table [1 << hashBits]int32 // position + 1 of the last four bytes of that hash
	anchor, i := 0, 0
	for limit := len(src) - matchLimit; i < limit; {
		word := binary.LittleEndian.Uint32(src[i:])
		slot := &table[word*2654435761>>(32-hashBits)]
		from := int(*slot) - 1
		*slot = int32(i + 1)
		if from < 0 || i-from > window || binary.LittleEndian.Uint32(src[from:]) != word {
			i += 1 + (i-anchor)>>6 // what does not repeat is passed over faster and faster
			continue
		}
		n := minMatch
		for i+n < len(src)-lastBytes && src[from+n] == src[i+n] {
			n++
		}
		dst = appendSequence(dst, src[anchor:i], n-minMatch)
		dst = binary.LittleEndian.AppendUint16(dst, uint16(i-from))
		dst = appendLength(dst, n-minMatch)
		i += n
		anchor = i
	}
	return appendSequence(dst, src[anchor:], 0)
}

// appendSequence appends a token and the literals; match is the match's length without the least.
func appendSequence(dst, literals []byte, match int) []byte {
	dst = append(dst, byte(min(len(literals), 15)<<4|min(match, 15)))
	dst = appendLength(dst, len(literals))
	return append(dst, literals...)
}

// appendLength appends what of a length the token cannot say.
func appendLength(dst []byte, n int) []byte {
	if n < 15 {
		return dst
	}
	for n -= 15; n >= 255; n -= 255 {
		dst = append(dst, 255)
	}
	return append(dst, byte(n))
}

// ErrBlock is returned for what is not a block of the size that was asked for.
var ErrBlock = errors.New("not an LZ4 block of that size")

// Expand appends the size bytes that the block src holds to dst; ErrBlock where it holds anything else.
func Expand(dst, src []byte, size int) ([]byte, error) {
	start := len(dst)
	for i := 0; i < len(src); {
		token := int(src[i])
		literals, i2, ok := readLength(src, i+1, token>>4)
		if !ok || literals > len(src)-i2 || len(dst)-start+literals > size {
			return nil, ErrBlock
		}
		dst = append(dst, src[i2:i2+literals]...)
		if i = i2 + literals; i == len(src) {
			break
		}
		if i+2 > len(src) {
			return nil, ErrBlock
		}
		offset := int(binary.LittleEndian.Uint16(src[i:]))
		var match int
		match, i, ok = readLength(src, i+2, token&15)
		match += minMatch
		from := len(dst) - offset
		if !ok || offset == 0 || from < start || len(dst)-start+match > size {
			return nil, ErrBlock
		}
		for offset < match { // the match runs into what it writes: double what is there
			dst = append(dst, dst[from:from+offset]...)
			match -= offset
			offset *= 2
		}
		dst = append(dst, dst[from:from+match]...)
	}
	if len(dst)-start != size {
		return nil, ErrBlock
	}
	return dst, nil
}

func readLength(src []byte, i, n int) (int, int, bool) {
	if n < 15 {
		return n, i, true
	}
	for ; i < len(src); i++ {
		n += int(src[i])
		if src[i] != 255 {
			return n, i + 1, true
		}
	}
	return 0, i, false
}
