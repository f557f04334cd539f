package service

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"virgo/collect"
)

// redisProtocol is what answers are held to (https://redis.io/docs/latest/develop/reference/protocol-spec/).
const redisProtocol = "the Redis protocol"

func redisType() collect.Type {
	const port = 6379
	return collect.Type{
		Name:    "agent.redis",
		Summary: "a Redis or Valkey server: clients, memory, persistence, replication",
		Details: serverDetails(port),
		Telling: []string{"version", "connected_clients", "used_memory", "uptime_in_seconds"},
		Checker: checkServer(port, askRedis),
	}
}

func askRedis(ctx context.Context, s server) ([]collect.Metric, error) {
	info, err := s.redisInfo(ctx)
	if err != nil {
		return nil, err
	}
	return redisFigures(info)
}

// redisInfo is the server's reply to INFO.
func (s server) redisInfo(ctx context.Context) ([]byte, error) {
	conn, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var commands []byte
	logIn := s.password != "" || s.username != ""
	switch {
	case s.username != "":
		commands = appendRedisCommand(commands, "AUTH", s.username, s.password)
	case logIn:
		commands = appendRedisCommand(commands, "AUTH", s.password)
	}
	commands = appendRedisCommand(commands, "INFO")
	tell(conn, commands)
	r := bufio.NewReader(conn)
	if logIn {
		if _, err := readRedisReply(r); err != nil {
			return nil, redisRefusal(s.address, err)
		}
	}
	info, err := readRedisReply(r)
	if err != nil {
		return nil, redisRefusal(s.address, err)
	}
	return info, nil
}

// redisRefusal is the sentence for a server that refuses.
func redisRefusal(address string, err error) error {
	var refusal redisError
	if !errors.As(err, &refusal) {
		return err
	}
	said := string(refusal)
	var text string
	switch {
	case strings.HasPrefix(said, "WRONGPASS"), strings.HasPrefix(said, "ERR invalid password"):
		text = invalidPassword
	case strings.HasPrefix(said, "NOAUTH"), strings.HasPrefix(said, "ERR operation not permitted"): // the latter: 2.4
		text = missingPassword
	case strings.HasPrefix(said, "ERR Client sent AUTH"), strings.HasPrefix(said, "ERR AUTH <password> called"): // the latter: from 6.0 on
		text = "Could not authenticate. The server has no password."
	case strings.HasPrefix(said, "ERR wrong number of arguments for 'auth'"): // before 6.0
		text = "Could not authenticate. The server knows no usernames."
	default:
		text = fmt.Sprintf("Refused by %s: %s", address, said)
	}
	return &faultError{text, err}
}
