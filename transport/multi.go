package transport

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// Results in one frame (post_multi, post_multi_lz4). A frame begins small and becomes larger while the
// endpoint answers quickly: on a slow link each answer arrives within [IdleTimeout] and within a run, so that
// every run gets on. A result that fits no such frame is posted alone.
const (
	MultiBytes       = 256 << 10 // bytes of the results of one frame, before compression
	MultiResults     = 1024      // results of one frame
	MultiWindowBytes = 2 << 20   // bytes of results in flight where MethodPostMulti is used, before compression

	firstMultiBytes = 32 << 10        // of a session's first frames
	leastMultiBytes = 8 << 10         // however slow the link is
	quickAnswer     = 2 * time.Second // after which the next frames may have twice as many bytes
	slowAnswer      = 5 * time.Second // after which they have half as many
	multiGrowth     = 8               // times quickAnswer is less than IdleTimeout
)

// ErrNoMulti is matched by the error of a session in which the endpoint did not know [MethodPostMulti], which
// it announced: it was replaced by an earlier version. A session with [SessionOptions.Single] may succeed at
// once.
var ErrNoMulti = errors.New("the endpoint does not take several results in one frame")

// A multi makes frames of several results. Its buffers are used again for each frame.
type multi struct {
	raw, params, block []byte
}

// appendable reports whether a post may be in a list: what is not an object would change the number of its
// members. A post of another form is sent alone, where all of it is checked.
func (p *Post) appendable() bool {
	n := len(p.Params)
	return n > 1 && p.Params[0] == '{' && p.Params[n-1] == '}'
}

// together returns how many of the first posts go into one frame, and the bytes of their list; 1 if the first
// one goes alone.
func together(posts []Post, most int) (n, size int) {
	size = len("[")
	for n < min(len(posts), MultiResults) {
		p := &posts[n]
		if p.Waiting != posts[0].Waiting || !p.appendable() || size+len(p.Params)+1 > most {
			break
		}
		size += len(p.Params) + 1
		n++
	}
	if n <= 1 {
		return 1, len(posts[0].Params)
	}
	return n, size
}

// list returns the posts' params as a JSON array, valid until the next call.
func (m *multi) list(posts []Post) []byte {
	m.raw = append(m.raw[:0], '[')
	for i := range posts {
		if i > 0 {
			m.raw = append(m.raw, ',')
		}
		m.raw = append(m.raw, posts[i].Params...)
	}
	m.raw = append(m.raw, ']')
	return m.raw
}

// plain returns the params of a frame with the posts, valid until the next call.
func (m *multi) plain(posts []Post) []byte {
	m.params = append(append(m.params[:0], `{"results":`...), m.list(posts)...)
	m.params = append(m.params, '}')
	return m.params
}

// compressed returns the same with the list as an LZ4 block.
func (m *multi) compressed(posts []Post, compress func(dst, src []byte) []byte) []byte {
	raw := m.list(posts)
	if !utf8.Valid(raw) {
		raw = bytes.ToValidUTF8(raw, []byte("\uFFFD"))
	}
	m.block = compress(m.block[:0], raw)
	m.params = append(m.params[:0], `{"results_lz4":"`...)
	m.params = base64.StdEncoding.AppendEncode(m.params, m.block)
	m.params = append(m.params, `","raw_bytes":`...)
	m.params = strconv.AppendInt(m.params, int64(len(raw)), 10)
	m.params = append(m.params, '}')
	return m.params
}

// parseMultiResult appends the outcomes of a frame's results to list, in their order. hide is called with each
// error. Another number of answers, or one that is neither 0 nor an error with code 400, is an error of the
// whole frame: what it says of the others cannot be relied on either.
func parseMultiResult(list []Outcome, keys []uint64, result []byte, hide func(*Error)) ([]Outcome, error) {
	if len(result) == 0 || result[0] != '{' {
		return list, errors.New("the result is not an object")
	}
	answers := 0
	each := func(_, value []byte) error {
		answers++
		if answers > len(keys) {
			return nil
		}
		o := Outcome{Key: keys[answers-1]}
		if string(value) != "0" {
			refused, err := parseError(value)
			switch {
			case err != nil:
				return fmt.Errorf("answer %d: %w", answers, err)
			case refused.EndsSession():
				return fmt.Errorf("answer %d: %w", answers, refused)
			}
			hide(refused)
			o.Refused = refused
		}
		list = append(list, o)
		return nil
	}
	_, err := scan(result, MaxDepth, false, func(key, value []byte) error {
		if string(key) != `"results"` {
			return nil
		}
		if value[0] != '[' || answers > 0 {
			return errors.New(`"results" is not a list`)
		}
		_, err := scan(value, MaxDepth, false, each)
		return err
	})
	if err == nil && answers != len(keys) {
		err = fmt.Errorf("%d answers to %d results", answers, len(keys))
	}
	return list, err
}

// multiRefused returns the error that ends the session after an error in answer to a frame of several results.
func multiRefused(e *Error) error {
	if e.Code == CodeNotFound && e.Type != TypeRateLimit {
		return fmt.Errorf("%w: %w", ErrNoMulti, sessionError(e))
	}
	return sessionError(e)
}

// A pace is how many bytes of results the next frame may have.
type pace struct {
	bytes    int
	answered time.Time // the last answer to a frame
}

// next notes the answer to a frame of size bytes that was sent then. What it waited for those before it does not
// count.
func (p *pace) next(size int, sent time.Time) {
	now := time.Now()
	if sent.Before(p.answered) {
		sent = p.answered
	}
	p.answered = now
	switch took := now.Sub(sent); {
	case took > slowAnswer:
		p.bytes = max(p.bytes/2, leastMultiBytes)
	case took < quickAnswer && multiGrowth*size > p.bytes: // frames much smaller say nothing about larger ones
		p.bytes = min(2*p.bytes, MultiBytes)
	}
}
