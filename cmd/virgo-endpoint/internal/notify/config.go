package notify

import (
	"crypto/sha256"
	"crypto/x509"
	"slices"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

// The bounds of a notify.yaml.
const (
	MaxNotifiers   = 64
	MaxRoutes      = 256
	maxListItems   = 256
	maxNameBytes   = 64
	maxTextBytes   = 1024
	maxSecretBytes = 8 << 10
)

// The defaults of a notify.yaml, and what its times may be.
const (
	DefaultTimeout  = 30 * time.Second
	minTimeout      = time.Second
	maxTimeout      = 5 * time.Minute
	DefaultGroup    = time.Minute
	maxGroup        = 15 * time.Minute
	leastHeartbeat  = 10 * time.Second
	mostHeartbeat   = 24 * time.Hour
	leastRepetition = 5 * time.Minute
	mostDelay       = 7 * 24 * time.Hour
)

// A Config is what a notify.yaml says. The zero value tells nobody.
type Config struct {
	Notifiers []NotifierConfig
	Routes    []RouteConfig
	// Group is how long events of a host are waited for, to be told together.
	Group time.Duration
	// Plans give notifiers to the notification plans that older checks name.
	Plans map[string][]string
	// Fallback are told of notifiers that fail; empty: all others.
	Fallback   []string
	Heartbeats []HeartbeatConfig
	// sum is of all that was read for it, secrets too.
	sum [sha256.Size]byte
}

// Same reports whether two were read from the same bytes.
func (c *Config) Same(o *Config) bool {
	if c == nil || o == nil {
		return c == o
	}
	return c.sum == o.sum
}

// A NotifierConfig is one way to tell somebody. Exactly one of Mail, Webhook, Chat and Command is set, none if Fault is.
type NotifierConfig struct {
	Name    string
	Timeout time.Duration
	Mail    *MailConfig
	Webhook *WebhookConfig
	Chat    *ChatConfig
	Command *CommandConfig
	// Fault is the mistake because of which it cannot send; what is for it waits.
	Fault error
}

// Kind names the way: mail, webhook, chat or command; empty if it has a fault.
func (n *NotifierConfig) Kind() string {
	switch {
	case n.Mail != nil:
		return "mail"
	case n.Webhook != nil:
		return "webhook"
	case n.Chat != nil:
		return "chat"
	case n.Command != nil:
		return "command"
	}
	return ""
}

// How mail is protected on its way to the server.
const (
	StartTLS    = "starttls"
	ImplicitTLS = "implicit"
	NoTLS       = "none"
)

// A MailConfig sends mail by a server.
type MailConfig struct {
	To       []string
	From     string
	Host     string
	Port     int
	TLS      string // StartTLS, ImplicitTLS or NoTLS
	User     string
	Password Secret
	// Roots are whom the server's certificate is trusted by; nil: the system's.
	Roots *x509.CertPool
}

// A WebhookConfig posts JSON.
type WebhookConfig struct {
	// URL may hold a secret in its path.
	URL Secret
	// Key signs what is posted; not set: it is not signed.
	Key   Secret
	Roots *x509.CertPool
}

// A ChatConfig is a service that shoutrrr knows.
type ChatConfig struct{ URL Secret }

// A CommandConfig runs a program.
type CommandConfig struct{ Args []string }

// A HeartbeatConfig is a URL that is asked for while the endpoint works.
type HeartbeatConfig struct {
	URL   Secret
	Every time.Duration
}

// A RouteConfig says by which notifiers an event is told. Empty fields select all events.
type RouteConfig struct {
	// Severity is the least that the state is or was.
	Severity alarm.State
	// Hosts are globs of ids or names, Rules globs; Tags are any of them, NotTags none.
	Hosts, Rules, Tags, NotTags []string
	Notify                      []string
	Escalate                    []watch.Escalation
	// Repeat tells again of an alarm that stays open and that nobody acknowledged; zero: it does not.
	Repeat time.Duration
	// Continue tries the routes behind it as well.
	Continue bool
}

// Silent reports whether nobody is ever told.
func (c *Config) Silent() bool { return c == nil || len(c.Notifiers) == 0 }

// Notifier returns the notifier with a name, nil if there is none.
func (c *Config) Notifier(name string) *NotifierConfig {
	if c == nil {
		return nil
	}
	if i := slices.IndexFunc(c.Notifiers, func(n NotifierConfig) bool { return n.Name == name }); i >= 0 {
		return &c.Notifiers[i]
	}
	return nil
}

// others returns who is told that a notifier fails.
func (c *Config) others(failing string) []string {
	names := c.Fallback
	if len(names) == 0 {
		for _, n := range c.Notifiers {
			names = append(names, n.Name)
		}
	}
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == failing })
}

// Names returns the names of all notifiers, in the order of the file.
func (c *Config) Names() []string {
	var names []string
	for _, n := range c.Notifiers {
		names = append(names, n.Name)
	}
	return names
}
