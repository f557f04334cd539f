package bundle

import (
	"encoding/json"
	"time"
)

// wireHeader is the header as JSON.
type wireHeader struct {
	Agent     string `json:"agent"`
	Name      string `json:"name"`
	Bundle    string `json:"bundle"`
	CreatedMS int64  `json:"created_ms"`
	Virgo     string `json:"virgo"`
	PublicKey []byte `json:"public_key"`
}

func (h *Header) marshal() ([]byte, error) {
	return json.Marshal(wireHeader{h.Agent, h.Name, h.ID, h.Created.UnixMilli(), h.Version, h.Key})
}

func parseHeader(b []byte) (Header, error) {
	var w wireHeader
	if err := json.Unmarshal(b, &w); err != nil {
		return Header{}, err
	}
	h := Header{
		Agent: w.Agent, Name: w.Name, ID: w.Bundle,
		Created: time.UnixMilli(w.CreatedMS), Version: w.Virgo, Key: w.PublicKey,
	}
	return h, h.check()
}
