package transporttest

import (
	"encoding/json"
	"time"

	"virgo/transport"
)

// A Script defines an endpoint's behaviour. The zero value is a correct endpoint of the original
// protocol: no features, an empty schedule, every token valid. Counts begin with 1; 0 means never.
// A Program reads it as JSON.
type Script struct {
	// Features it announces: "pipelining", "result_id", "schedule_hash", "post_multi", "post_multi_lz4".
	Features []string `json:"features,omitempty"`
	// Token is the only valid token, others get error 401; empty means that every token is valid.
	Token string `json:"token,omitempty"`
	// Keys means that it has the feature "agent_key": it registers and verifies keys. A valid token
	// registers one; with LegacyToken it also serves agents without a key.
	Keys        bool `json:"keys,omitempty"`
	LegacyToken bool `json:"legacy_token,omitempty"`
	// KnownKeys are keys that are registered from the start, by agent id; Revoked are ids.
	KnownKeys map[string]string `json:"known_keys,omitempty"`
	Revoked   []string          `json:"revoked,omitempty"`
	// EndsTLS means that something in front of the endpoint ends TLS, so that no proof verifies.
	EndsTLS bool `json:"ends_tls,omitempty"`
	// LoseHello closes the connection instead of answering the n-th hello, which takes effect.
	LoseHello int `json:"lose_hello,omitempty"`
	// HelloError, if not nil, is the answer to hello, after which the connection is closed.
	HelloError *transport.Error `json:"hello_error,omitempty"`
	// Version is the "v" of its responses; empty means "1".
	Version string `json:"version,omitempty"`
	// HeartbeatInterval in ms of hello's result; 0 means 60,000.
	HeartbeatInterval int64 `json:"heartbeat_interval,omitempty"`
	// EntityID and Channel of hello's result.
	EntityID string `json:"entity_id,omitempty"`
	Channel  string `json:"channel,omitempty"`
	// Schedule is the "checks" of check_schedule.get's result; nil means [].
	Schedule json.RawMessage `json:"schedule,omitempty"`
	// ScheduleHash is sent with it where Features has "schedule_hash".
	ScheduleHash string `json:"schedule_hash,omitempty"`
	// ClockOffset is the time by which its clock is ahead, in ms.
	ClockOffset int64 `json:"clock_offset,omitempty"`

	// Reject answers the n-th result, copies not counted, with an error. One that ends the session
	// closes the connection.
	Reject map[int]transport.Error `json:"reject,omitempty"`
	// RateLimitAt answers the n-th post of a connection, several results in one frame being one, and all
	// after it with rateLimitReached; RetryAfterMS is its retry_after_ms.
	RateLimitAt  int   `json:"rate_limit_at,omitempty"`
	RetryAfterMS int64 `json:"retry_after_ms,omitempty"`
	// MultiError and MultiResult answer each frame of several results, of which nothing is stored.
	MultiError  *transport.Error `json:"multi_error,omitempty"`
	MultiResult json.RawMessage  `json:"multi_result,omitempty"`
	// StallAt stops answering from a connection's n-th request on, but continues to read.
	StallAt int `json:"stall_at,omitempty"`
	// StopReadingAt stops reading after a connection's n-th request, which is answered.
	StopReadingAt int `json:"stop_reading_at,omitempty"`
	// Delay is a pause before each answer; in JSON in ns.
	Delay time.Duration `json:"delay,omitempty"`
	// ByteDelay sends answers one byte at a time, with this pause before each.
	ByteDelay time.Duration `json:"byte_delay,omitempty"`

	// Refuse closes a connection before TLS.
	Refuse bool `json:"refuse,omitempty"`
	// CloseAfterIn and CloseAfterOut close a connection after that many bytes were received or sent
	// on the wire, which includes TLS records; the n-th byte still passes.
	CloseAfterIn  int `json:"close_after_in,omitempty"`
	CloseAfterOut int `json:"close_after_out,omitempty"`
	// Blackhole discards everything after these bytes instead of closing the connection.
	Blackhole bool `json:"blackhole,omitempty"`

	// Answer, if not nil, answers the methods that the endpoint does not know itself.
	Answer func(method string, params json.RawMessage) (result any, refusal *transport.Error) `json:"-"`
	// Requests to send before the answer to the first heartbeat.
	Requests []Request `json:"requests,omitempty"`
	// Flood is the number of requests to send right after hello, without reading; each has
	// FloodBytes of params.
	Flood      int `json:"flood,omitempty"`
	FloodBytes int `json:"flood_bytes,omitempty"`
	// UnexpectedResponses is the number of responses to no request to send after hello.
	UnexpectedResponses int `json:"unexpected_responses,omitempty"`
	// Garbage, if not empty, is sent unchanged instead of the answer to hello.
	Garbage string `json:"garbage,omitempty"`
	// AnswerHelloLast answers posts at once, but hello only with the heartbeat.
	AnswerHelloLast bool `json:"answer_hello_last,omitempty"`
	// LooseJSON writes ids as strings and a trailing comma, as some endpoints do.
	LooseJSON bool `json:"loose_json,omitempty"`
}

// A Request is a request from the endpoint to the agent.
type Request struct {
	Method string          `json:"method"`
	Params json.RawMessage `json:"params,omitempty"`
}

func (s *Script) has(feature string) bool {
	if feature == transport.FeatureAgentKey {
		return s.Keys
	}
	for _, f := range s.Features {
		if f == feature {
			return true
		}
	}
	return false
}

func (s *Script) rateLimit() *transport.Error {
	return &transport.Error{
		Code:         transport.CodeBadRequest,
		Message:      "Rate limit has been reached, please try again later.",
		Type:         transport.TypeRateLimit,
		RetryAfterMS: s.RetryAfterMS,
	}
}
