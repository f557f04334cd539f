package procfs

import "fmt"

// Field returns the first field of a line and what follows it. Fields are separated by blanks and
// tabs.
func Field(line []byte) (field, rest []byte) {
	start := 0
	for start < len(line) && isBlank(line[start]) {
		start++
	}
	end := start
	for end < len(line) && !isBlank(line[end]) {
		end++
	}
	return line[start:end], line[end:]
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// Numbers fills numbers from the fields of a line and returns how many there were. A field that is
// not a decimal number, or exceeds 64 bits, is an error.
func Numbers(line []byte, numbers []uint64) (int, error) {
	for i := range numbers {
		field, rest := Field(line)
		if len(field) == 0 {
			return i, nil
		}
		n := uint64(0)
		for _, c := range field {
			d := uint64(c - '0')
			if d > 9 || n > (1<<64-1-d)/10 {
				return i, fmt.Errorf("%.32q is no counter", field)
			}
			n = n*10 + d
		}
		numbers[i], line = n, rest
	}
	return len(numbers), nil
}
