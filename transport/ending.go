package transport

import "strings"

// An EndingError is returned when the endpoint ended the session by an error of its own. To errors.Is
// it is its Kind, to errors.As its Cause.
type EndingError struct {
	// Kind is ErrAuth, ErrVersion, ErrRateLimit or ErrRefused.
	Kind error
	// Cause is what the endpoint said.
	Cause *Error
}

// Error gives the kind and the endpoint's words.
func (e *EndingError) Error() string { return e.Kind.Error() + ": " + e.Cause.Error() }

// Unwrap gives both.
func (e *EndingError) Unwrap() []error { return []error{e.Kind, e.Cause} }

// Hint gives the next step; empty where none is known.
func (e *EndingError) Hint() string {
	switch e.Kind {
	case ErrAuth:
		return "check the token and the agent's id; the endpoint's owner can issue a new token"
	case ErrVersion:
		return "install a newer version of this agent"
	case ErrRateLimit:
		return "nothing is lost: what is kept is delivered when the endpoint takes it again"
	}
	return ""
}

// helloError gives the kind of an error that answers hello. Whatever its code, it ends the session.
func helloError(e *Error) error {
	if e.Code == CodeBadRequest && strings.Contains(strings.ToLower(e.Message), "too old") {
		return &EndingError{ErrVersion, e}
	}
	return sessionError(e)
}

// sessionError gives the kind of an error that ends the session.
func sessionError(e *Error) error {
	switch {
	case e.Type == TypeRateLimit:
		return &EndingError{ErrRateLimit, e}
	case e.Code == CodeUnauthorized || e.Code == CodeForbidden:
		return &EndingError{ErrAuth, e}
	}
	return &EndingError{ErrRefused, e}
}
