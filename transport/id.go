package transport

import (
	"errors"
	"strconv"
)

// An ID identifies a request among those of one side of a connection. It is read from a number or a
// string of digits (4, "4" and "04" are the same) and always written as a number.
type ID uint64

var errNotID = errors.New("neither a whole number from 0 to 2^64-1 nor a string of its digits")

// MarshalJSON writes the number.
func (id ID) MarshalJSON() ([]byte, error) { return strconv.AppendUint(nil, uint64(id), 10), nil }

// UnmarshalJSON reads a number or a string of digits, 0 to 2^64-1.
func (id *ID) UnmarshalJSON(b []byte) error {
	v, err := parseID(b)
	if err != nil {
		return err
	}
	*id = v
	return nil
}

func parseID(raw []byte) (ID, error) {
	digits := raw
	if len(raw) >= 2 && raw[0] == '"' && raw[len(raw)-1] == '"' {
		digits = raw[1 : len(raw)-1]
	}
	if len(digits) == 0 {
		return 0, errNotID
	}
	var n uint64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, errNotID
		}
		d := uint64(c - '0')
		if n > (1<<64-1-d)/10 {
			return 0, errNotID
		}
		n = n*10 + d
	}
	return ID(n), nil
}
