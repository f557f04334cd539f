package folder

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"virgo/schedule"
	"virgo/schedule/catalog"
	"virgo/schedule/scriptbundle"
	"virgo/schedule/shorttext"
	"virgo/schedule/yaml"
	"virgo/schedule/yaml/full"
)

// A servedFile is a schedule as it is sent.
type servedFile struct {
	result json.RawMessage // of check_schedule.get, schedule_hash included
	hash   string          // schedule.Schedule's
}

// CheckSchedule returns the mistakes in a schedule's file. Error: the file cannot be read, or no check of
// it is valid.
func CheckSchedule(path string) ([]schedule.Problem, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	data, err := readBounded(path, info)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", path, err)
	}
	return CheckBytes(path, data)
}

// PlaceOf returns the place of a mistake, its text and the next step.
func PlaceOf(p schedule.Problem) yaml.Error {
	var inFile *yaml.Error
	if errors.As(p.Err, &inFile) {
		return *inFile
	}
	return yaml.Error{Text: p.Err.Error()}
}

// Describe returns a mistake as one line.
func Describe(p schedule.Problem) string {
	m := PlaceOf(p)
	if m.Help != "" {
		return m.Position() + "; " + m.Help
	}
	return m.Position()
}

// isScript reports whether a check is one in Lua.
func isScript(c schedule.Check) bool { return strings.HasPrefix(c.Type, scriptbundle.TypePrefix) }

// CheckScripts returns the mistakes in a schedule's checks in Lua, as far as the types are known: those of published bundles.
// Hosts may have others in folders of their own, so an unknown type is a mistake only if its name is almost that of a known one.
func CheckScripts(name string, data []byte, known map[string]schedule.Definition) (mistakes []schedule.Problem) {
	all, _, err := schedule.ParseYAML(name, data, full.Parse)
	if err != nil {
		return nil // which CheckBytes tells
	}
	names := slices.Sorted(maps.Keys(known))
	for _, c := range all.Checks {
		if _, ok := known[c.Type]; !isScript(c) || c.Fault != "" || !ok && shorttext.Nearest(c.Type, names) == "" {
			continue
		}
		for _, err := range catalog.Catalog(known).Mistakes(c) {
			mistakes = append(mistakes, schedule.Problem{CheckID: c.ID, Err: c.Mistake(err, data)})
		}
	}
	return mistakes
}

// parseSchedule reads a schedule's file. A check with a mistake is sent as one whose result says what
// is wrong; so that agents that do not know this (PROTOCOL.md, fault) do not run it, it is disabled.
// The mistakes include types, details and values that agents of this version refuse; such checks are
// sent as they are, because an agent may have another version.
func parseSchedule(name string, data []byte) (servedFile, []schedule.Problem, error) {
	if blank(data) { // more likely a file that is being written than a wish to end all checks
		return servedFile{}, nil, fmt.Errorf("%s: the file is empty; for no checks write []", name)
	}
	all, mistakes, err := schedule.ParseYAML(name, data, full.Parse)
	if err != nil {
		return servedFile{}, nil, err
	}
	if len(mistakes) > 0 && !all.HasValid() {
		return servedFile{}, mistakes, fmt.Errorf("no check of %s can run; the first mistake: %s", name, Describe(mistakes[0]))
	}
	known := catalog.Load()
	sent := schedule.Schedule{Checks: make([]schedule.Check, 0, len(all.Checks))}
	for _, c := range all.Checks {
		switch {
		case c.Fault == "" && isScript(c): // the host's bundle has it, or its folder
		case c.Fault == "":
			for _, err := range known.Mistakes(c) {
				mistakes = append(mistakes, schedule.Problem{CheckID: c.ID, Err: c.Mistake(err, data)})
			}
		case c.Disabled:
			continue // it has no result
		default:
			c.Invalidate("the endpoint's " + c.Fault)
			c.Disabled = true
		}
		sent.Checks = append(sent.Checks, c)
	}
	object, err := json.Marshal(sent)
	if err != nil {
		return servedFile{}, mistakes, fmt.Errorf("%s: %w", name, err)
	}
	hash := sent.Hash()
	// {"checks":[…]} with the hash added.
	result := append(bytes.TrimSuffix(object, []byte("}")), `,"schedule_hash":"`...)
	result = append(append(result, hash...), `"}`...)
	if len(result) > MaxScheduleBytes {
		return servedFile{}, mistakes, fmt.Errorf("%s: larger than %d bytes as JSON", name, MaxScheduleBytes)
	}
	if _, _, _, err := schedule.ParseEndpoint(result); err != nil { // or each agent would report it
		return servedFile{}, mistakes, fmt.Errorf("%s: %w", name, err)
	}
	return servedFile{result, hash}, mistakes, nil
}
