package service

import (
	"context"
	"errors"
	"fmt"

	"virgo/collect"
)

// memcachedProtocol is memcached's doc/protocol.txt.
const memcachedProtocol = "the memcached protocol"

func memcachedType() collect.Type {
	const port = 11211
	return collect.Type{
		Name:       "agent.memcached",
		Summary:    "a memcached server: connections, hits and misses, memory, evictions",
		Details:    serverDetails(port),
		KeyMetrics: []string{"curr_connections", "get_hits/s", "get_misses/s", "bytes", "evictions/s"},
		Checker:    checkServer(onPort(port), queryMemcached),
	}
}

func queryMemcached(ctx context.Context, s server, _ []byte) (collect.Report, error) {
	stats, err := s.memcachedStats(ctx)
	if err != nil {
		return collect.Report{}, err
	}
	return memcachedReport(stats), nil
}

// memcachedStats returns the general statistics. The password is sent only to a server that asks
// for one (-Y): any other server would store it in its cache.
func (s server) memcachedStats(ctx context.Context) (map[string]string, error) {
	conn, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	r := newMemcachedReader(conn)
	query := func() (map[string]string, error) {
		writeRequest(conn, []byte("stats\r\n"))
		stats, err := r.stats()
		return stats, s.memcachedStatusError(err)
	}
	stats, err := query()
	if !errors.Is(err, errUnauthenticated) {
		return stats, err
	}
	if s.password == "" && s.username == "" {
		return nil, &statusError{missingPassword, err}
	}
	token := s.username + " " + s.password
	writeRequest(conn, fmt.Appendf(nil, "set virgo 0 0 %d\r\n%s\r\n", len(token), token))
	if err := r.readStored(); err != nil {
		return nil, s.memcachedStatusError(err)
	}
	return query()
}

// memcachedStatusError returns the status for an error reply.
func (s server) memcachedStatusError(err error) error {
	var refusal memcachedError
	if !errors.As(err, &refusal) {
		return err
	}
	if refusal == "CLIENT_ERROR authentication failure" {
		return &statusError{invalidPassword, err}
	}
	return &statusError{fmt.Sprintf("Refused by %s: %s", s.address, refusal), err}
}

// memcachedReport returns the metrics, which have memcached's names.
func memcachedReport(stats map[string]string) collect.Report {
	var f collect.MetricBuilder
	var known []string
	for _, m := range []struct {
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
		known = append(known, m.name)
		if value, ok := stats[m.name]; ok {
			addValid(&f, collect.Metric{Name: m.name, Type: m.t, Value: value, Unit: m.unit})
		}
	}
	return collect.Report{Metrics: f.Metrics, Status: leftOutStatus(known, f.Metrics)}
}
