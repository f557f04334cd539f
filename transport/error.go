package transport

import (
	"errors"
	"fmt"
	"strconv"
)

// The kinds of failure. Every error of a dialer or a session is one of them to errors.Is, or the
// context's own.
var (
	// ErrUnreachable is returned when no endpoint could be reached: names, routes, refused or slow
	// connections.
	ErrUnreachable = errors.New("endpoint unreachable")
	// ErrTLS is returned when TLS could not be agreed on: a certificate, a pin, a version.
	ErrTLS = errors.New("no trusted TLS connection")
	// ErrAuth is returned when the endpoint refused the token or the agent's id (401, 403).
	ErrAuth = errors.New("not authenticated")
	// ErrVersion is returned when the endpoint speaks another version of the protocol, or finds this
	// agent too old.
	ErrVersion = errors.New("versions do not fit")
	// ErrRateLimit is returned when the endpoint wants no more for now. Come back later.
	ErrRateLimit = errors.New("rate limit reached")
	// ErrRefused is returned when the endpoint ended the session with any other error of its own.
	ErrRefused = errors.New("endpoint ended the session")
	// ErrProtocol is returned when what the endpoint sent is not the protocol.
	ErrProtocol = errors.New("protocol violated")
	// ErrCut is returned when the connection ended or stalled under way.
	ErrCut = errors.New("connection cut")
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

// An Error is the error object of a response, the other side's own words. What a reader gives has a
// Message of at most 1 KiB and a Type of at most 128 bytes, without control characters.
type Error struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Type    string `json:"type,omitempty"`
	// RetryAfterMS is how long to stay away, in ms, where a rate limit's error says so; 0 where it does
	// not, never negative.
	RetryAfterMS int64 `json:"retry_after_ms,omitempty"`
}

// Error gives the code and the message.
func (e *Error) Error() string {
	if e.Message == "" {
		return "error " + strconv.Itoa(e.Code)
	}
	return fmt.Sprintf("error %d: %q", e.Code, e.Message)
}

// EndsSession says whether nothing more may be sent: every code but 400, and a rate limit.
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
		name, err := text(key, "")
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
			if s, err = text(value, ""); err != nil {
				return errors.New(`"message" is not a string`)
			}
			e.Message = words(s, maxMessageBytes)
		case "type":
			if s, err = text(value, ""); err != nil {
				return errors.New(`"type" is not a string`)
			}
			e.Type = words(s, maxTypeBytes)
		case "retry_after_ms": // advice: what cannot be read as such is none
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
