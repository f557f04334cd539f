package releases

import (
	"os"
	"path/filepath"
)

// removeOld removes the files of the versions that no channel offers, now that channels.json says
// so. What the change ended, stays until the next one: agents may be fetching it. What cannot be
// removed, as Windows has it open, the next change removes; it does no harm.
func (s *Store) removeOld(now *Channels, before *Rollout) {
	offered := now.offered()
	if before != nil {
		before.addOffered(offered)
	}
	for _, of := range now.Channels {
		for _, r := range of.Bundles {
			for i := range r.Releases {
				one := &r.Releases[i]
				if offered[one.File] {
					continue
				}
				for ending := range one.Signatures {
					_ = os.Remove(filepath.Join(s.dir, one.File+ending))
				}
				_ = os.Remove(filepath.Join(s.dir, one.File))
			}
		}
	}
}

// offered returns the files of the versions that some channel offers.
func (c *Channels) offered() map[string]bool {
	files := map[string]bool{}
	for _, of := range c.Channels {
		for _, r := range of.Bundles {
			r.addOffered(files)
		}
	}
	return files
}

func (r *Rollout) addOffered(files map[string]bool) {
	for _, version := range []string{r.Target, r.Before} {
		if one := r.release(version); one != nil {
			files[one.File] = true
		}
	}
}
