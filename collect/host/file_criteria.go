package host

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/policy"
	"virgo/schedule/shorttext"
)

// fileCriteria select the files and define the requirements on the newest of them.
type fileCriteria struct {
	target           string         // absolute, clean
	content          *regexp.Regexp // nil: any content
	maxAge           time.Duration  // -1: any age
	minSize, maxSize int64          // bytes; -1: any size
	guard            *policy.Guard  // decides on each file; nil: all are allowed
}

// patternSigns are the characters that make a path a pattern.
const patternSigns = "*?["

func (w fileCriteria) isPattern() bool { return strings.ContainsAny(w.target, patternSigns) }

func parseFileCriteria(d schedule.Details) (w fileCriteria, err error) {
	if w.target, err = collect.RequiredText(d, "target"); err != nil {
		return w, err
	}
	const maxPathBytes = 4096
	if !filepath.IsAbs(w.target) || len(w.target) > maxPathBytes || strings.Contains(w.target, "\x00") {
		return w, &schedule.DetailError{Key: "target", Value: shorttext.Truncate(w.target, 64), Want: "an absolute path"}
	}
	w.target = filepath.Clean(w.target)
	if _, err := filepath.Match(w.target, ""); err != nil {
		return w, &schedule.DetailError{Key: "target", Value: shorttext.Truncate(w.target, 64), Want: "a path or a pattern"}
	}
	if w.content, err = regexpDetail(d, "content_match"); err != nil {
		return w, err
	}
	if w.maxAge, err = d.Duration("max_age", time.Second, -1); err != nil {
		return w, err
	}
	if w.minSize, err = countDetail(d, "min_size", anyNumber); err != nil {
		return w, err
	}
	if w.maxSize, err = countDetail(d, "max_size", anyNumber); err != nil {
		return w, err
	}
	if w.maxSize >= 0 && w.maxSize < w.minSize {
		return w, fmt.Errorf("detail \"max_size\" is %d, less than min_size, which is %d", w.maxSize, w.minSize)
	}
	return w, nil
}

// mismatch describes the criterion that the files do not meet; empty: they meet all.
func (w fileCriteria) mismatch(s foundFiles, now time.Time) string {
	if s.newest == nil {
		if w.content == nil && w.maxAge < 0 && w.minSize <= 0 {
			return ""
		}
		if w.isPattern() {
			return "No file matches " + w.target
		}
		return "No such file: " + w.target
	}
	bytes := int64(size(s.newest))
	age := now.Sub(s.modified)
	switch {
	case w.maxAge >= 0 && age > w.maxAge:
		return fmt.Sprintf("%s is %d seconds old, at most %d wanted", s.path, int64(age.Seconds()), int64(w.maxAge.Seconds()))
	case bytes < w.minSize:
		return fmt.Sprintf("%s has %d bytes, at least %d wanted", s.path, bytes, w.minSize)
	case w.maxSize >= 0 && bytes > w.maxSize:
		return fmt.Sprintf("%s has %d bytes, at most %d wanted", s.path, bytes, w.maxSize)
	case w.content != nil && !s.matched && s.partial:
		return fmt.Sprintf("%s has no match of content_match in its last %d bytes", s.path, maxContentBytes)
	case w.content != nil && !s.matched:
		return s.path + " has no match of content_match"
	}
	return ""
}
