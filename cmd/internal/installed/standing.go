package installed

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"virgo/cmd/internal/lines"
)

// A Standing is how the checks of one bundle's scripts have done, by check id.
type Standing struct {
	// SHA256 is the bundle's.
	SHA256 string
	Checks map[string]Check
}

// A Check is how one check has done.
type Check struct {
	Type string
	// Failed is why the script itself failed in its last run (collect.Outcome.Failed); empty: it did not.
	Failed string
	// Streak is how many runs in a row ended like the last one, failed or not; Runs how many there
	// were. Both stop at maxRuns.
	Streak, Runs int
	LastMS       int64 // of the last run, ms since the epoch
}

const (
	maxChecks = 1000
	maxRuns   = 1 << 20
)

// Fields names the fields and their stored keys.
func (s *Standing) Fields(c *lines.Codec) {
	lines.Text(c, "sha256", &s.SHA256)
	c.Texts("check", s.texts, s.addText)
}

// texts returns a text for each check; its id, which may have blanks, is last.
func (s *Standing) texts() (all []string) {
	for _, id := range slices.Sorted(maps.Keys(s.Checks)) {
		k := s.Checks[id]
		failed := k.Failed
		if failed == "" {
			failed = "-"
		}
		all = append(all, fmt.Sprintf("%d %d %d %s %s %s", k.Runs, k.Streak, k.LastMS, failed, k.Type, id))
	}
	return all
}

func (s *Standing) addText(text string) {
	words := strings.SplitN(text, " ", 6)
	if len(words) != 6 || len(s.Checks) >= maxChecks {
		return
	}
	var n [3]int64
	for i := range n {
		v, err := strconv.ParseInt(words[i], 10, 64)
		if err != nil || v < 0 {
			return
		}
		n[i] = v
	}
	k := Check{
		Type: words[4], Failed: words[3],
		Runs: int(min(n[0], maxRuns)), Streak: int(min(n[1], maxRuns)), LastMS: n[2],
	}
	if k.Failed == "-" {
		k.Failed = ""
	}
	if s.Checks == nil {
		s.Checks = make(map[string]Check)
	}
	s.Checks[words[5]] = k
}

// about returns the SHA-256 of the bundle that a stored standing is of.
func about(stored []byte) string {
	var s Standing
	lines.Parse(stored, &s)
	return s.SHA256
}

// ReadStanding returns how the checks of the current bundle have done.
func ReadStanding(tx Getter) (s Standing) {
	lines.Parse(tx.Get(space, standingKey), &s)
	return s
}

// ReadBaseline returns how those of the bundle before had done.
func ReadBaseline(tx Getter) (s Standing) {
	lines.Parse(tx.Get(space, baselineKey), &s)
	return s
}

// Put stores the standing of the current bundle.
func (s *Standing) Put(tx Putter) error {
	for len(s.Checks) > maxChecks {
		oldest := ""
		for _, id := range slices.Sorted(maps.Keys(s.Checks)) {
			if oldest == "" || s.Checks[id].LastMS < s.Checks[oldest].LastMS {
				oldest = id
			}
		}
		delete(s.Checks, oldest)
	}
	return tx.Put(space, standingKey, lines.Append(nil, s))
}

// Note notes a run of a check of a bundle's script. With another bundle than the standing's it
// begins anew.
func (s *Standing) Note(sha256, id, checkType, failed string, now time.Time) {
	if s.SHA256 != sha256 || s.Checks == nil {
		*s = Standing{SHA256: sha256, Checks: make(map[string]Check)}
	}
	k := s.Checks[id]
	if k.Type != checkType {
		k = Check{Type: checkType}
	}
	if (k.Failed == "") != (failed == "") {
		k.Streak = 0
	}
	k.Failed = strings.Join(strings.Fields(failed), "_")
	k.Streak, k.Runs, k.LastMS = min(k.Streak+1, maxRuns), min(k.Runs+1, maxRuns), now.UnixMilli()
	s.Checks[id] = k
}
