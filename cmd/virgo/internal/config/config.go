package config

import (
	"fmt"
	"net"
	"strings"
	"time"
)

// Defaults and bounds of the settings.
const (
	DefaultSpoolMaxBytes  = 64 << 20
	DefaultSpoolMaxAge    = 30 * 24 * time.Hour
	DefaultDeadline       = 50 * time.Second
	DefaultConcurrency    = 4
	DefaultScheduleMaxAge = time.Hour

	maxFileBytes   = 1 << 20
	maxEndpoints   = 16
	maxPins        = 16
	maxIDBytes     = 256
	maxConcurrency = 64
	minSpoolBytes  = 64 << 10
)

// A Config is what a run needs to know. It comes from Load or LoadFile, never from a literal.
type Config struct {
	// Endpoints as "host:port" or SRV names that begin with an underscore, tried in order; none: results
	// are only kept.
	Endpoints []string
	// AgentID names this host to the endpoint. Never empty after Load.
	AgentID string
	// AgentName is for people; the host name by default.
	AgentName string
	// CAFile holds the certificates that the endpoint's must come from, PEM; empty: the system's.
	CAFile string
	// Pins are SHA-256 of the endpoint's public key, "sha256:HEX" or base64.
	Pins []string
	// ServerName that the endpoint's certificate must carry; empty: the endpoint's own.
	ServerName string
	// SpoolMaxBytes and SpoolMaxAge bound what waits.
	SpoolMaxBytes int64
	SpoolMaxAge   time.Duration
	// Deadline of a whole run.
	Deadline time.Duration
	// Concurrency is how many checks run at a time.
	Concurrency int
	// ScheduleMaxAge is the age past which the cached schedule is asked for again.
	ScheduleMaxAge time.Duration
	// Source is the file that was read; empty where there was none.
	Source string
	// Warnings are what was read over, for --verbose.
	Warnings []string

	// Credential is the token or where it lies. It is exported because fmt asks no unexported field how it
	// wants to be printed.
	Credential Secret
	// tokenFromEnv is set where the token's reference came from the environment, which no file's mode guards.
	tokenFromEnv bool
	env          func(string) string
}

func defaults() Config {
	return Config{
		SpoolMaxBytes:  DefaultSpoolMaxBytes,
		SpoolMaxAge:    DefaultSpoolMaxAge,
		Deadline:       DefaultDeadline,
		Concurrency:    DefaultConcurrency,
		ScheduleMaxAge: DefaultScheduleMaxAge,
	}
}

// An OwnersError is a setting that its owner must mend.
type OwnersError struct {
	Err  error
	Next string
}

func (e *OwnersError) Error() string { return e.Err.Error() }
func (e *OwnersError) Unwrap() error { return e.Err }

// Hint gives the next step; may be empty.
func (e *OwnersError) Hint() string { return e.Next }

func owners(format string, args ...any) error {
	return &OwnersError{Err: fmt.Errorf(format, args...)}
}

// Validate checks the settings' values, wherever they come from. Error: *OwnersError that names the key.
func (c Config) Validate() error {
	if len(c.Endpoints) > maxEndpoints {
		return owners("endpoints: %d of them, at most %d", len(c.Endpoints), maxEndpoints)
	}
	for _, e := range c.Endpoints {
		if err := checkEndpoint(e); err != nil {
			return err
		}
	}
	if len(c.Pins) > maxPins {
		return owners("pin: %d of them, at most %d", len(c.Pins), maxPins)
	}
	for _, t := range []struct{ key, value string }{
		{"agent_id", c.AgentID}, {"agent_name", c.AgentName}, {"server_name", c.ServerName}, {"ca_file", c.CAFile},
	} {
		if len(t.value) > maxIDBytes && t.key != "ca_file" || strings.ContainsFunc(t.value, control) {
			return owners("%s: %.40q is longer than %d bytes or holds control characters", t.key, t.value, maxIDBytes)
		}
	}
	if c.SpoolMaxBytes < minSpoolBytes {
		return owners("spool.max_bytes: %d is less than %d, which a few results fill", c.SpoolMaxBytes, minSpoolBytes)
	}
	if c.Concurrency < 1 || c.Concurrency > maxConcurrency {
		return owners("concurrency: %d is not from 1 to %d", c.Concurrency, maxConcurrency)
	}
	for _, t := range []struct {
		key       string
		value     time.Duration
		low, high time.Duration
	}{
		{"spool.max_age", c.SpoolMaxAge, time.Minute, 3650 * 24 * time.Hour},
		{"deadline", c.Deadline, time.Second, 24 * time.Hour},
		{"schedule_max_age", c.ScheduleMaxAge, time.Second, 3650 * 24 * time.Hour},
	} {
		if t.value < t.low || t.value > t.high {
			return owners("%s: %s is not from %s to %s", t.key, t.value, t.low, t.high)
		}
	}
	return nil
}

func control(r rune) bool { return r < 0x20 || r == 0x7f }

func checkEndpoint(e string) error {
	if strings.HasPrefix(e, "_") && !strings.ContainsAny(e, ":/ \t") {
		return nil // an SRV name
	}
	host, port, err := net.SplitHostPort(e)
	if err != nil || host == "" || port == "" || strings.ContainsAny(e, "/ \t") || strings.ContainsFunc(e, control) {
		return &OwnersError{
			Err:  fmt.Errorf("endpoint: %.100q is neither host:port nor an SRV name", e),
			Next: "for example monitor.example.com:50041 or _monitoringagent._tcp.example.com",
		}
	}
	return nil
}
