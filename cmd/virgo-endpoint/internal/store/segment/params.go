package segment

import (
	"bytes"
	"strconv"
)

// A field of a result is not stored again if its params have it in the form that agents write. What
// textIn and numberIn find is no interpretation of JSON: the encoder stores a field only by what the same
// function finds in the same params, so decoding is exact whatever the params are.

// The fields as they stand in params.
var (
	resultIDField  = []byte(`"result_id":"`)
	checkIDField   = []byte(`"check_id":"`)
	checkTypeField = []byte(`"check_type":"`)
	stateField     = []byte(`"state":"`)
	statusField    = []byte(`"status":"`)
	orderField     = []byte(`"order":`)
	ageField       = []byte(`"age_ms":`)
	timeField      = []byte(`"timestamp":`)
	periodField    = []byte(`"min_check_period":`)
)

// textIn returns what stands between the first occurrence of field and the next quote; nil if there is none.
func textIn(params, field []byte) []byte {
	at := bytes.Index(params, field)
	if at < 0 {
		return nil
	}
	rest := params[at+len(field):]
	end := bytes.IndexByte(rest, '"')
	if end < 0 {
		return nil
	}
	return rest[:end]
}

// numberIn returns the number behind the first occurrence of field.
func numberIn(params, field []byte) (n int64, ok bool) {
	at := bytes.Index(params, field)
	if at < 0 {
		return 0, false
	}
	rest := params[at+len(field):]
	end := 0
	for end < len(rest) && end < len("-9223372036854775808") && (rest[end] >= '0' && rest[end] <= '9' || rest[end] == '-') {
		end++
	}
	n, err := strconv.ParseInt(string(rest[:end]), 10, 64)
	return n, err == nil
}
