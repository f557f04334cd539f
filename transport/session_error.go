package transport

import "strings"

// An EndingError is returned when the endpoint ended the session with an error. errors.Is finds its
// Kind, errors.As its Cause.
type EndingError struct {
	// Kind is ErrAuth, ErrVersion, ErrRateLimit or ErrRefused.
	Kind error
	// Cause is the error of the response.
	Cause *Error
}

// Error returns the kind and the endpoint's error.
func (e *EndingError) Error() string { return e.Kind.Error() + ": " + e.Cause.Error() }

// Unwrap returns both.
func (e *EndingError) Unwrap() []error { return []error{e.Kind, e.Cause} }

// Hint returns the next step; empty where none is known.
func (e *EndingError) Hint() string {
	switch e.Kind {
	case ErrAuth:
		return "check the token and the agent's id; the endpoint's owner can issue a new token"
	case ErrVersion:
		return "install a newer version of this agent"
	case ErrRateLimit:
		return "nothing is lost: results stay in the spool until the endpoint takes them"
	}
	return ""
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
