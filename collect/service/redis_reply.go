package service

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
)

// maxRedisReply bounds a reply; INFO is about 5 KiB.
const maxRedisReply = 1 << 20

// A redisError is an error reply, for example "NOAUTH Authentication required.".
type redisError string

func (e redisError) Error() string { return string(e) }

// appendRedisCommand appends a command as the server reads it: an array of counted strings.
func appendRedisCommand(b []byte, words ...string) []byte {
	b = append(b, '*')
	b = strconv.AppendInt(b, int64(len(words)), 10)
	b = append(b, "\r\n"...)
	for _, w := range words {
		b = append(b, '$')
		b = strconv.AppendInt(b, int64(len(w)), 10)
		b = append(b, "\r\n"...)
		b = append(b, w...)
		b = append(b, "\r\n"...)
	}
	return b
}

// readRedisReply reads a text, counted or of one line, as it answers the commands that a check sends. Errors:
// redisError where it is an error reply, *garbageError, *tooLongError, the reader's.
func readRedisReply(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) || (errors.Is(err, io.EOF) && len(line) > 0) {
		return nil, newGarbage(redisProtocol, line)
	}
	if err != nil {
		return nil, err
	}
	text, ended := bytes.CutSuffix(line, []byte("\r\n"))
	if !ended || len(text) == 0 {
		return nil, newGarbage(redisProtocol, line)
	}
	switch kind, rest := text[0], text[1:]; kind {
	case '+':
		return bytes.Clone(rest), nil
	case '-':
		return nil, redisError(rest)
	case '$':
		n, err := strconv.Atoi(string(rest))
		if err != nil || n < 0 {
			return nil, newGarbage(redisProtocol, line)
		}
		return readRedisText(r, n)
	}
	return nil, newGarbage(redisProtocol, line)
}

// readRedisText reads n bytes and the end of the line.
func readRedisText(r *bufio.Reader, n int) ([]byte, error) {
	if n > maxRedisReply {
		return nil, &tooLongError{maxRedisReply}
	}
	text := make([]byte, n+len("\r\n"))
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, err
	}
	text, ended := bytes.CutSuffix(text, []byte("\r\n"))
	if !ended {
		return nil, newGarbage(redisProtocol, text)
	}
	return text, nil
}
