package service

import (
	"context"
	"errors"
	"fmt"

	"virgo/collect"
)

// memcachedProtocol is what answers are held to (memcached's doc/protocol.txt).
const memcachedProtocol = "the memcached protocol"

func memcachedType() collect.Type {
	const port = 11211
	return collect.Type{
		Name:    "agent.memcached",
		Summary: "a memcached server: connections, hits and misses, memory, evictions",
		Details: serverDetails(port),
		Telling: []string{"curr_connections", "get_hits", "get_misses", "bytes", "evictions"},
		Checker: checkServer(port, askMemcached),
	}
}

func askMemcached(ctx context.Context, s server) ([]collect.Metric, error) {
	stats, err := s.memcachedStats(ctx)
	if err != nil {
		return nil, err
	}
	return memcachedFigures(stats), nil
}

// memcachedStats asks for the general statistics. Who has a password shows it only to a server that wants one
// (-Y): to another the same words are an order to keep it in the cache.
func (s server) memcachedStats(ctx context.Context) (map[string]string, error) {
	conn, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	r := newMemcachedReader(conn)
	ask := func() (map[string]string, error) {
		tell(conn, []byte("stats\r\n"))
		stats, err := r.stats()
		return stats, s.memcachedRefusal(err)
	}
	stats, err := ask()
	if !errors.Is(err, errAsksWho) {
		return stats, err
	}
	if s.password == "" && s.username == "" {
		return nil, &faultError{missingPassword, err}
	}
	token := s.username + " " + s.password
	tell(conn, fmt.Appendf(nil, "set virgo 0 0 %d\r\n%s\r\n", len(token), token))
	if err := r.stored(); err != nil {
		return nil, s.memcachedRefusal(err)
	}
	return ask()
}

func (s server) memcachedRefusal(err error) error {
	var refusal memcachedError
	if !errors.As(err, &refusal) {
		return err
	}
	if refusal == "CLIENT_ERROR authentication failure" {
		return &faultError{invalidPassword, err}
	}
	return &faultError{fmt.Sprintf("Refused by %s: %s", s.address, refusal), err}
}

// memcachedFigures are the metrics of the statistics, under memcached's own names.
func memcachedFigures(stats map[string]string) []collect.Metric {
	var f collect.Figures
	for _, is := range []struct {
		name string
		t    collect.MetricType
		unit string
	}{
		{"version", collect.String, ""},
		{"uptime", collect.Uint64, "seconds"},
		{"threads", collect.Uint64, "threads"},
		{"curr_connections", collect.Uint64, "connections"},
		{"max_connections", collect.Uint64, "connections"},
		{"total_connections", collect.Uint64, "connections"},
		{"rejected_connections", collect.Uint64, "connections"},
		{"listen_disabled_num", collect.Uint64, "count"},
		{"curr_items", collect.Uint64, "items"},
		{"total_items", collect.Uint64, "items"},
		{"bytes", collect.Uint64, "bytes"},
		{"limit_maxbytes", collect.Uint64, "bytes"},
		{"evictions", collect.Uint64, "items"},
		{"cmd_get", collect.Uint64, "commands"},
		{"cmd_set", collect.Uint64, "commands"},
		{"get_hits", collect.Uint64, "commands"},
		{"get_misses", collect.Uint64, "commands"},
		{"bytes_read", collect.Uint64, "bytes"},
		{"bytes_written", collect.Uint64, "bytes"},
	} {
		if value, ok := stats[is.name]; ok {
			f.Add(is.name, is.t, value, is.unit)
		}
	}
	return f.Metrics
}
