package service

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"virgo/collect"
)

// redisProtocol is https://redis.io/docs/latest/develop/reference/protocol-spec/.
const redisProtocol = "the Redis protocol"

func redisType() collect.Type {
	const port = 6379
	return collect.Type{
		Name:       "agent.redis",
		Summary:    "a Redis or Valkey server: clients, memory, persistence, replication",
		Details:    serverDetails(port),
		KeyMetrics: []string{"version", "connected_clients", "used_memory", "uptime_in_seconds"},
		Checker:    checkServer(onPort(port), queryRedis),
	}
}

func queryRedis(ctx context.Context, s server, _ []byte) (collect.Report, error) {
	info, err := s.redisInfo(ctx)
	if err != nil {
		return collect.Report{}, err
	}
	return redisReport(info)
}

// redisInfo returns the server's reply to INFO.
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
	writeRequest(conn, commands)
	r := bufio.NewReader(conn)
	if logIn {
		if _, err := readRedisReply(r); err != nil {
			return nil, redisStatusError(s.address, err)
		}
	}
	info, err := readRedisReply(r)
	if err != nil {
		return nil, redisStatusError(s.address, err)
	}
	return info, nil
}

// redisStatusError returns the status for an error reply.
func redisStatusError(address string, err error) error {
	var refusal redisError
	if !errors.As(err, &refusal) {
		return err
	}
	message := string(refusal)
	var text string
	switch {
	case strings.HasPrefix(message, "WRONGPASS"), strings.HasPrefix(message, "ERR invalid password"):
		text = invalidPassword
	case strings.HasPrefix(message, "NOAUTH"),
		strings.HasPrefix(message, "ERR operation not permitted"): // Redis 2.4
		text = missingPassword
	case strings.HasPrefix(message, "ERR Client sent AUTH"),
		strings.HasPrefix(message, "ERR AUTH <password> called"): // from 6.0 on
		text = "Could not authenticate. The server has no password."
	case strings.HasPrefix(message, "ERR wrong number of arguments for 'auth'"): // before 6.0
		text = "Could not authenticate. The server knows no usernames."
	default:
		text = fmt.Sprintf("Refused by %s: %s", address, message)
	}
	return &statusError{text, err}
}
