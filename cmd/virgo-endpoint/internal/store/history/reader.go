package history

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// errContent is returned when the content of a row with a valid checksum cannot be read.
var errContent = errors.New("its content cannot be read")

// A reader reads the content of a row. After the first error it returns zeros and has no rest.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", errContent, what)
	}
	r.rest = nil
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.fail("a number")
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reader) varint() int64 { return int64(unzigzag(r.uvarint())) }

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		r.fail("a byte")
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

// count reads a number of at most most.
func (r *reader) count(most int) int {
	n := r.uvarint()
	if n > uint64(most) {
		r.fail(fmt.Sprintf("a number of %d, more than %d", n, most))
		return 0
	}
	return int(n)
}

// bytes reads a length and as many bytes.
func (r *reader) bytes(most int) []byte {
	n := r.count(most)
	if n > len(r.rest) {
		r.fail("a text")
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// column appends n values to list, as columnEncoder.append encodes them.
func (r *reader) column(list []intake.Value, n int) []intake.Value {
	switch form := r.byte(); form {
	case formConstant:
		for v := r.value(); n > 0; n-- {
			list = append(list, v)
		}
		return list
	case formSigned, formUnsigned, formDecimal:
		return r.numbers(list, n, form)
	case formFloat:
		return r.floats(list, n)
	case formMixed:
		for ; n > 0 && r.err == nil; n-- {
			list = append(list, r.value())
		}
		return list
	}
	r.fail("an unknown form of a column")
	return list
}

func (r *reader) numbers(list []intake.Value, n int, form byte) []intake.Value {
	power := 1.0
	if form == formDecimal {
		decimals := r.byte()
		if decimals > maxDecimals {
			r.fail("too many decimals")
			return list
		}
		power = pow10(int(decimals))
	}
	divisor := r.uvarint()
	order := r.byte()
	first := unzigzag(r.uvarint())
	if order > 2 {
		r.fail("an unknown order of differences")
	}
	if n-1 > len(r.rest) { // each takes a byte at least
		r.fail("a column")
		return list
	}
	var sum, slope uint64
	for i := range n {
		var k uint64
		if i > 0 {
			k = unzigzag(r.uvarint())
		}
		switch order {
		case 0:
			sum = k
		case 1:
			sum += k
		default:
			slope += k
			sum += slope
		}
		number := first + sum*divisor
		switch form {
		case formSigned:
			list = append(list, intake.IntValue(int64(number)))
		case formUnsigned:
			list = append(list, intake.UintValue(number))
		default:
			list = append(list, intake.FloatValue(float64(int64(number))/power))
		}
	}
	return list
}

func (r *reader) floats(list []intake.Value, n int) []intake.Value {
	if n > len(r.rest)/8 {
		r.fail("a column")
		return list
	}
	planes := r.rest[:8*n]
	r.rest = r.rest[8*n:]
	before := uint64(0)
	for i := range n {
		for plane := range 8 {
			before ^= uint64(planes[plane*n+i]) << (8 * plane)
		}
		list = append(list, r.finite(before))
	}
	return list
}

// finite returns the value of the bits of a float64.
func (r *reader) finite(bits uint64) intake.Value {
	f := math.Float64frombits(bits)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		r.fail("a value that is no number")
		return intake.Value{}
	}
	return intake.FloatValue(f)
}

func (r *reader) value() intake.Value {
	switch kind := r.byte(); kind {
	case singleInt:
		return intake.IntValue(r.varint())
	case singleUint:
		return intake.UintValue(r.uvarint())
	case singleFloat:
		if len(r.rest) < 8 {
			r.fail("a value")
			return intake.Value{}
		}
		bits := binary.LittleEndian.Uint64(r.rest)
		r.rest = r.rest[8:]
		return r.finite(bits)
	}
	r.fail("an unknown kind of a value")
	return intake.Value{}
}
