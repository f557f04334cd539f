package link

import (
	"context"
	"crypto/ed25519"
	"errors"
	"math/rand/v2"
	"net"
	"time"

	"virgo/collect"
	"virgo/schedule/policy"
	"virgo/schedule/yaml"
	"virgo/spool"
	"virgo/transport"
)

// A Config contains the identity of one host's agent, its endpoints, and the resources that it
// uses.
type Config struct {
	// ID identifies the agent to the endpoint and in every record; Name is for people.
	ID, Name string
	// Version is the version of the program, as it is sent in hello.
	Version string
	// Token returns the secret that lets this host enrol; empty if there is none. It is called when a
	// session opens with an endpoint that has not confirmed the key, and during a backoff.
	Token func() (string, error)
	// Key returns this host's key, and makes it if there is none; nil: hello has the token alone.
	Key func() (ed25519.PrivateKey, error)
	// DropToken deletes the token that setup left, when no endpoint needs it any more; nil: not called.
	DropToken func() error
	// Endpoints are tried in order, in the form in which they are configured. Empty: results stay
	// in the spool.
	Endpoints []string
	// Untrusted is why nothing is delivered to anybody, a mistake in the settings that say whom to
	// trust; nil: there is none.
	Untrusted error
	TLS       transport.TLSConfig
	// Proxy returns the URL of the proxy for an address, as for transport.Dialer; nil: no proxy.
	Proxy func(address string) (string, error)
	// DialContext opens the TCP connections; nil means the system's network.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// Policy is what the owner lets an endpoint make this host do; nil: nothing.
	Policy *policy.Policy
	// Secret returns one of the owner's secrets, for a check of an endpoint that may have it; nil: there
	// are none. Its error does not show the secret.
	Secret func(name string) (string, error)
	// BundleName and BundleChannel are those of the bundle of scripts that this host renews when an endpoint says so;
	// empty: it does not.
	BundleName, BundleChannel string
	// Remote has the host information that an endpoint can ask for.
	Remote Remote

	Spool *spool.Spool
	// Registry contains the check types; nil if no check is to run.
	Registry *collect.Registry
	// ChecksDir is the folder of the local checks, *.yaml; it need not exist. ParseYAML parses its
	// files.
	ChecksDir string
	ParseYAML yaml.Parser
	Now       func() time.Time
	// Random returns a number from 0 up to but not including its argument; nil: math/rand/v2.
	Random func(int64) int64

	// Notice prints a line that people must see even under cron; Verbose prints a line for
	// --verbose.
	Notice  func(format string, args ...any)
	Verbose func(format string, args ...any)
	// Progress is called with the number of results handled so far; nil: not called.
	Progress func(results int)
	// Connected is called when a connection is established; nil: not called.
	Connected func()
	// Large is called before much memory is needed: for many checks or, on another goroutine, for a
	// large frame from the endpoint. nil: not called.
	Large func()
	// Slow is called before a step that may take long or that starts another program; nil: not
	// called.
	Slow func()
}

// CallSlow calls Slow if it is set.
func (c *Config) CallSlow() {
	if c.Slow != nil {
		c.Slow()
	}
}

// CallLarge calls Large if it is set.
func (c *Config) CallLarge() {
	if c.Large != nil {
		c.Large()
	}
}

func (c *Config) random(n int64) int64 {
	if c.Random != nil {
		return c.Random(n)
	}
	return rand.Int64N(n)
}

// ErrNoToken is returned for a host that has no token and no key.
var ErrNoToken = errors.New("no token is configured")

// A ConfigError is an error in a setting or file of the host's owner.
type ConfigError struct{ Err error }

func (e *ConfigError) Error() string { return e.Err.Error() }
func (e *ConfigError) Unwrap() error { return e.Err }

// finalTime is the time limit of a transaction that must be tried although the run's time is over.
const finalTime = 5 * time.Second

// FinalContext returns a context with ctx's values and a time limit of its own (5 s), for a step
// that must be tried even if ctx is done.
func FinalContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), finalTime)
}

// Interrupted reports whether ctx was cancelled, by a person or the system, and did not reach its
// deadline.
func Interrupted(ctx context.Context) bool {
	return errors.Is(ctx.Err(), context.Canceled)
}
