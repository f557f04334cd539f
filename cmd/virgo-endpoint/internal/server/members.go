package server

// members calls each for the members of an object whose JSON is valid, as a frame's params are after
// transport.Reader: the key with its quotes, as it is written, and the value. It reports whether params
// are an object, and returns false where they are not valid after all.
func members(params []byte, each func(key, value []byte) error) (ok bool, err error) {
	i := blanks(params, 0)
	if i == len(params) || params[i] != '{' {
		return false, nil
	}
	for i = blanks(params, i+1); i < len(params); i = blanks(params, i) {
		if params[i] == '}' {
			return blanks(params, i+1) == len(params), nil
		}
		key := i
		if i = endOfValue(params, i); i == key {
			return false, nil
		}
		name := params[key:i]
		if i = blanks(params, i); i == len(params) || params[i] != ':' {
			return false, nil
		}
		value := blanks(params, i+1)
		if i = endOfValue(params, value); i == value {
			return false, nil
		}
		if err := each(name, params[value:i]); err != nil {
			return true, err
		}
		if i = blanks(params, i); i < len(params) && params[i] == ',' {
			i++
		}
	}
	return false, nil
}

// blanks returns the index of the first byte from i on that is not white space.
func blanks(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// endOfValue returns the end of the value that begins at i; i if none does.
func endOfValue(b []byte, i int) int {
	for depth := 0; i < len(b); {
		switch c := b[i]; c {
		case '"':
			i = endOfString(b, i)
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
			i++
		case ',', ':', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return i
			}
			i++
			continue
		default:
			for i++; i < len(b) && !isPunctuation(b[i]); i++ {
			}
		}
		if depth == 0 {
			return i
		}
	}
	return i
}

func isPunctuation(c byte) bool {
	switch c {
	case '"', '{', '[', '}', ']', ',', ':', ' ', '\t', '\n', '\r':
		return true
	}
	return false
}

// endOfString returns the index behind the string that begins at i.
func endOfString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// deeper reports whether JSON is nested deeper than most.
func deeper(b []byte, most int) bool {
	depth := 0
	for i := 0; i < len(b); {
		switch b[i] {
		case '"':
			i = endOfString(b, i)
			continue
		case '{', '[':
			if depth++; depth > most {
				return true
			}
		case '}', ']':
			depth--
		}
		i++
	}
	return false
}
