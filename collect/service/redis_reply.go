package service

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
)

// maxRedisReply is the longest reply; that to INFO is about 5 KiB.
const maxRedisReply = 1 << 20

// A redisError is an error reply, for example "NOAUTH Authentication required.".
type redisError string

func (e redisError) Error() string { return string(e) }

// appendRedisCommand appends a command: an array of bulk strings.
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

// readRedisReply reads a simple or bulk string. Errors: redisError for an error reply,
// *protocolError, *tooLongError, and the reader's.
func readRedisReply(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) || (errors.Is(err, io.EOF) && len(line) > 0) {
		return nil, newProtocolError(redisProtocol, line)
	}
	if err != nil {
		return nil, err
	}
	text, terminated := bytes.CutSuffix(line, []byte("\r\n"))
	if !terminated || len(text) == 0 {
		return nil, newProtocolError(redisProtocol, line)
	}
	switch kind, rest := text[0], text[1:]; kind {
	case '+':
		return bytes.Clone(rest), nil
	case '-':
		return nil, redisError(rest)
	case '$':
		n, err := strconv.Atoi(string(rest))
		if err != nil || n < 0 {
			return nil, newProtocolError(redisProtocol, line)
		}
		return readRedisBulk(r, n)
	}
	return nil, newProtocolError(redisProtocol, line)
}

// readRedisBulk reads a bulk string of n bytes and its CRLF.
func readRedisBulk(r *bufio.Reader, n int) ([]byte, error) {
	if n > maxRedisReply {
		return nil, &tooLongError{maxRedisReply}
	}
	text := make([]byte, n+len("\r\n"))
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, err
	}
	text, terminated := bytes.CutSuffix(text, []byte("\r\n"))
	if !terminated {
		return nil, newProtocolError(redisProtocol, text)
	}
	return text, nil
}
