package config

import (
	"errors"
	"fmt"
	"time"

	"virgo/schedule/policy"
	"virgo/schedule/yaml"
)

// Defaults of the settings.
const (
	DefaultSpoolMaxBytes  = 64 << 20
	DefaultSpoolMaxAge    = 30 * 24 * time.Hour
	DefaultDeadline       = 50 * time.Second
	DefaultFlushDeadline  = 10 * time.Minute
	DefaultConcurrency    = 128
	DefaultScheduleMaxAge = time.Hour
	DefaultWorkerUser     = "virgo" // where there is one
)

// A Config contains the settings of a run. Create it with Load, LoadFile or ImportLegacy, never as
// a literal.
type Config struct {
	// Endpoints are "host:port" or SRV names that begin with an underscore, tried in order. Empty:
	// results stay in the spool.
	Endpoints []string
	// AgentID identifies this host to the endpoint. Never empty after Load.
	AgentID string
	// ComputedID means that AgentID was neither configured nor stored, but computed from the names of
	// this host, which may change.
	ComputedID bool
	// AgentName describes this host to people; the host name by default.
	AgentName string
	// CAFile is a PEM file with the authorities that may sign the endpoint's certificate; empty:
	// those of the system.
	CAFile string
	// Pins are the SHA-256 hashes of the public keys that the endpoint may have, "sha256:HEX" or
	// base64.
	Pins []string
	// BackupPins are accepted like Pins; they are the hashes of the endpoint's next key.
	BackupPins []string
	// ClientCert and ClientKey are PEM files for TLS client authentication. If ClientKey is empty,
	// ClientCert contains the key as well.
	ClientCert, ClientKey string
	// Proxy is the proxy to the endpoint; it may contain a password. The zero value: no proxy.
	Proxy Proxy
	// NoProxy are hosts that are reached without a proxy, as in NO_PROXY.
	NoProxy []string
	// ServerName is the name that the endpoint's certificate must have; empty: the name of the
	// endpoint.
	ServerName string
	// SpoolMaxBytes and SpoolMaxAge bound the results that wait for delivery.
	SpoolMaxBytes int64
	SpoolMaxAge   time.Duration
	// Deadline is the longest duration of a run, FlushDeadline that of `virgo flush`.
	Deadline, FlushDeadline time.Duration
	// Concurrency is the largest number of slow checks that run at the same time.
	Concurrency int
	// Environment are variables of plugins besides the usual ones: NAME=value, or NAME for the one of the
	// agent's own environment.
	Environment []string
	// WorkerUser is the user that checks of services and other hosts run as if the agent is root;
	// empty: virgo if there is such a user, else root.
	WorkerUser string
	// ScheduleMaxAge is the age at which the cached schedule is fetched again.
	ScheduleMaxAge time.Duration
	// AllowRemote are the requests (of remoteRequests) that the endpoint may send during a session;
	// empty: none.
	AllowRemote []string
	// HostInfo are the types of host information that are sent to the endpoint when it asks, "all" for
	// every one; nil: the default. HostInfoDeny are types that are never sent.
	HostInfo, HostInfoDeny []string
	// Checks are the rules for the endpoint's checks; nil: the default. Secrets are what these checks can
	// name.
	Checks  []policy.Rule
	Secrets []CheckSecret
	// Bundles are the settings of the bundle of scripts; Scripts is what scripts may use, nil: the default.
	Bundles Bundles
	Scripts *policy.Grants
	// Upgrade is UpgradeOff or UpgradeAuto.
	Upgrade string
	// UpgradeSigners are the public keys that may sign the agent's programs, as those of Bundles.
	UpgradeSigners []string
	// HostInfoArguments is how host information shows arguments: NamesOfArguments or FullArguments.
	HostInfoArguments string
	// AlarmCommand is a program with its arguments that is told of alarms of this host's own checks, AlarmWebhook
	// a URL or a reference to one; empty: nobody.
	AlarmCommand []string
	AlarmWebhook Secret
	// Source is the file that was read; empty if there was none.
	Source string
	// Warnings describe settings that were ignored, for --verbose.
	Warnings []string
	// Mistakes are settings that were ignored because they are wrong.
	Mistakes []Mistake

	// Credential is the token or a reference to it. It is exported because fmt does not call the
	// Format method of unexported fields.
	Credential Secret
	env        func(string) string
}

func defaults(env func(string) string) Config {
	return Config{
		SpoolMaxBytes:  DefaultSpoolMaxBytes,
		SpoolMaxAge:    DefaultSpoolMaxAge,
		Deadline:       DefaultDeadline,
		FlushDeadline:  DefaultFlushDeadline,
		Concurrency:    DefaultConcurrency,
		ScheduleMaxAge: DefaultScheduleMaxAge,
		AllowRemote:    remoteRequests(),

		HostInfoArguments: NamesOfArguments,
		Upgrade:           UpgradeOff,
		Bundles:           Bundles{Mode: BundlesManual, Name: DefaultBundleName, Channel: DefaultBundleChannel},

		env: env,
	}
}

// getenv returns an environment variable; empty if the Config was imported, because it has no
// environment.
func (c Config) getenv(name string) string {
	if c.env == nil {
		return ""
	}
	return c.env(name)
}

// An Error is a mistake that the owner of the host must correct, in a setting or in the content or
// mode of a file.
type Error struct {
	Err  error
	Next string
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Hint returns the next step; may be empty.
func (e *Error) Hint() string { return e.Next }

func errorf(format string, args ...any) error {
	return &Error{Err: fmt.Errorf(format, args...)}
}

// inside adds its location to the error of a value, and keeps the hint.
func inside(where string, err error) error {
	var inner *Error
	out := &Error{Err: fmt.Errorf("%s: %w", where, err)}
	if errors.As(err, &inner) {
		out.Next = inner.Next
	}
	return out
}

// IsError reports whether err is a mistake that the owner of the host can correct.
func IsError(err error) bool {
	var own *Error
	var inFile *yaml.Error
	return errors.As(err, &own) || errors.As(err, &inFile)
}

// With returns c, changed by the settings of an imported file.
func (c Config) With(imported Config) Config {
	if len(imported.Endpoints) > 0 {
		c.Endpoints = imported.Endpoints
	}
	if imported.HasToken() {
		c.Credential = imported.Credential
	}
	if imported.AgentID != "" {
		c.AgentID, c.ComputedID = imported.AgentID, false
	}
	return c
}
