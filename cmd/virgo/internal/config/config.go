package config

import (
	"errors"
	"fmt"
	"time"

	"virgo/schedule/strictyaml"
)

// Defaults of the settings.
const (
	DefaultSpoolMaxBytes  = 64 << 20
	DefaultSpoolMaxAge    = 30 * 24 * time.Hour
	DefaultDeadline       = 50 * time.Second
	DefaultConcurrency    = 128
	DefaultScheduleMaxAge = time.Hour
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
	// BackupPins are as good as Pins: of the key that the endpoint is going to have next.
	BackupPins []string
	// ClientCert and ClientKey are PEM files that this host shows to the endpoint; a ClientCert alone holds
	// the key as well.
	ClientCert, ClientKey string
	// Proxy leads to the endpoint; it may hold a password. Nothing: none is named, and none is used.
	Proxy Proxy
	// NoProxy are hosts that are reached without, as in NO_PROXY.
	NoProxy []string
	// ServerName that the endpoint's certificate must carry; empty: the endpoint's own.
	ServerName string
	// SpoolMaxBytes and SpoolMaxAge bound what waits.
	SpoolMaxBytes int64
	SpoolMaxAge   time.Duration
	// Deadline of a whole run.
	Deadline time.Duration
	// Concurrency is how many checks run at a time, at the most: quick ones go in a row.
	Concurrency int
	// ScheduleMaxAge is the age past which the cached schedule is asked for again.
	ScheduleMaxAge time.Duration
	// AllowRemote is what the endpoint may ask during a session: some of Questions; empty: nothing.
	AllowRemote []string
	// HostInfoDeny are types of host information that it is not told all the same.
	HostInfoDeny []string
	// Source is the file that was read; empty where there was none.
	Source string
	// Warnings are what was read over, for --verbose.
	Warnings []string

	// Credential is the token or where it lies. It is exported because fmt asks no unexported field how it
	// wants to be printed.
	Credential Secret
	env        func(string) string
}

func defaults(env func(string) string) Config {
	return Config{
		SpoolMaxBytes:  DefaultSpoolMaxBytes,
		SpoolMaxAge:    DefaultSpoolMaxAge,
		Deadline:       DefaultDeadline,
		Concurrency:    DefaultConcurrency,
		ScheduleMaxAge: DefaultScheduleMaxAge,
		AllowRemote:    Questions(),
		env:            env,
	}
}

// Questions are all that an endpoint may be allowed to ask, and what it may where the owner does not say: a check
// out of turn, what a check can be pointed at, and what the host is and how it is set up.
func Questions() []string { return []string{"check.test", "check.targets", "host_info"} }

// getenv reads a variable; a Config that was imported or made by hand has no environment.
func (c Config) getenv(name string) string {
	if c.env == nil {
		return ""
	}
	return c.env(name)
}

// An OwnersError is something that the owner of the host must mend: a setting, a file, a file's mode.
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

// within says where a value that cannot be taken was written, and keeps its hint.
func within(where string, err error) error {
	var o *OwnersError
	out := &OwnersError{Err: fmt.Errorf("%s: %w", where, err)}
	if errors.As(err, &o) {
		out.Next = o.Next
	}
	return out
}

// IsOwners says whether err is one that the owner of the configuration can mend.
func IsOwners(err error) bool {
	var o *OwnersError
	var y *strictyaml.Error
	return errors.As(err, &o) || errors.As(err, &y)
}

// With takes over what an imported file says.
func (c Config) With(imported Config) Config {
	if len(imported.Endpoints) > 0 {
		c.Endpoints = imported.Endpoints
	}
	if imported.HasToken() {
		c.Credential = imported.Credential
	}
	if imported.AgentID != "" {
		c.AgentID = imported.AgentID
	}
	return c
}
