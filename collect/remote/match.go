package remote

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"

	"virgo/collect"
	"virgo/schedule"
)

const (
	maxPatternBytes = 1024 // of a pattern; longer ones could compile to tens of MiB
	maxPatterns     = 32   // of one check
	maxPatternKey   = 64   // bytes of a key of body_matches
	maxMatchBytes   = 256  // of a match are reported
)

// A pattern is one expression and the metric that its match becomes.
type pattern struct {
	metric     string
	expression *regexp.Regexp
}

// textPattern reads the pattern of a detail; nil where it is absent. Error: *schedule.DetailError.
func textPattern(d schedule.Details, key, metric string) ([]pattern, error) {
	text, err := collect.OptionalText(d, key)
	if err != nil || text == "" {
		return nil, err
	}
	p, err := compile(key, metric, text)
	if err != nil {
		return nil, err
	}
	return []pattern{p}, nil
}

// patternsByKey reads a detail that is an object of patterns, metric names begin with prefix. Sorted by key.
// The error names the detail.
func patternsByKey(d schedule.Details, key, prefix string) ([]pattern, error) {
	object, err := textObject(d, key)
	if err != nil {
		return nil, err
	}
	if len(object) > maxPatterns {
		return nil, fmt.Errorf("detail %q has %d patterns, more than %d", key, len(object), maxPatterns)
	}
	var all []pattern
	for _, member := range object {
		if member.key == "" || len(member.key) > maxPatternKey || strings.ContainsFunc(member.key, notInKey) {
			return nil, wrongDetail(key, member.key, "an object whose keys are letters, digits, _ and -")
		}
		p, err := compile(key, prefix+member.key, member.value)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func notInKey(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-')
}

func compile(key, metric, text string) (pattern, error) {
	if len(text) > maxPatternBytes {
		return pattern{}, wrongDetail(key, text, fmt.Sprintf("a pattern of at most %d bytes", maxPatternBytes))
	}
	expression, err := regexp.Compile(text)
	if err != nil {
		return pattern{}, wrongDetail(key, text, "a regular expression (RE2)")
	}
	return pattern{metric, expression}, nil
}

// find is the text that a match reports, and whether there was one. It ends with the context: a pattern that is
// made to be slow takes minutes for a body.
func (p pattern) find(ctx context.Context, body []byte) (text string, found bool) {
	at := p.expression.FindReaderSubmatchIndex(&patientReader{ctx: ctx, from: bytes.NewReader(body)})
	if at == nil {
		return "", false
	}
	first, last := at[0], at[1]
	if len(at) > 2 && at[2] >= 0 {
		first, last = at[2], at[3]
	}
	return cut(string(body[first:min(last, first+2*maxMatchBytes)]), maxMatchBytes), true
}

// patientReader hands out characters until its context is done.
type patientReader struct {
	ctx  context.Context
	from *bytes.Reader
	read uint
}

func (r *patientReader) ReadRune() (rune, int, error) {
	if r.read++; r.read%16 == 0 && r.ctx.Err() != nil {
		return 0, 0, io.EOF
	}
	return r.from.ReadRune()
}

// addMatches reports what the patterns find. Error: the context's.
func addMatches(ctx context.Context, f *collect.Figures, patterns []pattern, body []byte) error {
	for _, p := range patterns {
		text, _ := p.find(ctx, body)
		if err := ctx.Err(); err != nil {
			return err
		}
		f.Text(p.metric, text)
	}
	return nil
}

// A member is one entry of an object of texts.
type member struct{ key, value string }

// textObject reads a detail that is an object of scalars, sorted by key; nil where it is absent. Error:
// *schedule.DetailError.
func textObject(d schedule.Details, key string) ([]member, error) {
	var inner schedule.Details
	switch v := d[key].(type) {
	case nil:
		return nil, nil
	case map[string]any:
		inner = v
	case schedule.Details:
		inner = v
	default:
		if text, ok := d.Text(key); ok && text == "" {
			return nil, nil
		}
		return nil, wrongDetail(key, "a text or a list", "an object of texts")
	}
	all := make([]member, 0, len(inner))
	for _, name := range inner.Keys() {
		text, ok := inner.Text(name)
		if !ok {
			return nil, wrongDetail(key, "an object of lists or objects", "an object of texts")
		}
		all = append(all, member{name, text})
	}
	return all, nil
}
