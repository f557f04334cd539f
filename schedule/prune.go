package schedule

import "fmt"

// Prune forgets what is kept of checks that the schedule no longer has, disabled ones excepted. An error
// is the Store's.
func Prune(st Store, s Schedule) error {
	scheduled := make(map[string]bool, len(s.Checks))
	for i := range s.Checks {
		scheduled[s.Checks[i].ID] = true
	}
	for _, space := range []string{CheckSpace, SampleSpace} {
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
				return fmt.Errorf("forgetting %s of check %q: %w", space, cut(key, 64), err)
			}
		}
	}
	return nil
}
