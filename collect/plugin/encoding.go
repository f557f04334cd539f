package plugin

import (
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// A utf16Reader reads UTF-8 from the output of a program. PowerShell and some programs of Windows
// print UTF-16, which is recognized by its byte order mark or by the two ASCII characters that it
// begins with; any other output passes unchanged.
type utf16Reader struct {
	r io.Reader
	// state is what the output was recognized as.
	state    encoding
	decoded  []byte // UTF-8 that was not yet read
	odd      []byte // of UTF-16: a half character, or a half surrogate pair
	err      error
	attempts []byte // the first bytes, until state is known
}

type encoding int

const (
	notKnown encoding = iota
	passThrough
	littleEndian
	bigEndian
)

// sniffBytes is how many bytes it takes to recognize an encoding.
const sniffBytes = 4

func (u *utf16Reader) Read(p []byte) (int, error) {
	if u.state == passThrough && len(u.decoded) == 0 {
		return u.r.Read(p)
	}
	for len(u.decoded) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		buf := make([]byte, firstBytes)
		n, err := u.r.Read(buf)
		u.err = err
		u.feed(buf[:n])
		if u.state == passThrough {
			break
		}
	}
	n := copy(p, u.decoded)
	u.decoded = u.decoded[n:]
	if n == 0 && u.err == nil && u.state == passThrough {
		return u.r.Read(p)
	}
	if len(u.decoded) == 0 && u.err != nil {
		return n, u.err
	}
	return n, nil
}

// feed takes bytes that were read, or the end of the output.
func (u *utf16Reader) feed(b []byte) {
	if u.state == notKnown {
		u.attempts = append(u.attempts, b...)
		if len(u.attempts) < sniffBytes && u.err == nil {
			return
		}
		b, u.attempts = u.attempts, nil
		if u.state = recognize(b); u.state == passThrough {
			u.decoded = b
			return
		}
	}
	b = append(u.odd, b...)
	i := 0
	for ; i+1 < len(b); i += 2 {
		r := rune(u.unit(b[i:]))
		if utf16.IsSurrogate(r) {
			if i+3 >= len(b) && u.err == nil {
				break
			}
			if i+3 < len(b) {
				if pair := utf16.DecodeRune(r, rune(u.unit(b[i+2:]))); pair != utf8.RuneError {
					r, i = pair, i+2
				}
			}
		}
		u.decoded = utf8.AppendRune(u.decoded, r)
	}
	u.odd = append([]byte(nil), b[i:]...)
	if u.err != nil && len(u.odd) > 0 {
		u.decoded, u.odd = utf8.AppendRune(u.decoded, utf8.RuneError), nil
	}
}

func (u *utf16Reader) unit(b []byte) uint16 {
	if u.state == littleEndian {
		return uint16(b[0]) | uint16(b[1])<<8
	}
	return uint16(b[1]) | uint16(b[0])<<8
}

// recognize returns the encoding of an output that begins with b.
func recognize(b []byte) encoding {
	switch {
	case len(b) >= 2 && b[0] == 0xff && b[1] == 0xfe:
		return littleEndian
	case len(b) >= 2 && b[0] == 0xfe && b[1] == 0xff:
		return bigEndian
	case len(b) < sniffBytes:
	case b[0] != 0 && b[1] == 0 && b[2] != 0 && b[3] == 0:
		return littleEndian
	case b[0] == 0 && b[1] != 0 && b[2] == 0 && b[3] != 0:
		return bigEndian
	}
	return passThrough
}
