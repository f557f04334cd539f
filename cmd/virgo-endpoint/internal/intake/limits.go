package intake

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"

	"virgo/schedule/shorttext"
	"virgo/transport/receipt"
)

// Limits of the values that a peer may send.
const (
	// MaxIDBytes limits an agent's id, a check's id and type, a frame's source.
	MaxIDBytes = 256
	// MaxResultIDBytes limits a result's id, which may contain its agent's.
	MaxResultIDBytes = MaxIDBytes + 64
	// MaxRefusals is how many refusals are remembered for an agent, the latest ones: as many as one
	// receipt can name.
	MaxRefusals = receipt.MaxRefused
	// MaxStatusRunes limits a result's status.
	MaxStatusRunes = 256
	// MaxNameBytes limits an agent's name and its versions, which are truncated.
	MaxNameBytes = 256
	// MaxLabelRunes limits a token's label.
	MaxLabelRunes = 100
	// MaxTokenUses limits the agents that one token may enrol, MaxTokenAgents the ids that it names.
	MaxTokenUses   = 1_000_000
	MaxTokenAgents = 10_000
	// maxQuotedRunes limits the part of a peer's text that an error repeats.
	maxQuotedRunes = 64
)

// RefusedCode is the error code of a refused result. It applies to that request only: the session
// goes on (PROTOCOL.md).
const RefusedCode = 400

// MinTimeMS and MaxTimeMS are the first millisecond of the year 1 and the last one of 9999, in ms since
// the Unix epoch. A timestamp outside of them is not accepted, however wrong an agent's clock is.
const (
	MinTimeMS = -62_135_596_800_000
	MaxTimeMS = 253_402_300_799_999
	// MaxAgeMS is the longest time between two of them.
	MaxAgeMS = MaxTimeMS - MinTimeMS
)

// ErrNoParams is returned when a request has no params.
var ErrNoParams = errors.New("params are missing")

// ErrBadAgentID is returned when a text cannot be the id of an agent.
var ErrBadAgentID = errors.New("agent_id")

// CheckAgentID returns an error for an invalid id of an agent: ErrBadAgentID.
func CheckAgentID(id string) error {
	if !ValidID(id) {
		return fmt.Errorf("%w has to be 1 to %d bytes of plain text", ErrBadAgentID, MaxIDBytes)
	}
	return nil
}

// ValidID reports whether s can name an agent or a check.
func ValidID(s string) bool { return validText(s, MaxIDBytes) }

// ValidResultID reports whether s can name a result.
func ValidResultID(s string) bool { return validText(s, MaxResultIDBytes) }

// validText reports whether s is 1 to most bytes of valid UTF-8 without control characters.
func validText(s string, most int) bool {
	if s == "" || len(s) > most || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return false
		}
	}
	return true
}

// Shorten returns a peer's text for a log or an error: at most 64 characters, then "…".
func Shorten(s string) string { return shorttext.Shorten(s, maxQuotedRunes) }

// Quote returns [Shorten] of s as a quoted Go string.
func Quote(s string) string { return strconv.Quote(Shorten(s)) }

// ParamsError returns the error for params that encoding/json could not decode with err. Where err
// names a Go type, the new text names the field and the JSON type that it has.
func ParamsError(err error) error {
	return fmt.Errorf("params cannot be read: %w", jsonError(err))
}

func jsonError(err error) error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err
	}
	if wrong.Field == "" {
		return fmt.Errorf("it is a JSON %s", wrong.Value)
	}
	return fmt.Errorf("%s is a JSON %s", wrong.Field, wrong.Value)
}
