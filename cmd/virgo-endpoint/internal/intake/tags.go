package intake

import (
	"errors"
	"fmt"
	"slices"
)

const (
	// MaxTagBytes limits a tag.
	MaxTagBytes = 64
	// MaxTags limits the tags of an agent.
	MaxTags = 64
)

// Errors of tags.
var (
	// ErrBadTag is returned when a text cannot be a tag.
	ErrBadTag = errors.New("not a tag")
	// ErrTooManyTags is returned when an agent would have more than MaxTags.
	ErrTooManyTags = errors.New("too many tags")
)

// CheckTag returns an error for an invalid tag: ErrBadTag. A tag is a word that needs no quotes in a
// shell and does not begin like an option.
func CheckTag(tag string) error {
	ok := tag != "" && len(tag) <= MaxTagBytes && tag[0] != '-' && tag[0] != '+'
	for i := range len(tag) {
		switch c := tag[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == ':', c == '/', c == '@', c == '+':
		default:
			ok = false
		}
	}
	if !ok {
		return fmt.Errorf("%w: %s: it has 1 to %d letters, digits and -_.:/@+, and does not begin with - or +", ErrBadTag, Quote(tag), MaxTagBytes)
	}
	return nil
}

// ChangeTags returns an agent's tags after a change, sorted. Errors: ErrBadTag, ErrTooManyTags.
func ChangeTags(tags, add, remove []string) ([]string, error) {
	for _, tag := range add {
		if err := CheckTag(tag); err != nil {
			return nil, err
		}
	}
	after := slices.Concat(tags, add)
	slices.Sort(after)
	after = slices.DeleteFunc(slices.Compact(after), func(tag string) bool { return slices.Contains(remove, tag) })
	if len(after) > MaxTags {
		return nil, fmt.Errorf("%w: %d are more than %d", ErrTooManyTags, len(after), MaxTags)
	}
	return after, nil
}
