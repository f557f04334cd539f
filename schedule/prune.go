package schedule

import (
	"fmt"

	"virgo/schedule/shorttext"
)

// Prune deletes the stored state of checks that the schedule no longer has; disabled checks keep
// theirs. Errors are the Store's.
func Prune(st Store, s Schedule) error {
	scheduled := make(map[string]bool, len(s.Checks))
	for i := range s.Checks {
		scheduled[s.Checks[i].ID] = true
	}
	for _, space := range []string{CheckSpace, SampleSpace, LatestSpace} {
		var gone []string
		err := st.Each(space, func(key string, _ []byte) error {
			if !scheduled[key] {
				gone = append(gone, key)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("listing %s: %w", space, err)
		}
		for _, key := range gone {
			if err := st.Delete(space, key); err != nil {
				return fmt.Errorf("deleting %s of check %q: %w", space, shorttext.Truncate(key, 64), err)
			}
		}
	}
	return nil
}
