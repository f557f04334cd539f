package hostinfo

import (
	"encoding/json"
	"fmt"
	"reflect"

	"virgo/collect/hostinfo/source"
)

// MaxAnswerBytes is how much JSON an answer's metrics may be: half of the largest frame, which
// holds the answer to one question.
const MaxAnswerBytes = 2 << 20

// bound shortens the lists of an answer (itself, or those that are its fields) until it fits. The
// error says how many rows are left out; where nothing can be left out, the value is nil.
func bound(metrics any) (any, error) {
	v := reflect.ValueOf(metrics)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if !v.IsValid() {
		return metrics, nil
	}
	shown := reflect.New(v.Type()).Elem()
	shown.Set(v)
	before, most := rows(shown), fittingRows(shown)
	for {
		for _, l := range lists(shown) {
			l.Set(l.Slice(0, min(l.Len(), most)))
		}
		b, err := json.Marshal(shown.Interface())
		if err != nil {
			return nil, fmt.Errorf("the answer is no JSON: %w", err)
		}
		if len(b) <= MaxAnswerBytes {
			break
		}
		longest := 0
		for _, l := range lists(shown) {
			longest = max(longest, l.Len())
		}
		if longest == 0 {
			return nil, fmt.Errorf("the answer is longer than %d bytes", MaxAnswerBytes)
		}
		most = min(longest*3/4, int(int64(longest)*MaxAnswerBytes/int64(len(b))))
	}
	if after := rows(shown); after < before {
		return shown.Interface(), fmt.Errorf("only the first %d of %d rows are reported", after, before)
	}
	return shown.Interface(), nil
}

// fittingRows estimates how many rows, at most MaxRows, of each list fit, without making JSON of
// those that do not.
func fittingRows(v reflect.Value) int {
	all, size := lists(v), 0
	for n := range source.MaxRows {
		more := false
		for _, l := range all {
			if n >= l.Len() {
				continue
			}
			more = true
			b, _ := json.Marshal(l.Index(n).Interface()) // bound reports what is no JSON
			if size += len(b) + len(","); size > MaxAnswerBytes {
				return n
			}
		}
		if !more {
			break
		}
	}
	return source.MaxRows
}

// lists are the value itself or the fields of it that are lists.
func lists(v reflect.Value) []reflect.Value {
	switch v.Kind() {
	case reflect.Slice:
		return []reflect.Value{v}
	case reflect.Struct:
		var all []reflect.Value
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.Slice && f.CanSet() {
				all = append(all, f)
			}
		}
		return all
	}
	return nil
}

func rows(v reflect.Value) int {
	n := 0
	for _, l := range lists(v) {
		n += l.Len()
	}
	return n
}
