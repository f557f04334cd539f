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
		protocol *protocolError
		tooLong  *tooLongError
		refusal  redisError
	)
	for reply, want := range map[string]struct {
		text string
		err  any // what errors.As finds; nil: none
	}{
		"+OK\r\n":                         {"OK", nil},
		"$0\r\n\r\n":                      {"", nil},
		"$5\r\na\r\nbc\r\n":               {"a\r\nbc", nil},
		"-NOAUTH Authentication\r\n":      {"", &refusal},
		"$5\r\nabcdefg":                   {"", &protocol},
		"$-1\r\n":                         {"", &protocol},
		"$x\r\n":                          {"", &protocol},
		"*1\r\n+OK\r\n":                   {"", &protocol},
		"HTTP/1.1 400 Bad Request\r\n":    {"", &protocol},
		"\r\n":                            {"", &protocol},
		"+OK\n":                           {"", &protocol},
		"+OK":                             {"", &protocol},
		strings.Repeat("+", 5000):         {"", &protocol},
		"$99999999999999\r\n":             {"", &tooLong}, // more than any memory
		"$9223372036854775808\r\n":        {"", &protocol},
		"$1048577\r\n":                    {"", &tooLong},
		"%1\r\n$1\r\na\r\n$1\r\nb\r\n":    {"", &protocol},
		"-\r\n":                           {"", &refusal},
		"$3\r\nabc\r\n$3\r\nmore than it": {"abc", nil},
	} {
		text, err := readRedisReply(bufio.NewReader(strings.NewReader(reply)))
		switch {
		case want.err == nil && (err != nil || string(text) != want.text):
			t.Errorf("%.40q: %q, %v, want %q", reply, text, err, want.text)
		case want.err != nil && (err == nil || !errors.As(err, want.err)):
			t.Errorf("%.40q: %q, %v, want %T", reply, text, err, want.err)
		}
	}
	for _, reply := range []string{"", "$5\r\nab"} {
		_, err := readRedisReply(bufio.NewReader(strings.NewReader(reply)))
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q: %v", reply, err)
		}
	}
}

// FuzzRedisReply: a reply is never longer than what the server sent, and an encoded text is read
// back unchanged.
func FuzzRedisReply(f *testing.F) {
	f.Add([]byte("+OK\r\n$8\r\nredis_ve\r\n"))
	f.Add([]byte("-WRONGPASS invalid username-password pair or user is disabled.\r\n"))
	f.Add([]byte("$99999999999999\r\n"))
	f.Add([]byte("*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n"))
	for _, file := range []string{"2.4-master", "2.6-replica", "7.0-master", "7.0-replica-alone"} {
		info := readTestdata(f, "redis/"+file+".txt")
		f.Add(appendRedisCommand(nil, string(info))[len("*1\r\n"):])
	}
	f.Fuzz(func(t *testing.T, reply []byte) {
		text, err := readRedisReply(bufio.NewReader(strings.NewReader(string(reply))))
		if err == nil && len(text) > len(reply) {
			t.Errorf("%d bytes were read of %d", len(text), len(reply))
		}
		if err == nil {
			redisReport(text)
		}
		redisReport(reply)
		back, err := readRedisReply(bufio.NewReader(strings.NewReader(string(appendRedisCommand(nil, string(reply))[len("*1\r\n"):]))))
		if err != nil || string(back) != string(reply) {
			t.Errorf("%q was read back as %q, %v", reply, back, err)
		}
	})
}
