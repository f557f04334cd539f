package server

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/pierrec/lz4/v4"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/schedule/shorttext"
	"virgo/transport"
	"virgo/transport/receipt"
)

// maxReasonBytes bounds the reason for the refusal of one result among many, so that the answer fits a
// frame.
const maxReasonBytes = 384

// maxListDepth is how deep a compressed list may be nested: a result in it as deep as in a frame of its
// own, which is its params.
const maxListDepth = transport.MaxDepth

var (
	errLZ4Params = errors.New("params need either results or both results_lz4 and raw_bytes, each once")
	errLZ4       = errors.New("results_lz4 is not one LZ4 block in base64")
	errNested    = fmt.Errorf("results are nested more than %d deep", maxListDepth)
)

// postMulti submits the results of a frame as one arrival. It is answered when all that are accepted are
// durable: in the order of the results 0, or why one is refused. What is wrong with the list itself
// refuses the frame. Whatever is in it, it counts as one request at least, before its list is read, and
// then as one for each result that is listed.
func (c *conn) postMulti(f *transport.Frame, s *session) error {
	packed, unreadable := parsePacked(f.Params)
	size := max(len(f.Params), packed.rawBytes)
	if done, err := c.limited(f, s, 1, size); done {
		return err
	}
	if unreadable != nil {
		return c.refuseFrame(f, s, unreadable)
	}
	now := c.srv.opt.Now()
	var result []byte
	listed := 0
	p, err := c.newPosting(size, packed.isPacked(), func(p *posting) (n int, err error) {
		var list []intake.Parsed
		if packed.isPacked() {
			var raw []byte
			if raw, err = packed.expand(); err == nil {
				list, err = intake.ParseResults(raw, now)
			}
		} else {
			list, err = intake.ParsePosts(f.Params, now)
		}
		if err == nil {
			result, listed = c.sort(p, s, list), len(list)
		}
		return len(p.accepted), err
	})
	if err != nil {
		return c.refuseFrame(f, s, err)
	}
	if done, err := c.limited(f, s, max(0, listed-1), 0); done {
		c.srv.pending.give(p.lease)
		return err
	}
	return c.submit(f, s, p, result, now)
}

// refuseFrame answers a frame of which no result can be read. The session goes on.
func (c *conn) refuseFrame(f *transport.Frame, s *session, err error) error {
	c.log.Warn("a frame of results was refused", "agent", s.agentID, "reason", err)
	return c.ifOpen(func(f *transport.Frame, _ *session) error {
		return c.refuse(f, transport.CodeBadRequest, err.Error())
	})(f, s)
}

// sort puts the results of a frame into a posting, and returns the frame's result.
func (c *conn) sort(p *posting, s *session, list []intake.Parsed) []byte {
	p.accepted = make([]intake.Result, 0, len(list))
	result := append(make([]byte, 0, 32+2*len(list)), `{"results":[`...)
	refused, reason := 0, ""
	for i := range list {
		if i > 0 {
			result = append(result, ',')
		}
		r := &list[i].Result
		if err := list[i].Err; err != nil {
			text := shorttext.Truncate(err.Error(), maxReasonBytes)
			result = appendRefusal(result, text)
			if r.ResultID != "" {
				p.refusals = append(p.refusals, receipt.Refused{ID: r.ResultID, Code: intake.RefusedCode, Message: text})
			}
			if refused++; reason == "" {
				reason = text
			}
			continue
		}
		result = append(result, '0')
		p.accepted = append(p.accepted, *r)
		p.backlog = p.backlog || r.Late
	}
	if refused > 0 {
		c.log.Warn("results were refused", "agent", s.agentID, "results", refused, "first_reason", reason)
	}
	return append(result, "]}"...)
}

func appendRefusal(b []byte, reason string) []byte {
	b = strconv.AppendInt(append(b, `{"code":`...), intake.RefusedCode, 10)
	b = shorttext.AppendJSON(append(b, `,"message":`...), reason)
	return append(b, '}')
}

// A packedList is the params of a frame whose results are compressed; the zero value those of another one.
type packedList struct {
	base64   []byte // a JSON string with its quotes
	rawBytes int
}

func (p *packedList) isPacked() bool { return p.base64 != nil }

// parsePacked reads the params of check_metrics.post_multi as far as they are not results.
func parsePacked(params json.RawMessage) (packedList, error) {
	var p packedList
	var hasList, hasBlock, hasSize bool
	ok, err := members(params, func(key, value []byte) (err error) {
		switch string(key) {
		case `"results"`:
			err, hasList = once(hasList), true
		case `"results_lz4"`:
			p.base64, err, hasBlock = value, once(hasBlock), true
		case `"raw_bytes"`:
			if err, hasSize = once(hasSize), true; err == nil {
				p.rawBytes, err = parseRawBytes(value)
			}
		}
		return err
	})
	switch {
	case err != nil:
		return packedList{}, err
	case !ok:
		return packedList{}, errLZ4Params
	case hasList && !hasBlock && !hasSize:
		return packedList{}, nil
	case hasList || !hasBlock || !hasSize:
		return packedList{}, errLZ4Params
	}
	return p, nil
}

func once(before bool) error {
	if before {
		return errLZ4Params
	}
	return nil
}

func parseRawBytes(value []byte) (int, error) {
	n, err := strconv.ParseUint(string(value), 10, 31)
	if err != nil || n == 0 || n > intake.MaxResultsBytes {
		return 0, fmt.Errorf("raw_bytes is not a number from 1 to %d", intake.MaxResultsBytes)
	}
	return int(n), nil
}

// expand returns the list. It allocates what raw_bytes says, which the caller has taken from a budget, and
// the block, which is shorter than its frame.
func (p *packedList) expand() ([]byte, error) {
	text := p.base64
	if len(text) < 2 || text[0] != '"' {
		return nil, errLZ4
	}
	block := make([]byte, base64.StdEncoding.DecodedLen(len(text)-2))
	n, err := base64.StdEncoding.Decode(block, text[1:len(text)-1])
	if err != nil { // or its slashes are escaped
		var unescaped []byte
		if json.Unmarshal(text, &unescaped) != nil {
			return nil, errLZ4
		}
		block, n = unescaped, len(unescaped)
	}
	raw := make([]byte, p.rawBytes)
	if n, err = lz4.UncompressBlock(block[:n], raw); err != nil {
		return nil, errLZ4
	}
	if n != len(raw) {
		return nil, fmt.Errorf("results_lz4 has %d bytes when expanded, raw_bytes says %d", n, len(raw))
	}
	if deeper(raw, maxListDepth) {
		return nil, errNested
	}
	return raw, nil
}
