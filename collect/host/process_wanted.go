package host

import (
	"fmt"
	"regexp"
	"strconv"

	"virgo/collect"
	"virgo/schedule"
)

// wanted says which processes match, and how many there have to be.
type wanted struct {
	name     string
	match    *regexp.Regexp // nil: any command line
	user     string         // name or number; empty: any
	min, max int64          // max is -1 where there may be any number
}

// maxPatternBytes bounds a regular expression, which with RE2 bounds its time as well.
const maxPatternBytes = 1024

func parseWanted(d schedule.Details) (w wanted, err error) {
	if w.name, err = collect.OptionalText(d, "name"); err != nil {
		return w, err
	}
	if w.match, err = pattern(d, "match"); err != nil {
		return w, err
	}
	if w.name == "" && w.match == nil {
		return w, &collect.MissingDetailError{Key: "name or match"}
	}
	if w.user, err = collect.OptionalText(d, "user"); err != nil {
		return w, err
	}
	if w.min, err = countDetail(d, "min", 1); err != nil {
		return w, err
	}
	if w.max, err = countDetail(d, "max", -1); err != nil {
		return w, err
	}
	if _, given := d["min"]; !given && w.max == 0 {
		w.min = 0 // none may run
	}
	if w.max >= 0 && w.max < w.min {
		return w, fmt.Errorf("detail \"max\" is %d, less than min, which is %d", w.max, w.min)
	}
	return w, nil
}

// outside says what is wrong with that many processes; empty: nothing.
func (w wanted) outside(n int64) string {
	what := "named " + w.name
	switch {
	case w.name == "":
		what = "with a command line that matches " + w.match.String()
	case w.match != nil:
		what += " with a command line that matches " + w.match.String()
	}
	if w.user != "" {
		what += " of user " + w.user
	}
	count := "1 process "
	if n != 1 {
		count = strconv.FormatInt(n, 10) + " processes "
	}
	switch {
	case n == 0 && w.min > 0:
		return "No process " + what
	case n < w.min:
		return fmt.Sprintf("%s%s, at least %d wanted", count, what, w.min)
	case w.max == 0 && n > 0:
		return count + what + ", none wanted"
	case w.max >= 0 && n > w.max:
		return fmt.Sprintf("%s%s, at most %d wanted", count, what, w.max)
	}
	return ""
}

// pattern is a detail that is a regular expression (RE2), nil where it is absent. Error: *schedule.DetailError.
func pattern(d schedule.Details, key string) (*regexp.Regexp, error) {
	text, err := collect.OptionalText(d, key)
	if err != nil || text == "" {
		return nil, err
	}
	wrong := &schedule.DetailError{Key: key, Value: text[:min(len(text), 64)], Want: "a regular expression"}
	if len(text) > maxPatternBytes {
		wrong.Want = fmt.Sprintf("a regular expression of at most %d bytes", maxPatternBytes)
		return nil, wrong
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, wrong
	}
	return re, nil
}

// countDetail is a detail that is a whole number, not below 0; def where it is absent. Error: *schedule.DetailError.
func countDetail(d schedule.Details, key string, def int64) (int64, error) {
	n, err := d.Int(key, def)
	if err == nil && n < 0 && n != def {
		err = &schedule.DetailError{Key: key, Value: strconv.FormatInt(n, 10), Want: "0 or more"}
	}
	return n, err
}
