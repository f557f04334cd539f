package service

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// maxMemcachedLines bounds the statistics; a server of today has about a hundred.
const maxMemcachedLines = 1024

// A memcachedError is the line of a server that does not do as it was told, for example
// "CLIENT_ERROR unauthenticated".
type memcachedError string

func (e memcachedError) Error() string { return string(e) }

// errAsksWho is what a server says that wants to know first who asks.
const errAsksWho = memcachedError("CLIENT_ERROR unauthenticated")

// A memcachedReader reads replies of the text protocol. Errors of its methods: memcachedError,
// *garbageError, *tooLongError, the reader's.
type memcachedReader struct{ r *bufio.Reader }

func newMemcachedReader(r io.Reader) memcachedReader { return memcachedReader{bufio.NewReader(r)} }

// line is the next line, without its end; an error where it is one.
func (m memcachedReader) line() (string, error) {
	line, err := m.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) || (errors.Is(err, io.EOF) && len(line) > 0) {
		return "", newGarbage(memcachedProtocol, line)
	}
	if err != nil {
		return "", err
	}
	text := strings.TrimRight(string(line), "\r\n")
	switch word, _, _ := strings.Cut(text, " "); word {
	case "ERROR", "CLIENT_ERROR", "SERVER_ERROR":
		return "", memcachedError(text)
	}
	return text, nil
}

// stats reads lines STAT name value up to END.
func (m memcachedReader) stats() (map[string]string, error) {
	stats := make(map[string]string)
	for range maxMemcachedLines {
		line, err := m.line()
		if err != nil {
			return nil, err
		}
		if line == "END" && len(stats) > 0 {
			return stats, nil
		}
		word, rest, _ := strings.Cut(line, " ")
		name, value, ok := strings.Cut(rest, " ")
		if word != "STAT" || !ok {
			return nil, newGarbage(memcachedProtocol, []byte(line))
		}
		stats[name] = value
	}
	return nil, &tooLongError{maxMemcachedLines * m.r.Size()}
}

// stored reads the answer to set.
func (m memcachedReader) stored() error {
	line, err := m.line()
	if err == nil && line != "STORED" {
		err = newGarbage(memcachedProtocol, []byte(line))
	}
	return err
}
