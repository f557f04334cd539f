package watch

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// maxKeyText bounds the text of a key: four parts of at most 256 bytes each, encoded.
const maxKeyText = 2048

// errBadKey is returned for a text that names no state.
var errBadKey = errors.New("not the key of an alarm")

// Text returns the key as one word for URLs and commands.
func (k Key) Text() string {
	parts := k.Rule + "\x00" + strconv.FormatInt(int64(k.Agent), 10) + "\x00" + k.CheckID + "\x00" + k.Dimension
	return base64.RawURLEncoding.EncodeToString([]byte(parts))
}

// ParseKey reads what Text returns.
func ParseKey(text string) (Key, error) {
	if len(text) > maxKeyText {
		return Key{}, errBadKey
	}
	data, err := base64.RawURLEncoding.DecodeString(text)
	parts := strings.Split(string(data), "\x00")
	if err != nil || len(parts) != 4 {
		return Key{}, errBadKey
	}
	agent, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return Key{}, errBadKey
	}
	return Key{Rule: parts[0], Agent: intake.AgentNumber(agent), CheckID: parts[2], Dimension: parts[3]}, nil
}
