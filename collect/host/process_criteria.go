package host

import (
	"fmt"
	"regexp"
	"strconv"

	"virgo/collect"
	"virgo/collect/hostinfo/redact"
	"virgo/schedule"
)

// processCriteria select processes, and define how many must match.
type processCriteria struct {
	name     string
	match    *regexp.Regexp // nil: any command line
	user     string         // name or number; empty: any
	min, max int64          // max: -1: any number
}

func parseProcessCriteria(d schedule.Details) (w processCriteria, err error) {
	if w.name, err = collect.OptionalText(d, "name"); err != nil {
		return w, err
	}
	if w.match, err = regexpDetail(d, "match"); err != nil {
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
	if w.max, err = countDetail(d, "max", anyNumber); err != nil {
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

// mismatch describes why n processes are too few or too many; empty: they are not.
func (w processCriteria) mismatch(n int64) string {
	what := "named " + w.name
	switch {
	case w.name == "":
		what = "with a command line that matches " + redact.Text(w.match.String())
	case w.match != nil:
		what += " with a command line that matches " + redact.Text(w.match.String())
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

// regexpDetail returns a detail that is a regular expression (RE2); nil if it is absent. Error:
// *schedule.DetailError.
func regexpDetail(d schedule.Details, key string) (*regexp.Regexp, error) {
	text, err := collect.OptionalText(d, key)
	if err != nil || text == "" {
		return nil, err
	}
	return schedule.ParseRegexp(key, text)
}

// anyNumber is the value of a bound that does not bound.
const anyNumber = -1

// countDetail returns a detail that is an integer of 0 or more, or def, which it is if it is absent.
// Error: *schedule.DetailError.
func countDetail(d schedule.Details, key string, def int64) (int64, error) {
	n, err := d.Int(key, def)
	if err == nil && n < 0 && n != def {
		err = &schedule.DetailError{Key: key, Value: strconv.FormatInt(n, 10), Want: "0 or more"}
	}
	return n, err
}
