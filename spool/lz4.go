package spool

import (
	"encoding/binary"
	"errors"
)

// LZ4's block format (lz4_Block_format.md of the reference implementation): sequences of
//
//	token u8 (literals in the high half, match length - 4 in the low), more length bytes where a
//	half is 15, the literals, offset u16 little-endian, more length bytes
//
// The last sequence has literals alone; the last five bytes are always literals, and no match begins
// in the last twelve. Results that follow one another repeat nearly all of their words, so that this
// brings them to a tenth. It is here in place of compress/flate because that fills its tables at
// start-up, which every run would pay and hardly any would use.
const (
	lz4MinMatch   = 4
	lz4LastBytes  = 5
	lz4MatchLimit = 12
	lz4Window     = 1<<16 - 1
	lz4HashBits   = 12
)

// lz4Append appends the block for src to dst.
func lz4Append(dst, src []byte) []byte {
	var table [1 << lz4HashBits]int32 // position + 1 of the last four bytes of that hash
	anchor, i := 0, 0
	for limit := len(src) - lz4MatchLimit; i < limit; {
		word := binary.LittleEndian.Uint32(src[i:])
		slot := &table[word*2654435761>>(32-lz4HashBits)]
		from := int(*slot) - 1
		*slot = int32(i + 1)
		if from < 0 || i-from > lz4Window || binary.LittleEndian.Uint32(src[from:]) != word {
			i += 1 + (i-anchor)>>6 // what does not repeat is passed over faster and faster
			continue
		}
		n := lz4MinMatch
		for i+n < len(src)-lz4LastBytes && src[from+n] == src[i+n] {
			n++
		}
		dst = lz4Sequence(dst, src[anchor:i], n-lz4MinMatch)
		dst = binary.LittleEndian.AppendUint16(dst, uint16(i-from))
		dst = lz4Length(dst, n-lz4MinMatch)
		i += n
		anchor = i
	}
	return lz4Sequence(dst, src[anchor:], 0)
}

// lz4Sequence appends a token and the literals; match is the match's length without the least.
func lz4Sequence(dst, literals []byte, match int) []byte {
	dst = append(dst, byte(min(len(literals), 15)<<4|min(match, 15)))
	dst = lz4Length(dst, len(literals))
	return append(dst, literals...)
}

// lz4Length appends what of a length the token cannot say.
func lz4Length(dst []byte, n int) []byte {
	if n < 15 {
		return dst
	}
	for n -= 15; n >= 255; n -= 255 {
		dst = append(dst, 255)
	}
	return append(dst, byte(n))
}

var errLZ4 = errors.New("not a block of that size")

// lz4Expand appends the size bytes that the block src holds to dst; errLZ4 where it holds anything else.
func lz4Expand(dst, src []byte, size int) ([]byte, error) {
	start := len(dst)
	for i := 0; i < len(src); {
		token := int(src[i])
		literals, i2, ok := lz4ReadLength(src, i+1, token>>4)
		if !ok || literals > len(src)-i2 || len(dst)-start+literals > size {
			return nil, errLZ4
		}
		dst = append(dst, src[i2:i2+literals]...)
		if i = i2 + literals; i == len(src) {
			break
		}
		if i+2 > len(src) {
			return nil, errLZ4
		}
		offset := int(binary.LittleEndian.Uint16(src[i:]))
		var match int
		match, i, ok = lz4ReadLength(src, i+2, token&15)
		match += lz4MinMatch
		from := len(dst) - offset
		if !ok || offset == 0 || from < start || len(dst)-start+match > size {
			return nil, errLZ4
		}
		for offset < match { // the match runs into what it writes: double what is there
			dst = append(dst, dst[from:from+offset]...)
			match -= offset
			offset *= 2
		}
		dst = append(dst, dst[from:from+match]...)
	}
	if len(dst)-start != size {
		return nil, errLZ4
	}
	return dst, nil
}

func lz4ReadLength(src []byte, i, n int) (int, int, bool) {
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
