package releases

import (
	"maps"
	"os"
	"slices"

	"virgo/schedule"
	"virgo/schedule/scriptbundle"
)

// Types returns what the checks of the bundles are called that agents are offered, with their
// details. Where two bundles have a check of one name, it is that of one of them. What cannot be
// read is left out: agents would refuse it too.
func (s *Store) Types() map[string]schedule.Definition {
	channels, _ := s.Channels()
	types := map[string]schedule.Definition{}
	for _, channel := range slices.Sorted(maps.Keys(channels.Channels)) {
		for _, r := range channels.Channels[channel].Bundles {
			for _, version := range []string{r.Before, r.Target} {
				if one := r.release(version); one != nil {
					s.addTypes(types, one.File)
				}
			}
		}
	}
	return types
}

func (s *Store) addTypes(types map[string]schedule.Definition, file string) {
	f, err := os.OpenInRoot(s.dir, file)
	if err != nil {
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return
	}
	m, err := scriptbundle.ReadManifest(f, info.Size())
	if err != nil {
		return
	}
	for _, script := range m.Scripts {
		if d, ok := m.Definition(script.Type); ok {
			types[script.Type] = d
		}
	}
}
