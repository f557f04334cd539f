package policy

import (
	"fmt"

	"virgo/schedule/shorttext"
)

// Refused begins the status of every check that the owner does not allow.
const Refused = "not allowed by this host's owner"

// maxShownValue bounds the value in a refusal in bytes.
const maxShownValue = 128

// A RefusedError says that the owner of the host does not let an endpoint do something. Its text is the
// status of the result.
type RefusedError struct {
	// Type is the type of the check, and Field the detail that no rule allows; empty where no rule is
	// for the type.
	Type  string `json:"type"`
	Field string `json:"field,omitempty"`
	// Value is that of the field; empty for a secret.
	Value string `json:"value,omitempty"`
	// Why is the reason where it is not that no rule allows it.
	Why string `json:"why,omitempty"`
}

func (e *RefusedError) Error() string {
	text := Refused + ": " + e.Type
	if e.Field != "" {
		text += " " + e.Field
	}
	if e.Value != "" {
		text += fmt.Sprintf(" %q", shorttext.Truncate(shorttext.Sanitize(e.Value), maxShownValue))
	}
	if e.Why != "" {
		text += ", " + e.Why
	}
	return text
}
