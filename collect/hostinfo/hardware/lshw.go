package hardware

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
)

type lshwInfo struct {
	Info device `json:"info" doc:"the machine; what is in it is in children"`
}

// A device is a node of lshw's tree. Its keys are lshw's own.
type device struct {
	ID            string        `json:"id" doc:"what it is, for example cpu or disk:0"`
	Class         string        `json:"class" doc:"its class, for example processor, memory, disk, network"`
	Description   string        `json:"description,omitempty" doc:"what it is, for a person"`
	Product       string        `json:"product,omitempty" doc:"its product name"`
	Vendor        string        `json:"vendor,omitempty" doc:"its vendor"`
	Version       string        `json:"version,omitempty" doc:"its version"`
	Serial        string        `json:"serial,omitempty" doc:"its serial number, or the hardware address of an interface"`
	PhysID        string        `json:"physid,omitempty" doc:"its position among devices of its kind"`
	BusInfo       string        `json:"businfo,omitempty" doc:"its address on its bus"`
	Handle        string        `json:"handle,omitempty" doc:"its handle in the firmware's table, or on its bus"`
	LogicalName   names         `json:"logicalname,omitempty" doc:"the system's names for it, for example /dev/sda or eth0"`
	Claimed       bool          `json:"claimed,omitempty" doc:"whether a driver uses it"`
	Disabled      bool          `json:"disabled,omitempty" doc:"whether it is disabled"`
	Units         string        `json:"units,omitempty" doc:"the unit of size and capacity"`
	Size          json.Number   `json:"size,omitempty" doc:"how large or fast it is, in units"`
	Capacity      json.Number   `json:"capacity,omitempty" doc:"how large or fast it could be, in units"`
	Width         json.Number   `json:"width,omitempty" doc:"width of its bus, bits"`
	Clock         json.Number   `json:"clock,omitempty" doc:"clock of its bus, Hz"`
	Configuration configuration `json:"configuration,omitempty" doc:"its settings, by name"`
	Capabilities  capabilities  `json:"capabilities,omitempty" doc:"its capabilities, by lshw's names"`
	Slot          string        `json:"slot,omitempty" doc:"the slot or socket that it is in"`
	Date          string        `json:"date,omitempty" doc:"the date of a firmware"`
	Dev           string        `json:"dev,omitempty" doc:"its number as a device, major:minor"`
	Children      []device      `json:"children,omitempty" doc:"devices in it, with the same keys"`
}

// names is a list that lshw prints as a string if it has one element.
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

func (configuration) DescribeKeys() []source.Key {
	return []source.Key{{
		Name: "*", Kind: "text",
		Doc: "the value of the setting of that name, for example driver, speed, filesystem",
	}}
}

// UnmarshalJSON formats values of any kind, which differs between versions.
func (c *configuration) UnmarshalJSON(b []byte) error {
	var all map[string]any
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	*c = make(configuration, len(all))
	for name, value := range all {
		text := fmt.Sprint(value)
		if name != "uuid" || strings.Trim(text, "0123456789abcdefABCDEF-") != "" { // it looks random
			text = redact.Value(name, text)
		}
		(*c)[name] = text
	}
	return nil
}

// capabilities are a list of names here; lshw has an explanation of each, or true.
type capabilities []string

func (c *capabilities) UnmarshalJSON(b []byte) error {
	var all map[string]any
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	*c = slices.Sorted(maps.Keys(all))
	return nil
}

func lshwType() source.Type {
	return source.Type{
		Name:    "lshw",
		Summary: "the hardware, as lshw lists it",
		Systems: []string{"linux"},
		Shape:   lshwInfo{},
		Read: func(ctx context.Context, h *source.Host) (any, error) {
			b, err := h.Run(ctx, "lshw", "-json", "-quiet")
			if err != nil {
				return nil, err
			}
			return parseLshw(b)
		},
	}
}

// parseLshw parses what lshw -json prints: a tree, which some builds since 02.18 put into a list.
func parseLshw(b []byte) (lshwInfo, error) {
	var one []device
	if b = bytes.TrimSpace(b); !bytes.HasPrefix(b, []byte("[")) {
		b = append(append([]byte("["), b...), ']')
	}
	if err := json.Unmarshal(b, &one); err != nil {
		return lshwInfo{}, fmt.Errorf("parsing the output of lshw: %w", err)
	}
	if len(one) == 0 {
		return lshwInfo{}, fmt.Errorf("lshw prints nothing")
	}
	one[0].redact()
	return lshwInfo{one[0]}, nil
}

// redact redacts what firmware and drivers supply: texts that anybody may have written.
func (n *device) redact() {
	n.Description, n.Product, n.Vendor = redact.Text(n.Description), redact.Text(n.Product), redact.Text(n.Vendor)
	for i := range n.Children {
		n.Children[i].redact()
	}
}
