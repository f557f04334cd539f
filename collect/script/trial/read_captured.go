package trial

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"virgo/collect"
	"virgo/collect/script"
)

// reader makes a Captured of what a test passes to t:run.
type reader struct{ folder Folder }

// runKeys are those of the table of t:run.
func runKeys() []string {
	return []string{
		"details", "now", "saved", "tree", "files", "programs", "http", "net", "dns", "figures", "system",
	}
}

func (r reader) captured(spec map[string]any) (*Captured, error) {
	c := &Captured{
		files: tree{}, programs: map[string]*script.ProgramOutput{}, web: map[string]*webAnswer{},
		network: map[string]*conversation{}, names: map[string][]string{}, figures: map[string][]collect.Metric{},
		facts: script.Facts{OS: "linux", Arch: "amd64", Name: "host.example"},
	}
	for _, key := range sortedKeys(spec) {
		if !slices.Contains(runKeys(), key) {
			return nil, fmt.Errorf("run has no %q; it has %s", key, strings.Join(runKeys(), ", "))
		}
	}
	if name, ok := spec["tree"]; ok {
		text, err := r.text(name)
		if err != nil {
			return nil, err
		}
		if c.files, err = parseTree(text); err != nil {
			return nil, fmt.Errorf("%v: %w", name, err)
		}
	}
	for _, part := range []struct {
		name string
		read func(key string, value any) error
	}{
		{"files", func(key string, v any) error { return r.file(c, key, v) }},
		{"programs", func(key string, v any) error { return r.program(c, key, v) }},
		{"http", func(key string, v any) error { return r.web(c, key, v) }},
		{"net", func(key string, v any) error { return r.network(c, key, v) }},
		{"dns", func(key string, v any) error { return r.records(c, key, v) }},
		{"figures", func(key string, v any) error { return r.figures(c, key, v) }},
		{"system", func(key string, v any) error { return r.fact(c, key, v) }},
	} {
		all, ok := spec[part.name].(map[string]any)
		if !ok && spec[part.name] != nil {
			return nil, fmt.Errorf("%s is not a table by names", part.name)
		}
		for _, key := range sortedKeys(all) {
			if err := part.read(key, all[key]); err != nil {
				return nil, fmt.Errorf("%s[%q]: %w", part.name, key, err)
			}
		}
	}
	return c, nil
}

// text returns the content of a captured file, or the text itself.
func (r reader) text(v any) (string, error) {
	switch v := v.(type) {
	case string:
		if !strings.HasPrefix(v, "testdata/") {
			return v, nil
		}
		text, ok := r.folder[v]
		if !ok {
			return "", &fs.PathError{Op: "open", Path: v, Err: fs.ErrNotExist}
		}
		return text, nil
	case nil:
		return "", nil
	}
	return "", fmt.Errorf("want a text, not %s", valueText(v))
}

func absent(v any) bool { return v == false }

func (r reader) file(c *Captured, name string, v any) error {
	if !path.IsAbs(name) {
		return fmt.Errorf("not an absolute path")
	}
	if absent(v) {
		c.files[path.Clean(name)] = nil
		return nil
	}
	f := newFile(name)
	c.files[path.Clean(name)] = f
	spec, ok := v.(map[string]any)
	if !ok {
		text, err := r.text(v)
		f.text, f.info.Size = text, int64(len(text))
		return err
	}
	text, err := r.text(spec["text"])
	if err != nil {
		return err
	}
	f.text, f.info.Size = text, int64(len(text))
	if size, ok := spec["size"].(float64); ok {
		f.info.Size = int64(size)
	}
	if at, ok := spec["mtime"].(float64); ok {
		f.info.Modified = time.UnixMicro(int64(at * 1e6))
	}
	if owner, ok := spec["owner"].(string); ok {
		f.info.Owner = owner
	}
	switch spec["type"] {
	case nil, "file":
	case "folder":
		f.info.Mode = fs.ModeDir | 0o755
	case "socket":
		f.info.Mode = fs.ModeSocket | 0o755
	default:
		return fmt.Errorf("type is file, folder or socket, not %s", valueText(spec["type"]))
	}
	if mode, ok := spec["mode"].(string); ok {
		var bits uint32
		if _, err := fmt.Sscanf(mode, "%o", &bits); err != nil {
			return fmt.Errorf("mode is octal, as \"0644\"")
		}
		f.info.Mode = f.info.Mode.Type() | fs.FileMode(bits)&fs.ModePerm
	}
	if link, ok := spec["link"].(string); ok {
		f.link, f.info.Mode = link, fs.ModeSymlink|0o777
	}
	if space, ok := spec["space"].(map[string]any); ok {
		f.space = &script.Space{
			Total: number(space["total"]), Free: number(space["free"]), Available: number(space["avail"]),
			Files: number(space["files"]), FilesFree: number(space["files_free"]),
		}
	}
	return nil
}

func number(v any) uint64 {
	n, _ := v.(float64)
	return uint64(n)
}

func (r reader) program(c *Captured, command string, v any) error {
	if absent(v) {
		c.programs[command] = nil
		return nil
	}
	out := &script.ProgramOutput{}
	c.programs[command] = out
	spec, ok := v.(map[string]any)
	if !ok {
		spec = map[string]any{"out": v}
	}
	var err error
	if out.Out, err = r.text(spec["out"]); err != nil {
		return err
	}
	if code, ok := spec["code"].(float64); ok {
		out.Code = int(code)
	}
	out.Err, err = r.text(spec["err"])
	return err
}

func (r reader) web(c *Captured, key string, v any) error {
	if absent(v) {
		c.web[key] = nil
		return nil
	}
	answer := &webAnswer{status: http.StatusOK, header: http.Header{}}
	c.web[key] = answer
	spec, ok := v.(map[string]any)
	if !ok {
		spec = map[string]any{"body": v}
	}
	if status, ok := spec["status"].(float64); ok {
		answer.status = int(status)
	}
	headers, _ := spec["headers"].(map[string]any)
	for name, value := range headers {
		answer.header.Set(name, fmt.Sprint(value))
	}
	var err error
	answer.body, err = r.text(spec["body"])
	return err
}

// network takes a text, which is the answer to whatever is sent, a list of {sent, answer}, or for TLS
// {certificate=, talk=} with one of these.
func (r reader) network(c *Captured, key string, v any) error {
	if absent(v) {
		c.network[key] = nil
		return nil
	}
	talk := &conversation{}
	c.network[key] = talk
	if spec, ok := v.(map[string]any); ok {
		text, err := r.text(spec["certificate"])
		if err != nil {
			return err
		}
		block, _ := pem.Decode([]byte(text))
		if block == nil {
			return fmt.Errorf("certificate is not in PEM")
		}
		if talk.certificate, err = x509.ParseCertificates(block.Bytes); err != nil {
			return err
		}
		v = spec["talk"]
	}
	list, ok := v.([]any)
	if !ok {
		var err error
		talk.any, err = r.text(v)
		return err
	}
	for _, item := range list {
		pair, ok := item.([]any)
		if !ok || len(pair) != 2 {
			return fmt.Errorf("want a list of {sent, answer}, not %s", valueText(item))
		}
		sent, err := r.text(pair[0])
		if err != nil {
			return err
		}
		answer, err := r.text(pair[1])
		if err != nil {
			return err
		}
		talk.turns = append(talk.turns, turn{sent, answer})
	}
	return nil
}

func (r reader) records(c *Captured, key string, v any) error {
	if absent(v) {
		c.names[key] = nil
		return nil
	}
	records := []string{}
	list, _ := v.([]any)
	for _, item := range list {
		records = append(records, fmt.Sprint(item))
	}
	c.names[key] = records
	return nil
}

// figures takes a list of metrics, or a captured file with one in JSON.
func (r reader) figures(c *Captured, checkType string, v any) error {
	if absent(v) {
		c.figures[checkType] = nil
		return nil
	}
	if name, ok := v.(string); ok {
		text, err := r.text(name)
		if err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			return err
		}
	}
	metrics := []collect.Metric{}
	list, _ := v.([]any)
	for _, item := range list {
		m, ok := item.(map[string]any)
		if !ok {
			return fmt.Errorf("want a list of {name=, type=, value=, unit=, dimension=}, not %s", valueText(item))
		}
		text := func(key string) string {
			if m[key] == nil {
				return ""
			}
			if n, ok := m[key].(float64); ok {
				return valueText(n)
			}
			return fmt.Sprint(m[key])
		}
		metrics = append(metrics, collect.Metric{
			Name: text("name"), Type: collect.MetricType(text("type")), Value: text("value"),
			Unit: text("unit"), Dimension: text("dimension"),
		})
	}
	c.figures[checkType] = metrics
	return nil
}

func (r reader) fact(c *Captured, key string, v any) error {
	switch key {
	case "os":
		c.facts.OS = fmt.Sprint(v)
	case "arch":
		c.facts.Arch = fmt.Sprint(v)
	case "name":
		c.facts.Name = fmt.Sprint(v)
	case "boot_time":
		at, _ := v.(float64)
		c.facts.BootTime = time.Unix(int64(at), 0)
	default:
		return fmt.Errorf("want os, arch, name or boot_time")
	}
	return nil
}
