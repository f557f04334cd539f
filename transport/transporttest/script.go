package transporttest

import (
	"encoding/json"
	"time"

	"virgo/transport"
)

// A Script is what an endpoint does. The zero value is a well-behaved old endpoint: no features, an
// empty schedule, every token good. Counts are from 1, and 0 is never. It is JSON for the fake program.
type Script struct {
	// Features it announces: "pipelining", "result_id", "schedule_hash".
	Features []string `json:"features,omitempty"`
	// Token is the only good one; empty takes any. Another gets error 401.
	Token string `json:"token,omitempty"`
	// HelloError answers hello, and the connection is closed.
	HelloError *transport.Error `json:"hello_error,omitempty"`
	// Version is the "v" of its responses; empty means "1".
	Version string `json:"version,omitempty"`
	// HeartbeatInterval in ms that hello's answer names; 0 means 60,000.
	HeartbeatInterval int64 `json:"heartbeat_interval,omitempty"`
	// EntityID and Channel of hello's answer.
	EntityID string `json:"entity_id,omitempty"`
	Channel  string `json:"channel,omitempty"`
	// Schedule is the "checks" of check_schedule.get's result; nil means [].
	Schedule json.RawMessage `json:"schedule,omitempty"`
	// ScheduleHash goes with it where Features has "schedule_hash".
	ScheduleHash string `json:"schedule_hash,omitempty"`
	// ClockOffset is what its clock is ahead, in ms.
	ClockOffset int64 `json:"clock_offset,omitempty"`

	// Reject answers the n-th result that the endpoint sees, copies not counted, with an error. One that
	// ends the session closes the connection.
	Reject map[int]transport.Error `json:"reject,omitempty"`
	// RateLimitAt answers the n-th post of a connection, and all after it, with rateLimitReached.
	RateLimitAt int `json:"rate_limit_at,omitempty"`
	// StallAt answers nothing from a connection's n-th request on; it reads on.
	StallAt int `json:"stall_at,omitempty"`
	// DeafAt reads nothing after a connection's n-th request, which it answers.
	DeafAt int `json:"deaf_at,omitempty"`
	// Delay before each answer.
	Delay time.Duration `json:"delay,omitempty"`
	// Drip sends its answers one byte at a time, with this pause before each.
	Drip time.Duration `json:"drip,omitempty"`

	// Resume lets TLS sessions be resumed; without it every handshake is a full one.
	Resume bool `json:"resume,omitempty"`
	// Refuse closes a connection before TLS.
	Refuse bool `json:"refuse,omitempty"`
	// CutIn and CutOut close a connection when that many bytes came in or went out (on the wire, so
	// under TLS its records; the n-th byte still passes).
	CutIn  int `json:"cut_in,omitempty"`
	CutOut int `json:"cut_out,omitempty"`
	// Silent makes of these cuts a network that went quiet: nothing more passes either way, and neither
	// side is told.
	Silent bool `json:"silent,omitempty"`

	// Requests it sends before it answers the first heartbeat.
	Requests []Request `json:"requests,omitempty"`
	// Flood is how many requests it sends right after hello, reading nothing meanwhile; each has
	// FloodBytes of params.
	Flood      int `json:"flood,omitempty"`
	FloodBytes int `json:"flood_bytes,omitempty"`
	// Strays is how many answers to nothing it sends after hello.
	Strays int `json:"strays,omitempty"`
	// Garbage is sent, as it is, in the place of the answer to hello.
	Garbage string `json:"garbage,omitempty"`
	// Hasty answers posts, but hello only with the heartbeat.
	Hasty bool `json:"hasty,omitempty"`
	// Sloppy writes ids as strings and a comma too many.
	Sloppy bool `json:"sloppy,omitempty"`
}

// A Request is one that the endpoint sends.
type Request struct {
	Method string          `json:"method"`
	Params json.RawMessage `json:"params,omitempty"`
}

func (s *Script) has(feature string) bool {
	for _, f := range s.Features {
		if f == feature {
			return true
		}
	}
	return false
}
