package service

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestRedisReply(t *testing.T) {
	var (
		garbage *garbageError
		tooLong *tooLongError
		refusal redisError
	)
	for said, want := range map[string]struct {
		text string
		err  any // what errors.As finds; nil: none
	}{
		"+OK\r\n":                         {"OK", nil},
		"$0\r\n\r\n":                      {"", nil},
		"$5\r\na\r\nbc\r\n":               {"a\r\nbc", nil},
		"-NOAUTH Authentication\r\n":      {"", &refusal},
		"$5\r\nabcdefg":                   {"", &garbage},
		"$-1\r\n":                         {"", &garbage},
		"$x\r\n":                          {"", &garbage},
		"*1\r\n+OK\r\n":                   {"", &garbage},
		"HTTP/1.1 400 Bad Request\r\n":    {"", &garbage},
		"\r\n":                            {"", &garbage},
		"+OK\n":                           {"", &garbage},
		"+OK":                             {"", &garbage},
		strings.Repeat("+", 5000):         {"", &garbage},
		"$99999999999999\r\n":             {"", &tooLong}, // a length that nobody has room for
		"$9223372036854775808\r\n":        {"", &garbage},
		"$1048577\r\n":                    {"", &tooLong},
		"%1\r\n$1\r\na\r\n$1\r\nb\r\n":    {"", &garbage},
		"-\r\n":                           {"", &refusal},
		"$3\r\nabc\r\n$3\r\nmore than it": {"abc", nil},
	} {
		text, err := readRedisReply(bufio.NewReader(strings.NewReader(said)))
		switch {
		case want.err == nil && (err != nil || string(text) != want.text):
			t.Errorf("%.40q: %q, %v, want %q", said, text, err, want.text)
		case want.err != nil && (err == nil || !errors.As(err, want.err)):
			t.Errorf("%.40q: %q, %v, want %T", said, text, err, want.err)
		}
	}
	for _, said := range []string{"", "$5\r\nab"} {
		_, err := readRedisReply(bufio.NewReader(strings.NewReader(said)))
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q: %v", said, err)
		}
	}
}

// Whatever a server says, what comes of it is bounded, and a command is read as it was meant.
func FuzzRedisReply(f *testing.F) {
	f.Add([]byte("+OK\r\n$8\r\nredis_ve\r\n"))
	f.Add([]byte("-WRONGPASS invalid username-password pair or user is disabled.\r\n"))
	f.Add([]byte("$99999999999999\r\n"))
	f.Add([]byte("*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n"))
	for _, file := range []string{"2.4-master", "2.6-replica", "7.0-master", "7.0-replica-alone"} {
		info := stored(f, "redis/"+file+".txt")
		f.Add(appendRedisCommand(nil, string(info))[len("*1\r\n"):])
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		text, err := readRedisReply(bufio.NewReader(strings.NewReader(string(said))))
		if err == nil && len(text) > len(said) {
			t.Errorf("%d bytes came of %d", len(text), len(said))
		}
		if err == nil {
			redisFigures(text)
		}
		redisFigures(said)
		back, err := readRedisReply(bufio.NewReader(strings.NewReader(string(appendRedisCommand(nil, string(said))[len("*1\r\n"):]))))
		if err != nil || string(back) != string(said) {
			t.Errorf("%q came back as %q, %v", said, back, err)
		}
	})
}
