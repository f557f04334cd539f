package service

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// maxMemcachedLines is how many statistics are read; today's servers have about a hundred.
const maxMemcachedLines = 1024

// A memcachedError is an error reply, for example "CLIENT_ERROR unauthenticated".
type memcachedError string

func (e memcachedError) Error() string { return string(e) }

// errUnauthenticated is the reply of a server that requires a login first.
const errUnauthenticated = memcachedError("CLIENT_ERROR unauthenticated")

// A memcachedReader reads replies of the text protocol. Its methods return memcachedError,
// *protocolError, *tooLongError and the reader's errors.
type memcachedReader struct{ r *bufio.Reader }

func newMemcachedReader(r io.Reader) memcachedReader { return memcachedReader{bufio.NewReader(r)} }

// line returns the next line without its end; an error reply as an error.
func (m memcachedReader) line() (string, error) {
	line, err := m.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) || (errors.Is(err, io.EOF) && len(line) > 0) {
		return "", newProtocolError(memcachedProtocol, line)
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

// stats reads lines "STAT name value" up to END.
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
			return nil, newProtocolError(memcachedProtocol, []byte(line))
		}
		stats[name] = value
	}
	return nil, &tooLongError{maxMemcachedLines * m.r.Size()}
}

// readStored reads the reply to set.
func (m memcachedReader) readStored() error {
	line, err := m.line()
	if err == nil && line != "STORED" {
		err = newProtocolError(memcachedProtocol, []byte(line))
	}
	return err
}
