package transport

import (
	"errors"
	"strings"
	"time"
)

// An EndingError is returned when the endpoint ended the session with an error. errors.Is finds its
// Kind, errors.As its Cause.
type EndingError struct {
	// Kind is ErrAuth, ErrVersion, ErrRateLimit or ErrRefused.
	Kind error
	// Cause is the error of the response.
	Cause *Error
}

// Error returns the kind and the endpoint's error, and after which time a busy endpoint asks to come back.
func (e *EndingError) Error() string {
	text := e.Kind.Error() + ": " + e.Cause.Error()
	if pause, ok := RequestedPause(e); ok {
		text += ", try again in " + pause.Round(time.Second).String()
	}
	return text
}

// Unwrap returns both.
func (e *EndingError) Unwrap() []error { return []error{e.Kind, e.Cause} }

// Hint returns the next step; empty where none is known.
func (e *EndingError) Hint() string {
	switch e.Kind {
	case ErrAuth:
		if hint := keyHint(e.Cause.Type); hint != "" {
			return hint
		}
		return "check the token and the agent's id; the endpoint's owner can issue a new token"
	case ErrVersion:
		return "install a newer version of this agent"
	case ErrRateLimit:
		return "nothing is lost: results stay in the spool until the endpoint takes them"
	}
	return ""
}

// keyHint returns the next step after a refusal of this type; empty for other types.
func keyHint(refusal string) string {
	switch refusal {
	case TypeOtherKey, TypeKeyRequired:
		return "if this host is the right one, the endpoint's owner lets it enrol anew (virgo-endpoint agents reset ID); " +
			"then virgo setup with a new token"
	case TypeProofFailed:
		return "nothing between this host and the endpoint may end TLS: let the load balancer or proxy pass TCP through"
	case TypeNotEnrolled:
		return "virgo setup with a new token of the endpoint's owner (virgo-endpoint token add); or, without one, " +
			"virgo key show here and virgo-endpoint agents add there"
	case TypeRevoked:
		return "the endpoint's owner revoked this agent, and alone can let it in again"
	}
	return ""
}

// KeyRefusal returns the type of an endpoint's error that refuses this agent for its key; empty for every
// other error.
func KeyRefusal(err error) string {
	var e *EndingError
	if !errors.As(err, &e) || e.Kind != ErrAuth || keyHint(e.Cause.Type) == "" {
		return ""
	}
	return e.Cause.Type
}

// helloError returns the kind of an error in the answer to hello, which ends the session whatever its
// code.
func helloError(e *Error) error {
	if e.Code == CodeBadRequest && strings.Contains(strings.ToLower(e.Message), "too old") {
		return &EndingError{ErrVersion, e}
	}
	return sessionError(e)
}

// sessionError returns the kind of an error that ends the session.
func sessionError(e *Error) error {
	switch {
	case e.Type == TypeRateLimit:
		return &EndingError{ErrRateLimit, e}
	case e.Code == CodeUnauthorized || e.Code == CodeForbidden:
		return &EndingError{ErrAuth, e}
	}
	return &EndingError{ErrRefused, e}
}
