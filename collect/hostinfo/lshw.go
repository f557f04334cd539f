package hostinfo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

type lshwInfo struct {
	Info hardware `json:"info" doc:"the machine; what is in it is in children"`
}

// A hardware is a node of lshw's tree. Its keys are lshw's own.
type hardware struct {
	ID            string        `json:"id" doc:"what it is, for example cpu or disk:0"`
	Class         string        `json:"class" doc:"its class, for example processor, memory, disk, network"`
	Description   string        `json:"description,omitempty" doc:"what it is for a person"`
	Product       string        `json:"product,omitempty" doc:"what its maker calls it"`
	Vendor        string        `json:"vendor,omitempty" doc:"its maker"`
	Version       string        `json:"version,omitempty" doc:"its version"`
	Serial        string        `json:"serial,omitempty" doc:"its serial number, or the hardware address of an interface"`
	PhysID        string        `json:"physid,omitempty" doc:"where it is among its like"`
	BusInfo       string        `json:"businfo,omitempty" doc:"where it is on its bus"`
	Handle        string        `json:"handle,omitempty" doc:"its number in the firmware's table, or on its bus"`
	LogicalName   names         `json:"logicalname,omitempty" doc:"the system's names for it, for example /dev/sda or eth0"`
	Claimed       bool          `json:"claimed,omitempty" doc:"whether a driver has taken it"`
	Disabled      bool          `json:"disabled,omitempty" doc:"whether it is switched off"`
	Units         string        `json:"units,omitempty" doc:"the unit of size and capacity"`
	Size          json.Number   `json:"size,omitempty" doc:"how large or fast it is, in units"`
	Capacity      json.Number   `json:"capacity,omitempty" doc:"how large or fast it could be, in units"`
	Width         json.Number   `json:"width,omitempty" doc:"width of its bus, bits"`
	Clock         json.Number   `json:"clock,omitempty" doc:"clock of its bus, Hz"`
	Configuration configuration `json:"configuration,omitempty" doc:"how it is set up, by name"`
	Capabilities  capabilities  `json:"capabilities,omitempty" doc:"what it can do, by lshw's short names"`
	Slot          string        `json:"slot,omitempty" doc:"the slot or socket that it is in"`
	Date          string        `json:"date,omitempty" doc:"the date of a firmware"`
	Dev           string        `json:"dev,omitempty" doc:"its number as a device, major:minor"`
	Children      []hardware    `json:"children,omitempty" doc:"what is in it, of the same form"`
}

// names is a list that lshw writes as a text where there is one.
type names []string

func (n *names) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*n = names{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(n))
}

type configuration map[string]string

func (configuration) describe() []Key {
	return []Key{{"*", "text", "the value of the setting of that name, for example driver, speed, filesystem"}}
}

// UnmarshalJSON takes whatever a version writes as a value for a text.
func (c *configuration) UnmarshalJSON(b []byte) error {
	var all map[string]any
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	*c = make(configuration, len(all))
	for name, value := range all {
		(*c)[name] = redactSetting(name, fmt.Sprint(value))
	}
	return nil
}

// capabilities are a list of names here; lshw explains each, or says true.
type capabilities []string

func (c *capabilities) UnmarshalJSON(b []byte) error {
	var all map[string]any
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	*c = slices.Sorted(maps.Keys(all))
	return nil
}

func lshwType() Type {
	return Type{
		Name:    "lshw",
		Summary: "the hardware, as lshw lists it",
		Systems: []string{"linux"},
		Shape:   lshwInfo{},
		Read: func(ctx context.Context, h *Host) (any, error) {
			b, err := h.output(ctx, "lshw", "-json", "-quiet")
			if err != nil {
				return nil, err
			}
			return parseLshw(b)
		},
	}
}

// parseLshw parses what lshw -json prints: a tree, which some versions and builds since 02.18 put into a list.
func parseLshw(b []byte) (lshwInfo, error) {
	var one []hardware
	if b = bytes.TrimSpace(b); !bytes.HasPrefix(b, []byte("[")) {
		b = append(append([]byte("["), b...), ']')
	}
	if err := json.Unmarshal(b, &one); err != nil {
		return lshwInfo{}, fmt.Errorf("what lshw prints is not understood: %w", err)
	}
	if len(one) == 0 {
		return lshwInfo{}, fmt.Errorf("lshw prints nothing")
	}
	one[0].redact()
	return lshwInfo{one[0]}, nil
}

// redact goes over what firmware and drivers say of themselves: texts that anybody may have written.
func (n *hardware) redact() {
	n.Description, n.Product, n.Vendor = Redact(n.Description), Redact(n.Product), Redact(n.Vendor)
	for i := range n.Children {
		n.Children[i].redact()
	}
}
