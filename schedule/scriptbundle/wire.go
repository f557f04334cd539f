package scriptbundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"virgo/schedule"
	"virgo/schedule/capability"
	"virgo/schedule/detail"
)

// The JSON of a manifest has one form: keys in the order of the alphabet, no blanks, nothing that
// is empty, a line feed at the end. The fields below are in that order.

type wireManifest struct {
	Agent   string       `json:"agent,omitempty"`
	Files   []wireFile   `json:"files"`
	Format  int          `json:"format"`
	Name    string       `json:"name"`
	Scripts []wireScript `json:"scripts"`
	Version string       `json:"version"`
}

type wireFile struct {
	Bytes  int64  `json:"bytes"`
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

type wireScript struct {
	Details []wireDetail   `json:"details,omitempty"`
	File    string         `json:"file"`
	Metrics []string       `json:"metrics,omitempty"`
	Needs   capability.Set `json:"needs,omitempty"`
	Summary string         `json:"summary"`
	Systems []string       `json:"systems,omitempty"`
	Type    string         `json:"type"`
}

type wireDetail struct {
	Choices  []string      `json:"choices,omitempty"`
	Default  string        `json:"default,omitempty"`
	Doc      string        `json:"doc,omitempty"`
	Kind     detail.Kind   `json:"kind,omitempty"`
	Max      int64         `json:"max,omitempty"`
	Min      int64         `json:"min,omitempty"`
	Name     string        `json:"name"`
	Required bool          `json:"required,omitempty"`
	Role     schedule.Role `json:"role"`
}

// encode returns the manifest as a bundle has it. Patterns of needs are sorted, and each is there once.
func (m Manifest) encode() ([]byte, error) {
	w := wireManifest{
		Agent: m.Agent, Format: m.Format, Name: m.Name, Version: m.Version,
		Files: make([]wireFile, 0, len(m.Files)), Scripts: make([]wireScript, 0, len(m.Scripts)),
	}
	for _, f := range m.Files {
		w.Files = append(w.Files, wireFile{Bytes: f.Bytes, Name: f.Name, SHA256: f.SHA256})
	}
	for _, s := range m.Scripts {
		w.Scripts = append(w.Scripts, s.wire())
	}
	return encodeJSON(w)
}

func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (s Script) wire() wireScript {
	w := wireScript{
		File: s.File, Type: s.Type, Summary: s.Summary,
		Needs: normalNeeds(s.Needs), Metrics: s.KeyMetrics, Systems: s.Systems,
	}
	for _, d := range s.Details {
		w.Details = append(w.Details, wireDetail{
			Choices: d.Choices, Default: d.Default, Doc: d.Summary, Kind: d.Kind, Max: d.Max, Min: d.Min,
			Name: d.Name, Required: d.Required, Role: d.Role,
		})
	}
	return w
}

// Equal reports whether two declarations are the same in a manifest. The agent refuses a script
// that declares something else than its manifest says.
func (s Script) Equal(o Script) bool {
	a, errA := encodeJSON(s.wire())
	b, errB := encodeJSON(o.wire())
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

func normalNeeds(s capability.Set) capability.Set {
	out := make(capability.Set, len(s))
	for kind, patterns := range s {
		if len(patterns) > 0 {
			out[kind] = slices.Compact(slices.Sorted(slices.Values(patterns)))
		}
	}
	return out
}

// decodeManifest reads a manifest and validates it. The manifest may be for a later version of the
// program; then the error says so.
func decodeManifest(text []byte) (Manifest, error) {
	w, err := decodeWire(text)
	m := w.manifest()
	if err == nil {
		err = m.validate()
	}
	if err != nil {
		return Manifest{}, wrong(noOffset, "%s: %s%s", ManifestName, err, wantedAgent(text))
	}
	canonical, err := m.encode()
	if err != nil {
		return Manifest{}, wrong(noOffset, "%s: %s", ManifestName, err)
	}
	if at := firstDifference(text, canonical); at >= 0 {
		return Manifest{}, wrong(noOffset, "%s: from byte %d on it is not in the one form that a manifest has",
			ManifestName, at)
	}
	return m, nil
}

// decodeWire reads the JSON of a manifest of a format that this program knows.
func decodeWire(text []byte) (w wireManifest, err error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&w); err != nil {
		return w, err
	}
	if _, more := dec.Token(); !errors.Is(more, io.EOF) {
		return w, errors.New("something follows the document")
	}
	if w.Format != Format {
		return w, fmt.Errorf("format %d; this program knows format %d", w.Format, Format)
	}
	return w, nil
}

// wantedAgent returns which version of the agent can read a manifest that this one cannot.
func wantedAgent(text []byte) string {
	var w struct {
		Agent string `json:"agent"`
	}
	if json.Unmarshal(text, &w) != nil || w.Agent == "" {
		return ""
	}
	return fmt.Sprintf("; it is for virgo %.64q or later", w.Agent)
}

func (w wireManifest) manifest() Manifest {
	m := Manifest{Format: w.Format, Name: w.Name, Version: w.Version, Agent: w.Agent}
	for _, f := range w.Files {
		m.Files = append(m.Files, File{Name: f.Name, Bytes: f.Bytes, SHA256: f.SHA256})
	}
	for _, s := range w.Scripts {
		script := Script{
			File: s.File, Type: s.Type, Summary: s.Summary, Needs: s.Needs, KeyMetrics: s.Metrics, Systems: s.Systems,
		}
		for _, d := range s.Details {
			script.Details = append(script.Details, schedule.Detail{
				Name: d.Name, Summary: d.Doc, Required: d.Required, Kind: d.Kind, Min: d.Min, Max: d.Max,
				Choices: d.Choices, Role: d.Role, Default: d.Default,
			})
		}
		m.Scripts = append(m.Scripts, script)
	}
	return m
}

// firstDifference returns the first byte at which two texts differ; -1: they are equal.
func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	if len(a) == len(b) {
		return -1
	}
	return min(len(a), len(b))
}
