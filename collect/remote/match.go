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
	maxPatterns   = 32  // of a check
	maxPatternKey = 64  // bytes of a key in body_matches
	maxMatchBytes = 256 // of a match in a metric
)

// A pattern is a regular expression and the name of the metric for its match.
type pattern struct {
	metric     string
	expression *regexp.Regexp
}

// textPattern reads a pattern; nil where the detail is absent. Error: *schedule.DetailError.
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

// patternsByKey reads an object of patterns, sorted by key. The metrics' names are prefix and the
// key.
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
		if member.key == "" || len(member.key) > maxPatternKey ||
			strings.ContainsFunc(member.key, isInvalidInKey) {
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

func isInvalidInKey(r rune) bool {
	letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	return !letter && (r < '0' || r > '9') && r != '_' && r != '-'
}

// compile compiles the pattern of a detail.
func compile(key, metric, text string) (pattern, error) {
	expression, err := schedule.ParseRegexp(key, text)
	return pattern{metric, expression}, err
}

// find returns the text of the first match. It stops when the context is done: a malicious pattern
// takes minutes for a body.
func (p pattern) find(ctx context.Context, body []byte) (text string, found bool) {
	index := p.expression.FindReaderSubmatchIndex(&ctxReader{ctx: ctx, from: bytes.NewReader(body)})
	if index == nil {
		return "", false
	}
	start, end := index[0], index[1]
	if len(index) > 2 && index[2] >= 0 {
		start, end = index[2], index[3]
	}
	return sanitize(string(body[start:min(end, start+2*maxMatchBytes)]), maxMatchBytes), true
}

// A ctxReader is a RuneReader that ends when its context is done.
type ctxReader struct {
	ctx  context.Context
	from *bytes.Reader
	read uint
}

func (r *ctxReader) ReadRune() (rune, int, error) {
	if r.read++; r.read%16 == 0 && r.ctx.Err() != nil {
		return 0, 0, io.EOF
	}
	return r.from.ReadRune()
}

// addMatches adds the patterns' matches. Error: the context's.
func addMatches(ctx context.Context, f *collect.MetricBuilder, patterns []pattern, body []byte) error {
	for _, p := range patterns {
		text, _ := p.find(ctx, body)
		if err := ctx.Err(); err != nil {
			return err
		}
		f.Text(p.metric, text)
	}
	return nil
}

// A keyValue is an entry of an object of strings.
type keyValue struct{ key, value string }

// textObject reads an object of scalars, sorted by key; nil where the detail is absent. Error:
// *schedule.DetailError.
func textObject(d schedule.Details, key string) ([]keyValue, error) {
	object, err := d.Object(key)
	if err != nil {
		return nil, err
	}
	inner := schedule.Details(object)
	all := make([]keyValue, 0, len(inner))
	for _, name := range inner.Keys() {
		text, ok := inner.Text(name)
		if !ok {
			return nil, wrongDetail(key, "an object of lists or objects", "an object of strings")
		}
		all = append(all, keyValue{name, text})
	}
	return all, nil
}
