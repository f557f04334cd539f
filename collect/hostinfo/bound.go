package hostinfo

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// Bounds of what one answer tells.
const (
	// MaxRows of a list are told; an answer that has more says so in its error.
	MaxRows = 10_000
	// MaxAnswerBytes is the most that an answer's metrics take as JSON: half of the largest frame, which holds
	// the answer to one question.
	MaxAnswerBytes = 2 << 20
)

// bound shortens the lists of an answer (itself, or those that are its fields) until it fits. The error says
// how much is left out; where nothing can be left out, the value is nil.
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
	had, most := rows(shown), min(MaxRows, fitting(shown))
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
		if most = min(longest*3/4, int(int64(longest)*MaxAnswerBytes/int64(len(b)))); longest == 0 {
			return nil, fmt.Errorf("the answer is longer than %d bytes", MaxAnswerBytes)
		}
	}
	if left := had - rows(shown); left > 0 {
		return shown.Interface(), fmt.Errorf("only the first %d of %d rows are told", had-left, had)
	}
	return shown.Interface(), nil
}

// fitting gives how many rows of each list fit, about, without making JSON of those that do not.
func fitting(v reflect.Value) int {
	all, size := lists(v), 0
	for n := range MaxRows {
		more := false
		for _, l := range all {
			if n >= l.Len() {
				continue
			}
			more = true
			b, _ := json.Marshal(l.Index(n).Interface()) // what is no JSON is found out with the rest
			if size += len(b) + len(","); size > MaxAnswerBytes {
				return n
			}
		}
		if !more {
			break
		}
	}
	return MaxRows
}

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
