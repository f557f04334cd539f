package transport

import (
	"errors"
	"fmt"
	"strconv"
)

// The kinds of failure. errors.Is finds one of them, or the context's error, in every error of a
// dialer or a session.
var (
	// ErrUnreachable is returned when no endpoint could be reached: name resolution, routing, a
	// refused or slow connection.
	ErrUnreachable = errors.New("endpoint unreachable")
	// ErrTLS is returned when the TLS handshake failed: a certificate, a pin, a version.
	ErrTLS = errors.New("no trusted TLS connection")
	// ErrAuth is returned when the endpoint refused the token or the agent's id (401, 403).
	ErrAuth = errors.New("not authenticated")
	// ErrVersion is returned when the endpoint speaks another version of the protocol, or refuses
	// this agent as too old.
	ErrVersion = errors.New("incompatible version")
	// ErrRateLimit is returned when the endpoint accepts no more requests for now.
	ErrRateLimit = errors.New("rate limit reached")
	// ErrRefused is returned when the endpoint ended the session with any other error.
	ErrRefused = errors.New("endpoint ended the session")
	// ErrProtocol is returned when the endpoint violates the protocol.
	ErrProtocol = errors.New("protocol error")
	// ErrConnectionLost is returned when the connection ended or stalled during a session.
	ErrConnectionLost = errors.New("connection lost")
)

// Codes of an error response.
const (
	CodeBadRequest   = 400 // of this one request; the session goes on
	CodeUnauthorized = 401
	CodeForbidden    = 403
	CodeNotFound     = 404 // unknown method
	CodeInternal     = 500
)

// TypeRateLimit is the type of an error that means: stop sending, keep everything, come back later.
const TypeRateLimit = "rateLimitReached"

// The types of an error of code 401 by which an endpoint refuses an agent for its key (PROTOCOL.md,
// "What an endpoint does with hello").
const (
	TypeOtherKey    = "otherKey"    // the id is registered with another key
	TypeKeyRequired = "keyRequired" // the id is registered with a key, and hello has no proof
	TypeProofFailed = "proofFailed" // the proof does not belong to this connection
	TypeNotEnrolled = "notEnrolled" // the id has no key, and no token that registers this one came with it
	TypeRevoked     = "revoked"     // the endpoint's owner revoked the id
)

// The types of an error of code 400 by which an endpoint refuses a bundle that a courier brings
// (PROTOCOL.md, "bundle.post").
const (
	TypeBundleNoKey    = "bundleNoKey"    // no key of the bundle's agent is known
	TypeBundleOtherKey = "bundleOtherKey" // it is sealed with another key than the registered one
	TypeBundleRevoked  = "bundleRevoked"  // the endpoint's owner revoked the bundle's agent
	TypeBundleChanged  = "bundleChanged"  // these are not the bytes that its host sealed
	TypeBundleLimit    = "bundleLimit"    // it is beyond the endpoint's limits
)

// An Error is the error object of a response. A Reader truncates Message to 1 KiB and Type to 128
// bytes and removes control characters and the like, which a terminal would interpret.
type Error struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Type    string `json:"type,omitempty"`
	// RetryAfterMS is how long not to connect after a rate limit, in ms; 0 if the endpoint does not
	// set it, never negative.
	RetryAfterMS int64 `json:"retry_after_ms,omitempty"`
}

// Error returns the code and the message.
func (e *Error) Error() string {
	if e.Message == "" {
		return "error " + strconv.Itoa(e.Code)
	}
	return fmt.Sprintf("error %d: %q", e.Code, e.Message)
}

// EndsSession reports whether nothing more may be sent: after every code but 400, and after a rate
// limit.
func (e *Error) EndsSession() bool { return e.Code != CodeBadRequest || e.Type == TypeRateLimit }

func parseError(raw []byte) (*Error, error) {
	if raw[0] != '{' {
		return nil, errors.New("not an object")
	}
	var (
		e    Error
		code bool
	)
	_, err := scan(raw, MaxDepth, false, func(key, value []byte) error {
		name, err := parseString(key, "")
		if err != nil || isNull(value) {
			return err
		}
		var s string
		switch name {
		case "code":
			e.Code, err = strconv.Atoi(string(value))
			if err != nil || e.Code > 1<<31-1 || e.Code < -1<<31 {
				return errors.New(`"code" is not a whole number`)
			}
			code = true
		case "message":
			if s, err = parseString(value, ""); err != nil {
				return errors.New(`"message" is not a string`)
			}
			e.Message = sanitize(s, maxMessageBytes)
		case "type":
			if s, err = parseString(value, ""); err != nil {
				return errors.New(`"type" is not a string`)
			}
			e.Type = sanitize(s, maxTypeBytes)
		case "retry_after_ms": // only advice: ignored where it cannot be read
			if n, err := strconv.ParseInt(string(value), 10, 64); err == nil && n > 0 {
				e.RetryAfterMS = n
			}
		}
		return nil
	})
	if err == nil && !code {
		err = errors.New(`"code" is missing`)
	}
	if err != nil {
		return nil, err
	}
	return &e, nil
}
