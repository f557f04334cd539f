package segment

import (
	"encoding/binary"
	"encoding/json"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// The bits of a result's flags. A bit whose name starts with in says that the field is found in params.
const (
	inResultID = 1 << iota
	inCheckID
	inCheckType
	inState
	inStatus
	inOrder
	inAge
	inTime
	isLate
	isRefused
	hasOrder
	hasAge
	hasOffset
	sameOffset // as the result before it
	nextSeq    // one more than the result before it
)

// appendContent appends the content of a blob: the fields of results, which arrived together and whose
// earliest time is least, then their params.
func appendContent(b []byte, results []intake.Result, least int64) []byte {
	seq, offset := results[0].Seq-1, (*int64)(nil)
	for i := range results {
		r := &results[i]
		b = appendFields(b, r, least, seq, offset)
		seq, offset = r.Seq, r.ClockOffsetMS
	}
	for i := range results {
		b = append(b, results[i].Params...)
	}
	return b
}

func appendFields(b []byte, r *intake.Result, least, seq int64, offset *int64) []byte {
	flags := uint64(0)
	texts := [...]struct {
		bit   uint64
		field []byte
		text  string
	}{
		{inResultID, resultIDField, r.ResultID}, {inCheckID, checkIDField, r.CheckID},
		{inCheckType, checkTypeField, r.CheckType}, {inState, stateField, r.State}, {inStatus, statusField, r.Status},
	}
	for _, t := range texts {
		if found := textIn(r.Params, t.field); found != nil && string(found) == t.text {
			flags |= t.bit
		}
	}
	at := r.Time.UnixMilli()
	if n, ok := numberIn(r.Params, timeField); ok && n == at {
		flags |= inTime
	}
	if r.Order != nil {
		flags |= hasOrder
		if n, ok := numberIn(r.Params, orderField); ok && n >= 0 && uint64(n) == *r.Order {
			flags |= inOrder
		}
	}
	if r.AgeMS != nil {
		flags |= hasAge
		if n, ok := numberIn(r.Params, ageField); ok && n == *r.AgeMS {
			flags |= inAge
		}
	}
	if r.ClockOffsetMS != nil {
		flags |= hasOffset
		if offset != nil && *offset == *r.ClockOffsetMS {
			flags |= sameOffset
		}
	}
	for _, f := range [...]struct {
		set bool
		bit uint64
	}{{r.Late, isLate}, {r.Refused, isRefused}, {r.Seq == seq+1, nextSeq}} {
		if f.set {
			flags |= f.bit
		}
	}
	b = binary.AppendUvarint(b, flags)
	b = binary.AppendUvarint(b, uint64(len(r.Params)))
	for _, t := range texts {
		if flags&t.bit == 0 {
			b = appendText(b, t.text)
		}
	}
	if flags&inTime == 0 {
		b = binary.AppendVarint(b, at-least)
	}
	if flags&(hasOrder|inOrder) == hasOrder {
		b = binary.AppendUvarint(b, *r.Order)
	}
	if flags&(hasAge|inAge) == hasAge {
		b = binary.AppendVarint(b, *r.AgeMS)
	}
	if flags&(hasOffset|sameOffset) == hasOffset {
		b = binary.AppendVarint(b, *r.ClockOffsetMS)
	}
	if flags&nextSeq == 0 {
		b = binary.AppendVarint(b, r.Seq-seq)
	}
	return b
}

// parsed is a result of which the params are not known yet.
type parsed struct {
	flags   uint64
	size    int // of params
	texts   [5]string
	time    int64
	order   uint64
	age     int64
	offset  int64
	seqStep int64
}

// readContent is the inverse of appendContent: it appends count results to list. Their Params and texts are
// parts of content.
func readContent(list []intake.Result, content []byte, count int, first, least, received int64) ([]intake.Result, error) {
	if count > len(content)/2 { // flags and a size each
		return nil, errShort
	}
	r := reader{data: content}
	head := make([]parsed, count)
	for i := range head {
		r.fields(&head[i])
	}
	seq, offset := first-1, (*int64)(nil)
	at := time.UnixMilli(received)
	for i := range head {
		p := &head[i]
		params := r.bytes(uint64(p.size))
		if r.err != nil {
			return nil, r.err
		}
		one, ok := p.result(params, least)
		if !ok {
			return nil, errShort
		}
		switch {
		case p.flags&(hasOffset|sameOffset) == hasOffset|sameOffset && offset != nil:
			one.ClockOffsetMS = offset
		case p.flags&hasOffset != 0:
			one.ClockOffsetMS = &p.offset
		}
		seq += p.seqStep
		one.Seq, one.Received, offset = seq, at, one.ClockOffsetMS
		list = append(list, one)
	}
	if len(r.data) != 0 {
		return nil, errShort
	}
	return list, nil
}

func (r *reader) fields(p *parsed) {
	p.flags = r.uint()
	size := r.uint()
	if size > maxContent {
		r.fail()
		return
	}
	p.size = int(size)
	for i := range p.texts {
		if p.flags&(inResultID<<i) == 0 {
			p.texts[i] = r.text()
		}
	}
	if p.flags&inTime == 0 {
		p.time = r.int()
	}
	if p.flags&(hasOrder|inOrder) == hasOrder {
		p.order = r.uint()
	}
	if p.flags&(hasAge|inAge) == hasAge {
		p.age = r.int()
	}
	if p.flags&(hasOffset|sameOffset) == hasOffset {
		p.offset = r.int()
	}
	p.seqStep = 1
	if p.flags&nextSeq == 0 {
		p.seqStep = r.int()
	}
}

// result joins what was parsed with params; false if params do not have what they had.
func (p *parsed) result(params []byte, least int64) (one intake.Result, ok bool) {
	one = intake.Result{Late: p.flags&isLate != 0, Refused: p.flags&isRefused != 0, Params: json.RawMessage(params)}
	for i, field := range [...][]byte{resultIDField, checkIDField, checkTypeField, stateField, statusField} {
		if p.flags&(inResultID<<i) != 0 {
			found := textIn(params, field)
			if found == nil {
				return one, false
			}
			p.texts[i] = known(found)
		}
	}
	one.ResultID, one.CheckID, one.CheckType, one.State, one.Status = p.texts[0], p.texts[1], p.texts[2], p.texts[3], p.texts[4]
	at := least + p.time
	ok = true
	if p.flags&inTime != 0 {
		at, ok = numberIn(params, timeField)
	}
	one.Time = time.UnixMilli(at)
	if ok && p.flags&hasOrder != 0 {
		if p.flags&inOrder != 0 {
			var n int64
			n, ok = numberIn(params, orderField)
			p.order = uint64(n)
		}
		one.Order = &p.order
	}
	if ok && p.flags&hasAge != 0 {
		if p.flags&inAge != 0 {
			p.age, ok = numberIn(params, ageField)
		}
		one.AgeMS = &p.age
	}
	return one, ok
}

// known returns a text, without an allocation for those that most results have.
func known(b []byte) string {
	switch string(b) {
	case "available":
		return "available"
	case "unavailable":
		return "unavailable"
	case "success":
		return "success"
	}
	return string(b)
}
